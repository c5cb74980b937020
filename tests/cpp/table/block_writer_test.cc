#include "fastckpt/table/block_writer.h"

#include <gtest/gtest.h>

#include "testing/hex.h"

namespace fastckpt::internal::block_writer_test {
namespace {

std::string Hex(const std::string& bytes) { return ToHex(AsBytes(bytes)); }

TEST(BlockWriter, EmptyBlockHasOneRestart) {
  BlockWriter block(16);
  EXPECT_TRUE(block.IsEmpty());
  EXPECT_EQ(Hex(block.Finish()), "0000000001000000");
}

TEST(BlockWriter, KeysShareTheirPrefixWithTheKeyBefore) {
  BlockWriter block(16);
  block.Add("", "h");
  block.Add("alpha", "1");
  block.Add("alpine", "22");
  EXPECT_EQ(Hex(block.Finish()),
            "00000168"            // ""
            "000501616c70686131"  // "alpha"
            "030302696e653232"    // "alp" + "ine"
            "00000000"
            "01000000");
}

TEST(BlockWriter, EverySoManyEntriesTheWholeKeyIsStored) {
  BlockWriter block(2);
  for (const char* key : {"ka", "kb", "kc", "kd", "ke"}) block.Add(key, "");
  EXPECT_EQ(Hex(block.Finish()),
            "0002006b61"
            "01010062"
            "0002006b63"
            "01010064"
            "0002006b65"
            "00000000"
            "09000000"
            "12000000"
            "03000000");
}

TEST(BlockWriter, TheSizeIsKnownBeforeTheEnd) {
  BlockWriter block(2);
  EXPECT_EQ(block.SizeIfFinished(), 8u);
  for (const char* key : {"ka", "kb", "kc"}) block.Add(key, "value");
  const std::size_t size = block.SizeIfFinished();
  EXPECT_EQ(block.Finish().size(), size);
}

TEST(BlockWriter, ClearBeginsAnew) {
  BlockWriter block(16);
  block.Add("key", "value");
  block.Finish();
  block.Clear();
  EXPECT_TRUE(block.IsEmpty());
  block.Add("key", "");
  EXPECT_EQ(Hex(block.Finish()),
            "0003006b6579"
            "00000000"
            "01000000");
}

}  // namespace
}  // namespace fastckpt::internal::block_writer_test
