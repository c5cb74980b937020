// Whole V1 checkpoints byte for byte: the file of any tensors is that of a
// writer that makes it at once, and reads back as what was given.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/value_encoder.h"
#include "fastckpt/v1/v1_reader.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/plain_table.h"
#include "testing/random.h"

namespace fastckpt::internal::v1_bytes_test {
namespace {

struct Item {
  std::string name;
  std::vector<std::int32_t> values;
  std::int64_t begin = 0;  // of a slice
  std::int64_t full = -1;  // of its tensor; -1 where the tensor is whole
};

// Fewer than sixteen, whose order TensorFlow's sort keeps.
std::vector<Item> AnyItems(Random* random) {
  std::vector<Item> items;
  for (std::uint64_t count = random->Below(4); count > 0; --count) {
    const std::string name = Numbered("t", items.size());
    const std::uint64_t parts = random->Below(4);
    std::int64_t full = 0;
    const std::size_t first = items.size();
    for (std::uint64_t part = 0; part < std::max(parts, std::uint64_t{1});
         ++part) {
      Item item{name, std::vector<std::int32_t>(1 + random->Below(5)), 0, -1};
      for (auto& value : item.values) {
        value = static_cast<std::int32_t>(random->Magnitude());
      }
      item.begin = full;
      full += static_cast<std::int64_t>(item.values.size());
      items.push_back(item);
    }
    for (std::size_t i = first; parts > 0 && i < items.size(); ++i) {
      items[i].full = full;
    }
  }
  for (std::size_t i = 1; i < items.size(); ++i) {
    std::swap(items[i], items[random->Below(i + 1)]);
  }
  return items;
}

std::int64_t CountOf(const Item& item) {
  return static_cast<std::int64_t>(item.values.size());
}

SliceSpec SpecOf(const Item& item) {
  if (item.full < 0) return {Extent{}};
  return {{item.begin, CountOf(item)}};
}

TensorInput InputOf(const Item& item) {
  TensorInput input =
      MakeInput(item.name, DType::kInt32, {CountOf(item)}, item.values);
  if (item.full < 0) return input;
  return AsSlice(input, {item.full}, SpecOf(item));
}

std::string PlainSlice(const Item& item) {
  Wire extent;
  if (item.full >= 0) {
    extent.Optional(1, static_cast<std::uint64_t>(item.begin));
    extent.Varint(2, item.values.size());
  }
  return Wire().Bytes(1, extent.bytes()).bytes();
}

// FORMAT section 6: the meta record at the empty key, then one for each slice.
std::string PlainFile(const std::vector<Item>& items) {
  std::map<std::string, Wire> rows;
  std::map<std::string, std::string> records;
  for (const Item& item : items) {
    const std::int64_t full = item.full < 0 ? CountOf(item) : item.full;
    const auto [row, is_new] = rows.try_emplace(item.name);
    if (is_new) {
      Wire dim;
      dim.Varint(1, static_cast<std::uint64_t>(full));
      row->second.Bytes(1, item.name)
          .Bytes(2, Wire().Bytes(2, dim.bytes()).bytes());
      row->second.Varint(3, static_cast<std::uint64_t>(DType::kInt32));
    }
    row->second.Bytes(4, PlainSlice(item));
    Wire packed;
    for (const std::int32_t value : item.values) {
      packed.Raw(static_cast<std::uint64_t>(std::int64_t{value}));
    }
    Wire data;
    data.Bytes(1, item.name).Bytes(2, PlainSlice(item));
    data.Bytes(3, Wire().Bytes(7, packed.bytes()).bytes());
    records[SliceKey(item.name, SpecOf(item))] =
        Wire().Bytes(2, data.bytes()).bytes();
  }
  Wire meta;
  for (const auto& [name, row] : rows) meta.Bytes(1, row.bytes());
  meta.Bytes(2, Wire().Varint(1, 1).bytes());
  Entries table = {{"", Wire().Bytes(1, meta.bytes()).bytes()}};
  table.insert(table.end(), records.begin(), records.end());
  return PlainTable(table);
}

class V1Bytes : public ::testing::Test {
 protected:
  const Folder folder_;
};

TEST_F(V1Bytes, FileOfAnyTensorsIsThePlainOne) {
  Random random(120);
  for (int i = 0; i < 100; ++i) {
    const std::vector<Item> items = AnyItems(&random);
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    for (const Item& item : items) writer.Add({InputOf(item)});
    writer.Finish();
    EXPECT_EQ(folder_.Read("m"), PlainFile(items));
  }
}

TEST_F(V1Bytes, TensorsAddedTogetherGiveTheSameFile) {
  Random random(121);
  for (int i = 0; i < 50; ++i) {
    const std::vector<Item> items = AnyItems(&random);
    std::vector<TensorInput> inputs;
    for (const Item& item : items) inputs.push_back(InputOf(item));
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    writer.Add(inputs);
    writer.Finish();
    EXPECT_EQ(folder_.Read("m"), PlainFile(items));
  }
}

// Each slice's record is found through its block, whatever lies around it.
TEST_F(V1Bytes, EveryRecordIsFoundByItsSlice) {
  Random random(122);
  for (int i = 0; i < 50; ++i) {
    const std::vector<Item> items = AnyItems(&random);
    folder_.Write("m", PlainFile(items));
    const V1Reader reader({folder_.Path("m")}, IoMode::kRead);
    for (const Item& item : items) {
      const V1Tensor& tensor = reader.tensors()[*reader.Find(item.name)];
      const auto slice = std::ranges::find_if(
          tensor.slices,
          [&](const V1Slice& known) { return known.spec == SpecOf(item); });
      ASSERT_NE(slice, tensor.slices.end());
      const std::size_t block = reader.BlockOf(tensor, *slice);
      BlockScratch scratch;
      const V1Record record = reader.FindRecord(
          tensor, *slice, block, reader.table(0).ReadBlock(block, &scratch),
          nullptr);
      ASSERT_EQ(record.message.size(), 1u);
      EXPECT_EQ(AsText(record.message[0]), EncodeValues(InputOf(item)));
    }
  }
}

// A bit of every byte of a file: refused when it is opened or when all is read,
// or it changes nothing that is read.
TEST_F(V1Bytes, AFlippedBitOfAnyByteIsRefusedOrMeansNothing) {
  const std::vector<Item> items = {
      {"a", {1, -2}, 0, -1}, {"v", {3}, 0, 2}, {"v", {4}, 1, 2}};
  const std::string right = PlainFile(items);
  Random random(123);
  for (std::size_t byte = 0; byte < right.size(); ++byte) {
    std::string flipped = right;
    flipped[byte] ^= static_cast<char>(1u << random.Below(8));
    folder_.Write("m", flipped);
    try {
      const V1Reader reader({folder_.Path("m")}, IoMode::kRead);
      reader.table(0).VisitAll([](std::string_view, ByteView) {});
      // The metaindex block and the footer's padding are not looked at.
      EXPECT_EQ(reader.tensors().size(), 2u) << byte;
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::kInvalid) << byte;
      EXPECT_EQ(error.where().path, folder_.Path("m")) << error.what();
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::v1_bytes_test
