#include "fastckpt/bundle/entry_table.h"

#include <algorithm>
#include <optional>

#include "fastckpt/base/error.h"
#include "fastckpt/table/table_writer.h"
#include "fastckpt/tensor/slice.h"

namespace fastckpt {
namespace {

void CheckAlike(const BundleEntry& a, const BundleEntry& b) {
  if (a.dtype != b.dtype) {
    ThrowInvalid("one slice is of dtype " +
                 DTypeName(static_cast<DType>(a.dtype)) + ", another of " +
                 DTypeName(static_cast<DType>(b.dtype)));
  }
  if (a.shape.dims != b.shape.dims) {
    ThrowInvalid("one slice is of a tensor of shape " +
                 FormatShape(a.shape.dims) + ", another of " +
                 FormatShape(b.shape.dims));
  }
}

void CheckDisjoint(const BundleEntry& entry) {
  std::vector<Box> boxes;
  for (const SliceSpec& spec : entry.slices) {
    boxes.push_back(ResolveSlice(spec, entry.shape.dims));
  }
  const auto pair = FindOverlap(boxes);
  if (!pair) return;
  ThrowInvalid("slices " + FormatSlice(entry.slices[pair->first]) + " and " +
               FormatSlice(entry.slices[pair->second]) + " overlap");
}

}  // namespace

void EntryTable::Claim(const std::string& key, const std::string& tensor) {
  if (!entries_.try_emplace(key).second) {
    ThrowInvalid("the same name or slice was added before",
                 Where{{}, {}, tensor});
  }
}

void EntryTable::AddSlices(const std::string& name, const BundleEntry& part) {
  auto tensor = partitioned_.find(name);
  if (tensor == partitioned_.end()) {
    Claim(name, name);
    tensor = partitioned_.emplace(name, Partitioned{part, {}}).first;
    tensor->second.entry.slices.clear();
  }
  WithContext(Where{{}, {}, name},
              [&] { CheckAlike(tensor->second.entry, part); });
  for (const SliceSpec& spec : part.slices) {
    tensor->second.slices.emplace_back(part.shard_id, spec);
  }
}

void EntryTable::Set(const std::string& key, const BundleEntry& entry) {
  std::string bytes;
  PutBundleEntry(&bytes, entry);
  bytes.shrink_to_fit();
  entries_.at(key) = std::move(bytes);
}

// As if each shard had been written by itself and merged with the others: the
// slices are in the order of shards, and the entry belongs to the first.
void EntryTable::SetPartitioned(const std::string& name, Partitioned* tensor) {
  std::stable_sort(
      tensor->slices.begin(), tensor->slices.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  tensor->entry.shard_id = tensor->slices.front().first;
  for (auto& [shard, spec] : tensor->slices) {
    tensor->entry.slices.push_back(std::move(spec));
  }
  WithContext(Where{{}, {}, name}, [&] { CheckDisjoint(tensor->entry); });
  Set(name, tensor->entry);
}

void EntryTable::Write(const BundleHeader& header, const OutputFile& file) {
  for (auto& [name, tensor] : partitioned_) SetPartitioned(name, &tensor);
  std::uint64_t offset = 0;
  TableWriter table([&](ByteView bytes) {
    file.WriteAt(offset, bytes);
    offset += bytes.size();
  });
  std::string first;
  PutBundleHeader(&first, header);
  table.Add("", first);
  for (const auto& [key, value] : entries_) table.Add(key, value);
  table.Finish();
}

}  // namespace fastckpt
