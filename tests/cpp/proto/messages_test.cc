#include "fastckpt/proto/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::messages_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BundleHeader Header(std::string_view hex) {
  return ParseBundleHeader(AsBytes(FromHex(hex)));
}

BundleEntry Entry(std::string_view hex) {
  BundleEntry entry;
  ParseBundleEntry(AsBytes(FromHex(hex)), &entry);
  return entry;
}

std::string BytesOf(const BundleEntry& entry) {
  std::string bytes;
  PutBundleEntry(&bytes, entry);
  return ToHex(AsBytes(bytes));
}

// Vectors of FORMAT section 13.
TEST(Messages, HeadersOfTensorFlowAreReadAndWrittenBack) {
  for (const char* hex : {"08011a020801", "08021a020801", "080110011a020801"}) {
    std::string bytes;
    PutBundleHeader(&bytes, Header(hex));
    EXPECT_EQ(ToHex(AsBytes(bytes)), hex);
  }
  const BundleHeader header = Header("080210011a020801");
  EXPECT_EQ(header.num_shards, 2);
  EXPECT_EQ(header.endianness, 1);
  EXPECT_EQ(header.version.producer, 1);
}

TEST(Messages, HeaderOfAnUnknownByteOrderIsRefused) {
  BundleHeader header{1, 1, {1, 0, {}}};
  CheckBundleHeader(header);
  header.endianness = 5;
  EXPECT_THROW(CheckBundleHeader(header), Error);
}

TEST(Messages, RepeatedVersionsOfAHeaderMerge) {
  const Version version = Header("1a 03 1a0103 1a 04 08011802").version;
  EXPECT_EQ(version.producer, 1);
  EXPECT_THAT(version.bad_consumers, ElementsAre(3, 2));
}

TEST(Messages, HeaderWithoutVersionIsProducerZero) {
  EXPECT_EQ(Header("0801").version.producer, 0);
  EXPECT_EQ(Header("").num_shards, 0);
}

// Float [2]; int64 scalar; float [0,3]; string [3]; the full entry and a part
// of a partitioned tensor.
TEST(Messages, EntriesOfTensorFlowAreReadAndWrittenBack) {
  for (const char* hex :
       {"08011204120208022808"
        "35593ce535",
        "08091200280835bbd79f11", "08011206120012020803200835d8ea82a2",
        "0807120412020803280c3510adc43f",
        "0803120812020804120208033a060a0210020a003a080a04080210020a00",
        "08031208120208021202080320182818"
        "35c6ad12b0"}) {
    EXPECT_EQ(BytesOf(Entry(hex)), hex);
  }
}

TEST(Messages, FieldsOfAnEntryAreUnderstood) {
  const BundleEntry entry =
      Entry("0803 1208 12020802 12020803 1801 2018 2818 35 c6ad12b0");
  EXPECT_EQ(entry.dtype, 3);
  EXPECT_THAT(entry.shape.dims, ElementsAre(2, 3));
  EXPECT_EQ(entry.shape.rank, 2u);
  EXPECT_EQ(entry.shard_id, 1);
  EXPECT_EQ(entry.offset, 24);
  EXPECT_EQ(entry.size, 24);
  EXPECT_EQ(entry.masked_crc32c, 0xb012adc6);
  EXPECT_TRUE(entry.slices.empty());
}

TEST(Messages, SlicesOfAnEntryKeepTheirSpelling) {
  const BundleEntry entry = Entry(
      "0803 1208 12020804 12020803 3a06 0a021002 0a00 3a080a04080210020a00");
  EXPECT_THAT(entry.slices, ElementsAre(SliceSpec{{0, 2}, {0, -1}},
                                        SliceSpec{{2, 2}, {0, -1}}));
}

TEST(Messages, ParsingReplacesWhatTheEntryHeld) {
  BundleEntry entry =
      Entry("0803120812020804120208033a060a0210020a002018281835c6ad12b01801");
  ParseBundleEntry({}, &entry);
  EXPECT_EQ(BytesOf(entry), "1200");
}

TEST(Messages, UnknownFieldsAndAnyOrderAreAccepted) {
  EXPECT_EQ(BytesOf(Entry("35593ce535 2808 c20f0161 f90f0102030405060708"
                          "fb0f 0801 fc0f 1204 12020802 0801")),
            "0801120412020802280835593ce535");
}

TEST(Messages, LastOfRepeatedScalarsWinsAndShapesMerge) {
  const BundleEntry entry = Entry("0803 0801 1204 12020802 1204 12020803");
  EXPECT_EQ(entry.dtype, 1);
  EXPECT_THAT(entry.shape.dims, ElementsAre(2, 3));
}

TEST(Messages, KnownNumberWithAnotherWireTypeIsAnUnknownField) {
  const BundleEntry entry = Entry("0a0161 1001 0801 3005 3a00");
  EXPECT_EQ(entry.dtype, 1);
  EXPECT_EQ(entry.shape.rank, 0u);
  EXPECT_EQ(entry.masked_crc32c, 0u);
  EXPECT_EQ(entry.slices.size(), 1u);
}

TEST(Messages, NumbersThatProtobufWouldCutAreRefused) {
  EXPECT_THAT(CorruptionOf([] { Entry("08 8180808010"); }),
              HasSubstr("dtype 4294967297 does not fit 32 bits"));
  EXPECT_THAT(CorruptionOf([] { Entry("18 8080808010"); }),
              HasSubstr("shard_id 4294967296"));
  EXPECT_EQ(Entry("18 ffffffffffffffffff01").shard_id, -1);
}

TEST(Messages, SlicesBeyondWhatTheirBytesExplainAreUnsupported) {
  std::string bytes;
  for (std::size_t i = 0; i < 600'000; ++i) bytes += FromHex("3a00");
  BundleEntry entry;
  EXPECT_THAT(UnsupportedOf([&] { ParseBundleEntry(AsBytes(bytes), &entry); }),
              HasSubstr("far more slices or tensors"));
}

TEST(Messages, EveryCutOfAnEntryIsRefusedOrParses) {
  const std::string bytes =
      FromHex("0803120812020804120208033a060a0210020a00201828183504030201");
  std::size_t refused = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BundleEntry entry;
    try {
      ParseBundleEntry(AsBytes(bytes).first(size), &entry);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
      ++refused;
    }
  }
  // All but the borders of the six fields, of which one is the end.
  EXPECT_EQ(refused, bytes.size() - 6);
}

}  // namespace
}  // namespace fastckpt::internal::messages_test
