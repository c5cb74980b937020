#include "fastckpt/platform/system_copy.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "fastckpt/platform/descriptor.h"
#include "testing/folder.h"

namespace fastckpt::internal::system_copy_test {
namespace {

class SystemCopyTest : public ::testing::Test {
 protected:
  SystemCopyTest() {
    folder_.Write("from", "0123456789");
    folder_.Write("to", "abcdefghij");
  }

  Descriptor OpenTarget(int flags = O_RDWR) const {
    return Descriptor(open(folder_.Path("to").c_str(), flags));
  }

  const Folder folder_;
};

TEST_F(SystemCopyTest, WhatIsToldToBeCopiedIsThere) {
  const FileReader from(folder_.Path("from"));
  const Descriptor to = OpenTarget();
  const std::uint64_t done = CopyInSystem({from, 2, to.get(), 1, 5});
  std::string expected = "abcdefghij";
  const std::string copied = std::string("23456").substr(0, done);
  expected.replace(1, copied.size(), copied);
  EXPECT_EQ(folder_.Read("to"), expected);
}

TEST_F(SystemCopyTest, ACopyEndsWithTheFile) {
  const FileReader from(folder_.Path("from"));
  const Descriptor to = OpenTarget();
  EXPECT_LE(CopyInSystem({from, 8, to.get(), 0, 100}), 2u);
}

TEST_F(SystemCopyTest, NothingIsCopiedToAFileThatCannotBeWritten) {
  const FileReader from(folder_.Path("from"));
  const Descriptor to = OpenTarget(O_RDONLY);
  EXPECT_EQ(CopyInSystem({from, 0, to.get(), 0, 10}), 0u);
  EXPECT_FALSE(ShareBlocks({from, 0, to.get(), 0, 10}));
  EXPECT_EQ(folder_.Read("to"), "abcdefghij");
}

TEST_F(SystemCopyTest, WhatIsNoFileIsOnNoServer) {
  EXPECT_FALSE(IsOnServer(-1));
}

}  // namespace
}  // namespace fastckpt::internal::system_copy_test
