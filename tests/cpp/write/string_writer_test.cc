#include "fastckpt/write/string_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/v2/string_tensor.h"
#include "testing/hex.h"

namespace fastckpt::internal::string_writer_test {
namespace {

struct Written {
  std::string bytes;
  std::uint32_t crc;
};

Written Write(const StringValues& values) {
  Written written;
  written.crc = WriteStrings(
      values, [&](ByteView bytes) { written.bytes += AsText(bytes); });
  EXPECT_EQ(written.bytes.size(), StoredSize(values));
  return written;
}

// FORMAT sections 5.6 and 13.
TEST(WriteStrings, GivesTensorFlowsBytes) {
  const Written three = Write({"ab", "", "xyz"});
  EXPECT_EQ(ToHex(AsBytes(three.bytes)), "0200031b428bca616278797a");
  EXPECT_EQ(MaskCrc32c(three.crc), 0x3fc4ad10u);
}

TEST(WriteStrings, NothingIsTheChecksumOfNothing) {
  EXPECT_EQ(ToHex(AsBytes(Write({}).bytes)), "d8ea82a2");
}

TEST(WriteStrings, ReadsBackWhateverTheSizes) {
  const std::string large(300'000, 'x');
  StringValues values(5000, "some text");
  values.push_back(large);
  values.push_back({});
  const Written written = Write(values);
  const StringElements elements =
      ParseStrings(AsBytes(written.bytes), values.size(), written.crc,
                   /*big_endian=*/false, /*check=*/true);
  std::string joined;
  for (const std::string_view value : values) joined += value;
  EXPECT_EQ(AsText(elements.bytes), joined);
  EXPECT_EQ(elements.sizes[5000], large.size());
}

}  // namespace
}  // namespace fastckpt::internal::string_writer_test
