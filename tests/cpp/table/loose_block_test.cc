#include "fastckpt/table/loose_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/random.h"
#include "testing/tables.h"

namespace fastckpt::internal::loose_block_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Values that are entries begin with '!', those that are proved with "!!".
Likeness JudgeByMark(std::string_view, ByteView value) {
  const std::string_view text = AsText(value);
  if (!text.starts_with('!')) return Likeness::kNone;
  return text.starts_with("!!") ? Likeness::kProved : Likeness::kEntry;
}

std::vector<std::string> Keys(const LooseBlock& block) {
  std::vector<std::string> keys;
  for (const LooseEntry& entry : block.entries) keys.push_back(entry.key);
  return keys;
}

std::string MakeContents(const std::string& value) {
  return MakeBlock({{"aa", "!!1"},
                    {"ab", value},
                    {"ac", "!!3"},
                    {"ad", "!!4"},
                    {"ae", "!!5"}},
                   2);
}

TEST(LooseBlockTest, ReadsASoundBlockWhole) {
  const std::string contents = MakeContents("!2");
  const LooseBlock block = ReadLoosely(AsBytes(contents), JudgeByMark);
  EXPECT_THAT(Keys(block), ElementsAre("aa", "ab", "ac", "ad", "ae"));
  EXPECT_TRUE(block.is_whole);
}

TEST(LooseBlockTest, GoesOnAtTheNextWholeKeyThatIsProved) {
  std::string contents = MakeContents("xx");
  const LooseBlock block = ReadLoosely(AsBytes(contents), JudgeByMark);
  EXPECT_THAT(Keys(block), ElementsAre("aa", "ac", "ad", "ae"));
  EXPECT_FALSE(block.is_whole);
}

TEST(LooseBlockTest, GoesOnBehindLengthsThatAreWrong) {
  std::string contents = MakeContents("!2");
  contents[2] = '\x60';  // the size of the first value
  const LooseBlock block = ReadLoosely(AsBytes(contents), JudgeByMark);
  EXPECT_THAT(Keys(block), ElementsAre("ac", "ad", "ae"));
  EXPECT_FALSE(block.is_whole);
}

TEST(LooseBlockTest, ReadsABlockThatIsCutToItsEnd) {
  const std::string contents = MakeContents("!2");
  for (std::size_t size = 0; size < contents.size(); ++size) {
    const LooseBlock block =
        ReadLoosely(AsBytes(contents).first(size), JudgeByMark);
    EXPECT_LE(block.entries.size(), 5);
    EXPECT_FALSE(block.is_whole);
  }
}

TEST(LooseBlockTest, EndsSoonWhateverIsInIt) {
  Random random(4);
  const auto judge = [](std::string_view, ByteView) {
    return Likeness::kEntry;
  };
  for (const std::size_t size : {0u, 1u, 100u, 100'000u}) {
    ReadLoosely(AsBytes(random.Bytes(size)), judge);
    ReadLoosely(AsBytes(std::string(size, '\0')), judge);
    // Each key is one byte longer than the key before it.
    std::string longer;
    for (std::uint32_t i = 0; longer.size() < size; ++i) {
      PutVarint32(&longer, i);
      longer += std::string("\x01\x00x", 3);
    }
    ReadLoosely(AsBytes(longer), judge);
  }
  EXPECT_THAT(ReadLoosely({}, judge).entries, IsEmpty());
}

}  // namespace
}  // namespace fastckpt::internal::loose_block_test
