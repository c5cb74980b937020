#include "fastckpt/write/entry_table.h"

#include <algorithm>

#include "fastckpt/base/error.h"
#include "fastckpt/table/table_writer.h"
#include "fastckpt/tensor/tensor_input.h"

namespace fastckpt::internal {
void EntryTable::Claim(const std::string& key, const std::string& tensor) {
  if (!entries_.try_emplace(key).second) {
    ThrowInvalid("the same name or slice was added before",
                 Where{{}, {}, tensor});
  }
}

void EntryTable::CheckSlices(const std::string& name,
                             const BundleEntry& part) const {
  const Where where{{}, {}, name};
  const auto tensor = partitioned_.find(name);
  if (tensor == partitioned_.end()) {
    if (!entries_.contains(name)) return;
    ThrowInvalid("the tensor was added whole before", where);
  }
  const BundleEntry& entry = tensor->second.entry;
  WithContext(where, [&] {
    CheckAlike(static_cast<DType>(entry.dtype), entry.shape.dims,
               static_cast<DType>(part.dtype), part.shape.dims);
  });
}

void EntryTable::AddSlices(const std::string& name, const BundleEntry& part) {
  const auto [tensor, is_new] = partitioned_.try_emplace(name);
  if (is_new) {
    Claim(name, name);
    tensor->second.entry = part;
    tensor->second.entry.slices.clear();
  }
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

void EntryTable::Alias(const std::string& name, const std::string& of) {
  const Where where{{}, {}, name};
  const auto entry = entries_.find(of);
  if (entry == entries_.end() || IsPartitioned(of)) {
    ThrowInvalid("no whole tensor " + Quote(of) + " was added", where);
  }
  if (name.empty()) ThrowInvalid("a tensor's name is empty", where);
  Claim(name, name);
  entries_.at(name) = entry->second;
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
  WithContext(Where{{}, {}, name}, [&] {
    CheckDisjoint(tensor->entry.shape.dims, tensor->entry.slices);
  });
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

}  // namespace fastckpt::internal
