#include "fastckpt/write/replaceable.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "fastckpt/base/error.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"

namespace fastckpt::internal::replaceable_test {
namespace {

class ReplaceableTest : public ::testing::Test {
 protected:
  bool May(const std::string& name, CheckpointPart part) const {
    const Directory directory(folder_.Path("."));
    try {
      CheckMayReplace(directory, name, folder_.Path(name), part);
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << error.what();
      return false;
    }
  }

  const Folder folder_;
};

TEST_F(ReplaceableTest, V1CheckpointIsNoFileOfAV2One) {
  V1Writer writer(folder_.Path("v1"), false);
  writer.Finish();
  EXPECT_FALSE(May("v1", CheckpointPart::kIndex));
  EXPECT_FALSE(May("v1", CheckpointPart::kData));
  EXPECT_TRUE(May("v1", CheckpointPart::kV1));
}

TEST_F(ReplaceableTest, IndexMayBeDamagedButNoOtherFile) {
  BundleWriter writer(folder_.Path("m"), WriteOptions());
  writer.Finish();
  const std::string bytes = folder_.Read("m.index");
  folder_.Write("begun", bytes.substr(0, bytes.size() / 2));
  folder_.Write("spoiled", "text" + bytes.substr(4));
  folder_.Write("empty", "");
  folder_.Write("text", "my index of experiments");
  for (const std::string name :
       {"m.index", "begun", "spoiled", "empty", "missing"}) {
    EXPECT_TRUE(May(name, CheckpointPart::kIndex)) << name;
  }
  EXPECT_FALSE(May("text", CheckpointPart::kIndex));
  EXPECT_TRUE(May("text", CheckpointPart::kData));
}

}  // namespace
}  // namespace fastckpt::internal::replaceable_test
