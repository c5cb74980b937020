// Whole V2 checkpoints byte for byte: the files of any tensors, shards and
// alignment are those of a writer that makes them at once.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/v2/shard_name.h"
#include "fastckpt/write/bundle_writer.h"
#include "testing/bundles.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/plain_table.h"
#include "testing/random.h"

namespace fastckpt::internal::bundle_bytes_test {
namespace {

// A tensor, or a slice of one where `full` is set.
struct Item {
  std::string name;
  DType dtype = DType::kUint8;
  std::vector<std::int64_t> dims;
  std::string bytes;
  std::vector<std::string> texts;  // of strings
  std::vector<std::int64_t> full;
  SliceSpec spec;
};

TensorInput InputOf(const Item& item) {
  if (item.dtype == DType::kString) {
    return MakeStrings(item.name, {item.texts.begin(), item.texts.end()});
  }
  TensorInput input;
  input.name = item.name;
  input.dtype = item.dtype;
  input.dims = item.dims;
  StridedArray array;
  array.data = AsBytes(item.bytes).data();
  array.dims = item.dims;
  array.item_size = ElementSize(item.dtype);
  array.strides = ContiguousStrides(item.dims, array.item_size);
  input.values = array;
  if (!item.full.empty()) return AsSlice(input, item.full, item.spec);
  return input;
}

// Numeric tensors of any dtype, strings, and rows of partitioned tensors.
std::vector<Item> AnyItems(Random* random) {
  std::vector<Item> items;
  const DType dtypes[] = {DType::kFloat, DType::kInt8,  DType::kComplex128,
                          DType::kBool,  DType::kInt64, DType::kBfloat16};
  for (std::size_t i = random->Below(8); i > 0; --i) {
    Item item;
    item.name = Numbered("t", i);
    if (random->OneIn(4)) {
      item.dtype = DType::kString;
      item.texts.resize(random->Below(4));
      for (std::string& text : item.texts)
        text = random->Bytes(random->Below(9));
      item.dims = {static_cast<std::int64_t>(item.texts.size())};
    } else if (random->OneIn(4)) {
      for (std::int64_t row = 0; row < 3; ++row) {
        Item slice{item.name, DType::kInt8,        {1, 2}, random->Bytes(2), {},
                   {3, 2},    {{row, 1}, Extent{}}};
        items.push_back(slice);
      }
      continue;
    } else {
      item.dtype = dtypes[random->Below(std::size(dtypes))];
      for (std::uint64_t rank = random->Below(3); rank > 0; --rank) {
        item.dims.push_back(random->Between(0, 4));
      }
      item.bytes = random->Bytes(ByteCount(item.dims, item.dtype));
    }
    items.push_back(item);
  }
  return items;
}

// FORMAT section 5: each tensor goes to the smallest shard so far, zeros behind
// it up to the alignment; entries lie in the order of their keys.
class PlainBundle {
 public:
  PlainBundle(std::int32_t shards, std::uint64_t alignment)
      : alignment_(alignment), data_(static_cast<std::size_t>(shards)) {}

  void Add(const Item& item) {
    std::size_t shard = 0;
    for (std::size_t i = 1; i < data_.size(); ++i) {
      if (data_[i].size() < data_[shard].size()) shard = i;
    }
    BundleEntry entry;
    entry.dtype = static_cast<std::int32_t>(item.dtype);
    entry.shape.dims = item.dims;
    entry.shard_id = static_cast<std::int32_t>(shard);
    entry.offset = static_cast<std::int64_t>(data_[shard].size());
    std::uint32_t crc = Crc32c(AsBytes(item.bytes));
    std::string bytes = item.bytes;
    if (item.dtype == DType::kString) bytes = StringBytes(item.texts, &crc);
    entry.size = static_cast<std::int64_t>(bytes.size());
    entry.masked_crc32c = MaskCrc32c(crc);
    data_[shard] += bytes;
    while (data_[shard].size() % alignment_ != 0) data_[shard] += '\0';
    entries_[item.full.empty() ? item.name : SliceKey(item.name, item.spec)] =
        entry;
    if (item.full.empty()) return;
    slices_[item.name][entry.shard_id].push_back(item.spec);
    BundleEntry& whole = entries_[item.name];
    whole.dtype = entry.dtype;
    whole.shape.dims = item.full;
  }

  std::string Index() {
    for (const auto& [name, by_shard] : slices_) {
      BundleEntry& whole = entries_[name];
      whole.shard_id = by_shard.begin()->first;
      for (const auto& [shard, specs] : by_shard) {
        whole.slices.insert(whole.slices.end(), specs.begin(), specs.end());
      }
    }
    Wire header;
    header.Varint(1, data_.size()).Bytes(3, Wire().Varint(1, 1).bytes());
    Entries table = {{"", header.bytes()}};
    for (const auto& [key, entry] : entries_) {
      std::string value;
      PutBundleEntry(&value, entry);
      table.emplace_back(key, value);
    }
    return PlainTable(table);
  }

  const std::vector<std::string>& data() const { return data_; }

 private:
  static std::string StringBytes(const std::vector<std::string>& texts,
                                 std::uint32_t* crc) {
    Wire sizes;
    Wire fixed;
    std::string joined;
    for (const std::string& text : texts) {
      sizes.Raw(text.size());
      fixed.Little(text.size(), 4);
      joined += text;
    }
    const std::uint32_t masked = MaskCrc32c(Crc32c(AsBytes(fixed.bytes())));
    const std::string checksum = Wire().Little(masked, 4).bytes();
    const std::string summed = fixed.bytes() + checksum + joined;
    *crc = Crc32c(AsBytes(summed));
    return sizes.bytes() + checksum + joined;
  }

  const std::uint64_t alignment_;
  std::vector<std::string> data_;
  std::map<std::string, BundleEntry> entries_;
  std::map<std::string, std::map<std::int32_t, std::vector<SliceSpec>>> slices_;
};

struct Layout {
  std::int32_t shards;
  std::uint64_t alignment;
};

class BundleBytes : public ::testing::TestWithParam<Layout> {
 protected:
  WriteOptions Options() const {
    WriteOptions options;
    options.shards = GetParam().shards;
    options.alignment = GetParam().alignment;
    options.sync = false;
    return options;
  }

  void ExpectFilesOf(const std::vector<Item>& items) const {
    PlainBundle plain(GetParam().shards, GetParam().alignment);
    for (const Item& item : items) plain.Add(item);
    EXPECT_EQ(folder_.Read("m.index"), plain.Index());
    for (std::int32_t shard = 0; shard < GetParam().shards; ++shard) {
      EXPECT_EQ(folder_.Read(DataName("m", shard, GetParam().shards)),
                plain.data()[static_cast<std::size_t>(shard)])
          << shard;
    }
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(Layouts, BundleBytes,
                         ::testing::Values(Layout{1, 1}, Layout{1, 64},
                                           Layout{2, 1}, Layout{3, 8},
                                           Layout{5, 7}));

TEST_P(BundleBytes, FilesOfAnyTensorsAreThePlainOnes) {
  Random random(110);
  for (int i = 0; i < 30; ++i) {
    const std::vector<Item> items = AnyItems(&random);
    BundleWriter writer(folder_.Path("m"), Options());
    for (const Item& item : items) writer.Add({InputOf(item)});
    writer.Finish();
    ExpectFilesOf(items);
  }
}

TEST_P(BundleBytes, TensorsAddedTogetherGiveTheSameFiles) {
  Random random(111);
  for (int i = 0; i < 30; ++i) {
    const std::vector<Item> items = AnyItems(&random);
    std::vector<TensorInput> inputs;
    for (const Item& item : items) inputs.push_back(InputOf(item));
    WriteOptions options = Options();
    options.threads = 3;
    BundleWriter writer(folder_.Path("m"), options);
    writer.Add(inputs);
    writer.Finish();
    ExpectFilesOf(items);
  }
}

// A tensor that is refused leaves no byte in any file.
TEST_P(BundleBytes, RefusedTensorsLeaveNoByteBehind) {
  Random random(112);
  for (int i = 0; i < 20; ++i) {
    const std::vector<Item> items = AnyItems(&random);
    BundleWriter writer(folder_.Path("m"), Options());
    for (const Item& item : items) {
      writer.Add({InputOf(item)});
      EXPECT_THROW(writer.Add({InputOf(item)}), Error);
      TensorInput nameless = InputOf(item);
      nameless.name.clear();
      EXPECT_THROW(writer.Add({nameless}), Error);
    }
    writer.Finish();
    ExpectFilesOf(items);
  }
}

}  // namespace
}  // namespace fastckpt::internal::bundle_bytes_test
