#include "fastckpt/edit/dealer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/read/range_run.h"
#include "fastckpt/v2/string_tensor.h"

namespace fastckpt::internal {
namespace {

// Tensors are passed on in batches of about this many bytes, from at most this
// many files.
constexpr std::uint64_t kBatchSize = std::uint64_t{64} << 20;
constexpr std::size_t kMaxOpenFiles = 32;

// True for values whose checksum is not that of their bytes: they are checked
// here, the others while they are written.
bool IsCheckedHere(DType dtype) {
  return dtype == DType::kString || dtype == DType::kVariant;
}

}  // namespace

std::uint64_t Dealer::Size() const {
  std::uint64_t size = 0;
  for (const Item& item : items_) {
    size += SizeOf(item) * NamesFor(item.tensor).size();
  }
  return size;
}

bool Dealer::Run() {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (source_.fetcher() && i == fetched_end_) FetchFrom(i);
    for (const std::string& name : NamesFor(item.tensor)) {
      if (!Pass(item, name)) return false;
    }
  }
  return Flush();
}

bool Dealer::IsWanted(std::string_view name) const {
  return changes_ == nullptr ||
         changes_->names.find(name) != changes_->names.end();
}

const TensorInput* Dealer::ValueOf(std::string_view name) const {
  if (changes_ == nullptr) return nullptr;
  const auto found = changes_->values.find(name);
  return found == changes_->values.end() ? nullptr : &found->second;
}

std::vector<std::string> Dealer::NamesFor(std::size_t tensor) const {
  const std::string_view name = source_.index().name(tensor);
  if (changes_ == nullptr) return {std::string(name)};
  return changes_->names.find(name)->second;
}

std::string Dealer::OldName(const Item& item) const {
  return std::string(source_.index().name(item.tensor));
}

std::vector<Dealer::Item> Dealer::ItemsInFileOrder() const {
  const BundleIndex& index = source_.index();
  std::vector<Item> items;
  for (std::size_t i = 0; i < index.entry_count(); ++i) {
    if (!source_.IsTensor(i) || !IsWanted(index.name(i))) continue;
    WithName(source_, i, [&] { AppendItems(i, &items); });
  }
  // What takes no room lies before what begins at the same place.
  const auto place = [&](const Item& item) {
    const StoredEntry& entry = index.entry(item.slot);
    return std::tuple(entry.shard, entry.offset, entry.size, item.slot);
  };
  std::ranges::stable_sort(items, {}, place);
  return items;
}

void Dealer::AppendItems(std::size_t tensor, std::vector<Item>* items) const {
  const BundleIndex& index = source_.index();
  if (const TensorInput* value = ValueOf(index.name(tensor))) {
    items->push_back({tensor, tensor, {}, value});
    return;
  }
  CheckEntry(source_, tensor);
  if (index.entry(tensor).unknown_rank) {
    ThrowCorruption("the tensor has no known rank");
  }
  if (!index.IsSliced(tensor)) {
    items->push_back({tensor, tensor, {}, nullptr});
    return;
  }
  for (SliceSpec& spec : index.slices(tensor)) {
    const Box box = ResolveSlice(spec, index.dims(tensor));
    const std::size_t slot = source_.FindPart(tensor, spec, box);
    items->push_back({slot, tensor, std::move(spec), nullptr});
  }
}

bool Dealer::Pass(const Item& item, const std::string& name) {
  const std::int32_t shard = source_.index().entry(item.slot).shard;
  if (!files_.contains(shard) && files_.size() >= kMaxOpenFiles) {
    if (!Flush()) return false;
    files_.clear();
  }
  batch_.push_back(WithContext(Where{{}, {}, OldName(item)},
                               [&] { return Take(item, name); }));
  batch_items_.push_back(item);
  batch_size_ += StoredSize(batch_.back());
  return batch_size_ < kBatchSize || Flush();
}

TensorInput Dealer::Take(const Item& item, const std::string& name) {
  TensorInput input;
  if (item.value != nullptr) {
    input = *item.value;
    input.name = name;
    return input;
  }
  const BundleIndex& index = source_.index();
  const Dims dims = index.dims(item.slot);
  input.name = name;
  input.dtype = source_.TypeOf(item.slot);
  input.dims.assign(dims.begin(), dims.end());
  if (item.slice) {
    const Dims full = index.dims(item.tensor);
    input.placement = Placement{{full.begin(), full.end()}, *item.slice};
  }
  input.values = Locate(input, item.slot);
  return input;
}

StoredBytes Dealer::Locate(const TensorInput& input, std::size_t slot) {
  const StoredEntry& entry = source_.index().entry(slot);
  const DataFile& file = FileOf(slot);
  const auto offset = static_cast<std::uint64_t>(entry.offset);
  const auto size = static_cast<std::uint64_t>(entry.size);
  file.CheckRange(offset, size);
  const FetchedRanges::Scope scope(fetched_ ? &*fetched_ : nullptr);
  if (!IsCheckedHere(input.dtype)) {
    if (file.remote()) return Hold(slot, file);
    return {{}, entry.crc32c, &file.file(), offset, size};
  }
  return WithContext(Where{file.path(), {}, {}}, [&]() -> StoredBytes {
    const ByteView bytes = file.Fetch(offset, static_cast<std::size_t>(size),
                                      &batch_bytes_.emplace_back());
    const std::uint64_t count = ElementCount(input.dims);
    if (input.dtype == DType::kString) {
      const bool big_endian = source_.index().header().endianness == 1;
      ParseStrings(bytes, count, entry.crc32c, big_endian, /*check=*/true);
    } else {
      CheckVariants(bytes, count, entry.crc32c);
    }
    return {bytes, entry.crc32c, nullptr, 0, 0};
  });
}

// The bytes of a piece that lies elsewhere, checked.
StoredBytes Dealer::Hold(std::size_t slot, const DataFile& file) {
  const StoredEntry& entry = source_.index().entry(slot);
  const auto offset = static_cast<std::uint64_t>(entry.offset);
  const ByteView bytes =
      file.Fetch(offset, static_cast<std::size_t>(entry.size),
                 &batch_bytes_.emplace_back());
  const std::uint32_t crc = Crc32c(bytes);
  if (crc != entry.crc32c) {
    ThrowCorruption("stored checksum " + Hex32(entry.crc32c) + ", computed " +
                        Hex32(crc) +
                        "; the file is damaged, copy it again to another place",
                    Where{file.path(), offset, {}});
  }
  return {bytes, entry.crc32c, nullptr, 0, 0};
}

// Fetches what the next items read, about as much as a batch has.
void Dealer::FetchFrom(std::size_t item) {
  std::vector<RangeRequest> ranges;
  std::uint64_t bytes = 0;
  while (item < items_.size() && bytes < kBatchSize) {
    const Item& next = items_[item++];
    const std::uint64_t size = SizeOf(next);
    if (next.value || size == 0) continue;
    const StoredEntry& entry = source_.index().entry(next.slot);
    const DataFile& file = FileOf(next.slot);
    const auto offset = static_cast<std::uint64_t>(entry.offset);
    file.CheckRange(offset, size);
    ranges.push_back({file.remote()->number(), offset, size});
    bytes += size;
  }
  RunOptions options;
  options.interrupted = interrupted_;
  fetched_.emplace(FetchRanges(*source_.fetcher(), ranges, options));
  fetched_end_ = item;
}

std::uint64_t Dealer::SizeOf(const Item& item) const {
  if (item.value) return StoredSize(*item.value);
  return static_cast<std::uint64_t>(source_.index().entry(item.slot).size);
}

const DataFile& Dealer::FileOf(std::size_t slot) {
  std::unique_ptr<DataFile>& file = files_[source_.index().entry(slot).shard];
  if (file == nullptr) file = OpenShard(source_, slot);
  return *file;
}

bool Dealer::Flush() {
  bool is_done = false;
  try {
    is_done = writer_->Add(batch_, interrupted_);
  } catch (const Error& error) {
    RethrowAtSource(error);
  }
  // Adding a batch asks now and then only.
  if (is_done && interrupted_ && interrupted_()) is_done = false;
  batch_.clear();
  batch_items_.clear();
  batch_bytes_.clear();
  batch_size_ = 0;
  return is_done;
}

// What is wrong with a tensor's bytes is said of the file they come from.
// REQUIRES: called while `error` is handled.
void Dealer::RethrowAtSource(const Error& error) const {
  if (error.kind() != ErrorKind::kCorruption) throw;
  for (std::size_t k = 0; k < batch_.size(); ++k) {
    const Item& item = batch_items_[k];
    if (error.where().tensor != batch_[k].name || item.value) continue;
    Where where{source_.ShardPath(item.slot), {}, OldName(item)};
    if (!batch_[k].placement) {
      where.offset =
          static_cast<std::uint64_t>(source_.index().entry(item.slot).offset);
    }
    ThrowCorruption(error.message(), std::move(where));
  }
  throw;
}

}  // namespace fastckpt::internal
