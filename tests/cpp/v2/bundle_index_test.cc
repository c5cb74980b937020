#include "fastckpt/v2/bundle_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "testing/bundles.h"
#include "testing/hex.h"
#include "testing/inputs.h"
#include "testing/refusal.h"
#include "testing/tables.h"

namespace fastckpt::internal::bundle_index_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using EntryMap = std::map<std::string, BundleEntry>;

// FORMAT section 13, the 121 bytes that TensorFlow writes for {"a": [1, 2]}.
const std::string kIndex = FromHex(
                               "00000608011a02080100010f61080112041202080228083"
                               "5593ce5350000000001000000"
                               "004419559e000000000100000000c0f2a1b000010262002"
                               "40000000001000000005a996b35"
                               "2908360e") +
                           std::string(36, '\0') + FromHex("57fb808b247547db");

const BundleEntry kScalar = MakeEntry(DType::kInt32, {}, 0, "1234");

class BundleIndexTest : public ::testing::Test {
 protected:
  BundleIndex Open(const std::string& bytes,
                   std::uint64_t max_bytes = UINT64_MAX) const {
    folder_.Write("m.index", bytes);
    return BundleIndex(folder_.Path("m.index"), max_bytes);
  }

  BundleIndex Open(const EntryMap& entries) const {
    return Open(MakeIndex(OneShard(), entries));
  }

  std::string RefusalOf(const std::string& bytes) const {
    const std::string refusal = CorruptionOf([&] { Open(bytes); });
    EXPECT_THAT(refusal, HasSubstr(folder_.Path("m.index")));
    return refusal;
  }

  const Folder folder_;
};

TEST_F(BundleIndexTest, ReadsTheWorkedExampleOfTheFormat) {
  const BundleIndex index = Open(kIndex);
  EXPECT_EQ(index.file_size(), 121u);
  EXPECT_EQ(index.header().num_shards, 1);
  ASSERT_EQ(index.entry_count(), 1u);
  EXPECT_EQ(index.tensor_count(), 1u);
  EXPECT_EQ(index.name(0), "a");
  EXPECT_THAT(index.dims(0), ElementsAre(2));
  const StoredEntry& entry = index.entry(0);
  EXPECT_EQ(entry.dtype, 1);
  EXPECT_EQ(entry.offset, 0);
  EXPECT_EQ(entry.size, 8);
  EXPECT_EQ(entry.shard, 0);
  EXPECT_EQ(entry.crc32c, 0x28c0c9b1u);
  EXPECT_FALSE(index.IsSliced(0));
}

TEST_F(BundleIndexTest, FindsEveryKeyAndNoOther) {
  EntryMap entries;
  for (std::size_t i = 0; i < 1000; ++i) entries[Numbered("w", i)] = kScalar;
  entries["\xff\x01"] = kScalar;
  const BundleIndex index = Open(entries);
  ASSERT_EQ(index.entry_count(), 1001u);
  std::size_t slot = 0;
  for (const auto& [name, entry] : entries) {
    EXPECT_EQ(index.name(slot), name);
    EXPECT_EQ(index.Find(name), slot++);
  }
  for (const char* name : {"", "w", "w1000", "x", "\xff\x02"}) {
    EXPECT_EQ(index.Find(name), std::nullopt);
  }
}

TEST_F(BundleIndexTest, BundleWithoutTensorsIsValid) {
  EXPECT_EQ(Open(EntryMap{}).entry_count(), 0u);
  EXPECT_EQ(Open(MakeIndex({}, {})).entry_count(), 0u);
}

TEST_F(BundleIndexTest, TableWithoutHeaderIsRefused) {
  std::string file;
  AppendIndex(&file, {});
  EXPECT_THAT(RefusalOf(file), HasSubstr("no header entry"));
}

// TensorFlow takes the first tensor for the header and loses it.
TEST_F(BundleIndexTest, FirstKeyMustBeTheHeaders) {
  EXPECT_THAT(RefusalOf(MakeTable(Entries{{"a", FromHex("0801")}})),
              HasSubstr("the first key is 'a'"));
}

TEST_F(BundleIndexTest, ShardCountMustBePositiveWhereThereAreTensors) {
  for (const std::int32_t count : {0, -1}) {
    BundleHeader header = OneShard();
    header.num_shards = count;
    EXPECT_THAT(RefusalOf(MakeIndex(header, {{"a", kScalar}})),
                HasSubstr("counts " + std::to_string(count) + " shards"));
  }
}

TEST_F(BundleIndexTest, ByteOrderIsLittleOrBig) {
  BundleHeader header = OneShard();
  header.endianness = 1;
  EXPECT_EQ(Open(MakeIndex(header, {})).header().endianness, 1);
  header.endianness = 2;
  EXPECT_THAT(RefusalOf(MakeIndex(header, {})), HasSubstr("byte order 2"));
}

TEST_F(BundleIndexTest, VersionsThatAskForALaterReaderAreUnsupported) {
  BundleHeader header = OneShard();
  header.version.min_consumer = 2;
  const std::string refusal =
      UnsupportedOf([&] { Open(MakeIndex(header, {})); });
  EXPECT_THAT(refusal, HasSubstr(folder_.Path("m.index")));
  EXPECT_THAT(refusal, HasSubstr("reader of version 2"));
}

TEST_F(BundleIndexTest, EntryThatDoesNotParseIsNamed) {
  const std::string file =
      MakeTable(Entries{{"", FromHex("0801")}, {"bad", FromHex("0a05")}});
  EXPECT_THAT(RefusalOf(file), HasSubstr("tensor 'bad'"));
}

// Others stay readable, so the meaning of an entry is looked at when it is
// read.
TEST_F(BundleIndexTest, EntriesOfAnyMeaningAreKeptAsTheyStand) {
  BundleEntry odd = MakeEntry(static_cast<DType>(77), {-1, 3}, -5, "");
  odd.size = INT64_MIN;
  odd.shard_id = -1;
  odd.shape.unknown_rank = true;
  const BundleIndex index = Open(EntryMap{{"good", kScalar}, {"odd", odd}});
  const StoredEntry& entry = index.entry(1);
  EXPECT_EQ(entry.dtype, 77);
  EXPECT_EQ(entry.offset, -5);
  EXPECT_EQ(entry.size, INT64_MIN);
  EXPECT_EQ(entry.shard, -1);
  EXPECT_TRUE(entry.unknown_rank);
  EXPECT_THAT(index.dims(1), ElementsAre(-1, 3));
}

TEST_F(BundleIndexTest, RankOverTheLimitIsCountedAsTooMany) {
  BundleEntry deep = kScalar;
  deep.shape.dims.assign(300, 1);
  const BundleIndex index = Open(EntryMap{{"deep", deep}, {"good", kScalar}});
  EXPECT_EQ(index.entry(0).rank, kMaxRank + 1);
  EXPECT_EQ(index.dims(0).size(), kMaxRank);
  EXPECT_TRUE(index.dims(1).empty());
}

// "v" of two slices, as TensorFlow stores it.
EntryMap Sliced() {
  BundleEntry full = MakeEntry(DType::kInt32, {4, 3}, 0, "");
  full.masked_crc32c = 0;
  full.slices = {{{0, 2}, {0, -1}}, {{2, 2}, {0, -1}}};
  const BundleEntry part =
      MakeEntry(DType::kInt32, {2, 3}, 0, std::string(24, 'x'));
  return {{"v", full},
          {SliceKey("v", full.slices[0]), part},
          {SliceKey("v", full.slices[1]), part}};
}

TEST_F(BundleIndexTest, StoredSlicesAreHiddenAndFound) {
  const BundleIndex index = Open(Sliced());
  EXPECT_EQ(index.entry_count(), 3u);
  EXPECT_EQ(index.tensor_count(), 1u);
  EXPECT_TRUE(index.entry(0).is_hidden);
  EXPECT_TRUE(index.entry(1).is_hidden);
  EXPECT_FALSE(index.entry(2).is_hidden);
  EXPECT_TRUE(index.IsSliced(2));
  EXPECT_EQ(index.slices(2), Sliced()["v"].slices);
  EXPECT_TRUE(index.slices(0).empty());
}

TEST_F(BundleIndexTest, KeyThatBeginsWithZeroIsANameUnlessASliceHasIt) {
  EntryMap entries = Sliced();
  entries.erase("v");
  entries[std::string("\0x", 2)] = kScalar;
  EXPECT_EQ(Open(entries).tensor_count(), 3u);
}

TEST_F(BundleIndexTest, SliceListedTwiceIsHiddenOnce) {
  EntryMap entries = Sliced();
  entries["v"].slices.push_back(entries["v"].slices[0]);
  EXPECT_EQ(Open(entries).tensor_count(), 1u);
}

TEST_F(BundleIndexTest, OneSliceOfEverythingIsAPlainTensor) {
  BundleEntry entry = MakeEntry(DType::kInt32, {1, 1}, 0, "1234");
  entry.slices = {{{0, -1}, {0, -1}}};
  EXPECT_FALSE(Open(EntryMap{{"a", entry}}).IsSliced(0));
  entry.slices = {{{0, -1}}};
  EXPECT_TRUE(Open(EntryMap{{"a", entry}}).IsSliced(0));
}

TEST_F(BundleIndexTest, FileOverTheLimitIsUnsupported) {
  EXPECT_THAT(UnsupportedOf([&] { Open(kIndex, 120); }),
              HasSubstr("max_index_bytes"));
  EXPECT_EQ(Open(kIndex, 121).entry_count(), 1u);
}

// Names share all but a byte with the one before: 8 bytes of file make 20,000
// bytes of name.
TEST_F(BundleIndexTest, NamesThatUnfoldWithoutMeasureAreUnsupported) {
  BlockWriter block(1 << 20);
  block.Add("", FromHex("0801"));
  std::string name;
  for (int i = 0; i < 20'000; ++i) block.Add(name += 'n', FromHex("1200"));
  EXPECT_THAT(UnsupportedOf([&] {
                Open(JoinBlocks({{name, block.Finish()}}));
              }),
              HasSubstr("names are many times longer"));
}

}  // namespace
}  // namespace fastckpt::internal::bundle_index_test
