// The messages of V2 and V1 made at random: what is written is the plain
// encoding, and what is read is what was written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fastckpt/proto/messages.h"
#include "fastckpt/proto/saved_slices.h"
#include "testing/hex.h"
#include "testing/random.h"
#include "testing/refusal.h"
#include "testing/wire.h"

namespace fastckpt::internal::messages_model_test {
namespace {

using ::testing::HasSubstr;

std::uint64_t AsVarint(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

std::int32_t AnyInt32(Random* random) {
  return static_cast<std::int32_t>(random->Magnitude());
}

ShapeMessage AnyShape(Random* random) {
  ShapeMessage shape;
  for (std::uint64_t rank = random->Below(5); rank > 0; --rank) {
    shape.dims.push_back(static_cast<std::int64_t>(random->Magnitude()));
  }
  shape.rank = shape.dims.size();
  shape.unknown_rank = random->OneIn(4);
  return shape;
}

SliceSpec AnySlice(Random* random) {
  SliceSpec spec(random->Below(4));
  for (Extent& extent : spec) {
    if (random->OneIn(3)) continue;
    extent.start = static_cast<std::int64_t>(random->Magnitude());
    extent.length = static_cast<std::int64_t>(random->Magnitude() >> 1);
  }
  return spec;
}

Version AnyVersion(Random* random) {
  Version version{AnyInt32(random), AnyInt32(random), {}};
  for (std::uint64_t count = random->Below(4); count > 0; --count) {
    version.bad_consumers.push_back(AnyInt32(random));
  }
  return version;
}

// tensor_shape.proto: Dim dim = 2 { int64 size = 1; }, bool unknown_rank = 3.
std::string PlainShape(const ShapeMessage& shape) {
  Wire wire;
  for (const std::int64_t dim : shape.dims) {
    wire.Bytes(2, Wire().Optional(1, AsVarint(dim)).bytes());
  }
  return wire.Optional(3, shape.unknown_rank ? 1 : 0).bytes();
}

// tensor_slice.proto: Extent extent = 1 { int64 start = 1; oneof length = 2 }.
std::string PlainSlice(const SliceSpec& slice) {
  Wire wire;
  for (const Extent& extent : slice) {
    Wire inner;
    if (extent.length != -1) {
      inner.Optional(1, AsVarint(extent.start));
      inner.Varint(2, AsVarint(extent.length));
    }
    wire.Bytes(1, inner.bytes());
  }
  return wire.bytes();
}

// versions.proto: producer = 1, min_consumer = 2, repeated bad_consumers = 3.
std::string PlainVersion(const Version& version) {
  Wire wire;
  wire.Optional(1, AsVarint(version.producer));
  wire.Optional(2, AsVarint(version.min_consumer));
  Wire packed;
  for (const std::int32_t bad : version.bad_consumers)
    packed.Raw(AsVarint(bad));
  if (!packed.bytes().empty()) wire.Bytes(3, packed.bytes());
  return wire.bytes();
}

void ExpectSame(const ShapeMessage& a, const ShapeMessage& b) {
  EXPECT_EQ(a.dims, b.dims);
  EXPECT_EQ(a.rank, b.rank);
  EXPECT_EQ(a.unknown_rank, b.unknown_rank);
}

void ExpectSame(const Version& a, const Version& b) {
  EXPECT_EQ(a.producer, b.producer);
  EXPECT_EQ(a.min_consumer, b.min_consumer);
  EXPECT_EQ(a.bad_consumers, b.bad_consumers);
}

TEST(MessagesModel, HeadersAreThePlainEncodingAndComeBack) {
  Random random(10);
  for (int i = 0; i < 500; ++i) {
    const BundleHeader header{AnyInt32(&random), AnyInt32(&random),
                              AnyVersion(&random)};
    std::string put;
    PutBundleHeader(&put, header);
    Wire wire;
    wire.Optional(1, AsVarint(header.num_shards));
    wire.Optional(2, AsVarint(header.endianness));
    wire.Bytes(3, PlainVersion(header.version));
    EXPECT_EQ(put, wire.bytes());
    const BundleHeader parsed = ParseBundleHeader(AsBytes(put));
    EXPECT_EQ(parsed.num_shards, header.num_shards);
    EXPECT_EQ(parsed.endianness, header.endianness);
    ExpectSame(parsed.version, header.version);
  }
}

BundleEntry AnyEntry(Random* random) {
  BundleEntry entry;
  entry.dtype = AnyInt32(random);
  entry.shape = AnyShape(random);
  entry.shard_id = AnyInt32(random);
  entry.offset = static_cast<std::int64_t>(random->Magnitude());
  entry.size = static_cast<std::int64_t>(random->Magnitude());
  entry.masked_crc32c = static_cast<std::uint32_t>(random->Magnitude());
  entry.slices.resize(random->Below(4));
  for (SliceSpec& slice : entry.slices) slice = AnySlice(random);
  return entry;
}

std::string PlainEntry(const BundleEntry& entry) {
  Wire wire;
  wire.Optional(1, AsVarint(entry.dtype));
  wire.Bytes(2, PlainShape(entry.shape));
  wire.Optional(3, AsVarint(entry.shard_id));
  wire.Optional(4, AsVarint(entry.offset));
  wire.Optional(5, AsVarint(entry.size));
  if (entry.masked_crc32c != 0) wire.Fixed32(6, entry.masked_crc32c);
  for (const SliceSpec& slice : entry.slices) wire.Bytes(7, PlainSlice(slice));
  return wire.bytes();
}

TEST(MessagesModel, EntriesAreThePlainEncodingAndComeBack) {
  Random random(11);
  BundleEntry parsed;  // used again, as a loop over an index does
  for (int i = 0; i < 1000; ++i) {
    const BundleEntry entry = AnyEntry(&random);
    std::string put;
    PutBundleEntry(&put, entry);
    EXPECT_EQ(put, PlainEntry(entry));
    ParseBundleEntry(AsBytes(put), &parsed);
    EXPECT_EQ(parsed.dtype, entry.dtype);
    ExpectSame(parsed.shape, entry.shape);
    EXPECT_EQ(parsed.shard_id, entry.shard_id);
    EXPECT_EQ(parsed.offset, entry.offset);
    EXPECT_EQ(parsed.size, entry.size);
    EXPECT_EQ(parsed.masked_crc32c, entry.masked_crc32c);
    EXPECT_EQ(parsed.slices, entry.slices);
  }
}

TEST(MessagesModel, ClearedEntryIsANewOne) {
  Random random(12);
  BundleEntry entry = AnyEntry(&random);
  entry.shape.unknown_rank = true;
  entry.slices.push_back({});
  entry.Clear();
  std::string put;
  PutBundleEntry(&put, entry);
  std::string fresh;
  PutBundleEntry(&fresh, BundleEntry());
  EXPECT_EQ(put, fresh);
  EXPECT_EQ(entry.shape.rank, 0u);
}

// Whatever comes between them, before or after: unknown fields change nothing.
TEST(MessagesModel, UnknownFieldsOfEveryTypeArePassedOver) {
  Random random(13);
  Wire unknown;
  unknown.Varint(100, 5).Fixed32(101, 6).Fixed64(102, 7).Bytes(103, "x");
  unknown.Group(104, Wire().Varint(1, 77).Bytes(2, "y"));
  for (int i = 0; i < 200; ++i) {
    const BundleEntry entry = AnyEntry(&random);
    const std::string plain = PlainEntry(entry);
    for (const std::string& message :
         {unknown.bytes() + plain, plain + unknown.bytes()}) {
      BundleEntry parsed;
      ParseBundleEntry(AsBytes(message), &parsed);
      std::string again;
      PutBundleEntry(&again, parsed);
      EXPECT_EQ(again, plain);
    }
  }
}

TEST(MessagesModel, FieldsOfAnEntryUnderOtherWireTypesAreUnknown) {
  Wire wire;
  wire.Fixed64(1, 1).Bytes(3, "x").Fixed32(4, 4).Fixed64(5, 5).Varint(6, 6);
  wire.Varint(2, 2).Varint(7, 7);
  BundleEntry parsed;
  ParseBundleEntry(AsBytes(wire.bytes()), &parsed);
  std::string put;
  PutBundleEntry(&put, parsed);
  EXPECT_EQ(put, PlainEntry(BundleEntry()));
}

struct NarrowField {
  std::uint32_t number;
  const char* name;
};

// Each 32-bit field of an entry and a header refuses the first number above it.
TEST(MessagesModel, EachNarrowFieldNamesItselfWhereItsNumberIsTooLarge) {
  for (const auto& [number, name] :
       {NarrowField{1, "dtype"}, NarrowField{3, "shard_id"}}) {
    Wire wire;
    wire.Varint(number, std::uint64_t{1} << 31);
    BundleEntry entry;
    EXPECT_THAT(
        CorruptionOf([&] { ParseBundleEntry(AsBytes(wire.bytes()), &entry); }),
        HasSubstr(std::string(name) + " 2147483648 does not fit"));
  }
  for (const auto& [number, name] :
       {NarrowField{1, "num_shards"}, NarrowField{2, "endianness"}}) {
    Wire wire;
    wire.Varint(number, std::uint64_t{1} << 31);
    EXPECT_THAT(CorruptionOf([&] { ParseBundleHeader(AsBytes(wire.bytes())); }),
                HasSubstr(std::string(name) + " 2147483648 does not fit"));
  }
}

SavedMeta AnyMeta(Random* random) {
  SavedMeta meta;
  meta.version = AnyVersion(random);
  meta.tensors.resize(random->Below(4));
  for (SavedSliceMeta& tensor : meta.tensors) {
    tensor.name = random->Word(5);
    tensor.shape = AnyShape(random);
    tensor.dtype = AnyInt32(random);
    tensor.slices.resize(random->Below(3));
    for (SliceSpec& slice : tensor.slices) slice = AnySlice(random);
  }
  return meta;
}

// saved_tensor_slice.proto: SavedTensorSliceMeta { tensor = 1, versions = 2 },
// SavedSliceMeta { name = 1, shape = 2, type = 3, slice = 4 }.
std::string PlainMeta(const SavedMeta& meta) {
  Wire body;
  for (const SavedSliceMeta& tensor : meta.tensors) {
    Wire row;
    if (!tensor.name.empty()) row.Bytes(1, tensor.name);
    row.Bytes(2, PlainShape(tensor.shape));
    row.Optional(3, AsVarint(tensor.dtype));
    for (const SliceSpec& slice : tensor.slices)
      row.Bytes(4, PlainSlice(slice));
    body.Bytes(1, row.bytes());
  }
  body.Bytes(2, PlainVersion(meta.version));
  return Wire().Bytes(1, body.bytes()).bytes();
}

TEST(SavedSlicesModel, MetaIsThePlainEncodingAndComesBack) {
  Random random(14);
  for (int i = 0; i < 500; ++i) {
    const SavedMeta meta = AnyMeta(&random);
    std::string put;
    PutSavedMeta(&put, meta);
    EXPECT_EQ(put, PlainMeta(meta));
    const SavedTensorSlices parsed = ParseSavedTensorSlices(AsBytes(put));
    EXPECT_TRUE(parsed.has_meta);
    EXPECT_FALSE(parsed.has_data);
    ExpectSame(parsed.meta.version, meta.version);
    ASSERT_EQ(parsed.meta.tensors.size(), meta.tensors.size());
    for (std::size_t t = 0; t < meta.tensors.size(); ++t) {
      EXPECT_EQ(parsed.meta.tensors[t].name, meta.tensors[t].name);
      EXPECT_EQ(parsed.meta.tensors[t].dtype, meta.tensors[t].dtype);
      EXPECT_EQ(parsed.meta.tensors[t].slices, meta.tensors[t].slices);
      ExpectSame(parsed.meta.tensors[t].shape, meta.tensors[t].shape);
    }
  }
}

TEST(SavedSlicesModel, DataHeadsAreThePlainEncodingAndComeBack) {
  Random random(15);
  for (int i = 0; i < 500; ++i) {
    const std::string name = random.Word(5);
    const SliceSpec slice = AnySlice(&random);
    const std::string data = random.Bytes(random.Below(400));
    std::string put;
    PutSavedSliceHead(&put, name, slice, data.size());
    put += data;
    Wire body;
    if (!name.empty()) body.Bytes(1, name);
    body.Bytes(2, PlainSlice(slice)).Bytes(3, data);
    EXPECT_EQ(put, Wire().Bytes(2, body.bytes()).bytes());
    const SavedTensorSlices parsed = ParseSavedTensorSlices(AsBytes(put));
    EXPECT_FALSE(parsed.has_meta);
    ASSERT_TRUE(parsed.has_data);
    EXPECT_EQ(parsed.data.name, name);
    EXPECT_EQ(parsed.data.slice, slice);
    ASSERT_EQ(parsed.data.data.size(), 1u);
    EXPECT_EQ(AsText(parsed.data.data[0]), data);
  }
}

TEST(SavedSlicesModel, EveryCutOfARecordIsRefusedOrEndsBetweenFields) {
  Random random(16);
  const std::string record = PlainMeta(AnyMeta(&random));
  for (std::size_t size = 1; size < record.size(); ++size) {
    const std::string cut = record.substr(0, size);
    EXPECT_NE(CorruptionOf([&] { ParseSavedTensorSlices(AsBytes(cut)); }),
              "accepted")
        << size;
  }
  EXPECT_FALSE(ParseSavedTensorSlices({}).has_meta);
}

TEST(SavedSlicesModel, MetaThatComesTwiceIsMerged) {
  Random random(17);
  const SavedMeta first = AnyMeta(&random);
  const SavedMeta second = AnyMeta(&random);
  const std::string both = PlainMeta(first) + PlainMeta(second);
  const SavedTensorSlices parsed = ParseSavedTensorSlices(AsBytes(both));
  ASSERT_EQ(parsed.meta.tensors.size(),
            first.tensors.size() + second.tensors.size());
  for (std::size_t i = 0; i < first.tensors.size(); ++i) {
    EXPECT_EQ(parsed.meta.tensors[i].name, first.tensors[i].name);
  }
}

TEST(ShapeModel, TheLastDimensionThatIsKeptIsTheHighestThatTensorFlowAllows) {
  for (const std::size_t rank : {253u, 254u, 255u, 256u}) {
    ShapeMessage shape;
    shape.dims.assign(rank, 1);
    const std::string bytes = PlainShape(shape);
    const ShapeMessage parsed = ParseShapeMessage(AsBytes(bytes));
    EXPECT_EQ(parsed.rank, rank);
    EXPECT_EQ(parsed.dims.size(), std::min<std::size_t>(rank, 254));
  }
}

TEST(VersionModel, EveryReaderVersionIsAcceptedOrRefusedByItsNumberAlone) {
  for (int producer = -1; producer <= 2; ++producer) {
    for (int consumer = -1; consumer <= 3; ++consumer) {
      for (int bad = 0; bad <= 2; ++bad) {
        const bool is_fine = producer >= 0 && consumer <= 1 && bad != 1;
        const Version version{producer, consumer, {bad}};
        EXPECT_EQ(UnsupportedOf([&] { CheckVersion(version); }) == "accepted",
                  is_fine)
            << producer << consumer << bad;
      }
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::messages_model_test
