#include "fastckpt/v2/bundle_index.h"

#include <algorithm>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/table/table_reader.h"

namespace fastckpt::internal {
namespace {

// Prefix compression can expand n bytes to n*n/2 of names. Those of real models
// stay below the index itself; past this the file was made to exhaust memory.
constexpr std::uint64_t kMaxNameExpansion = 3;
constexpr std::uint64_t kFreeNameBytes = 20 << 20;

// The entry of a tensor takes more: lengths, a name, dtype, size and checksum.
constexpr std::uint64_t kMinEntrySize = 8;
constexpr std::uint64_t kFreeEntries = 1000;
// A dimension takes two bytes at least.
constexpr std::uint64_t kMinDimSize = 2;
// Memory is reserved for an index of up to this size at once.
constexpr std::uint64_t kMaxReserved = 32 << 20;

void Store(const BundleEntry& parsed, StoredEntry* entry) {
  entry->crc32c = UnmaskCrc32c(parsed.masked_crc32c);
  entry->offset = parsed.offset;
  entry->size = parsed.size;
  entry->dtype = parsed.dtype;
  entry->shard = parsed.shard_id;
  entry->rank =
      static_cast<std::uint16_t>(std::min(parsed.shape.rank, kMaxRank + 1));
  entry->unknown_rank = parsed.shape.unknown_rank;
}

// TensorFlow reads a slice that is everything from the entry itself. An entry
// without bytes cannot be meant that way.
bool IsOneWholeSlice(const BundleEntry& parsed) {
  const auto& dims = parsed.shape.dims;
  const bool is_empty = std::find(dims.begin(), dims.end(), 0) != dims.end();
  if (parsed.size == 0 && !is_empty) return false;
  if (parsed.slices.size() != 1) return false;
  const SliceSpec& spec = parsed.slices[0];
  return spec.size() == parsed.shape.rank &&
         std::all_of(spec.begin(), spec.end(), [](const Extent& extent) {
           return extent.IsWhole() && extent.start == 0;
         });
}

}  // namespace

BundleIndex::BundleIndex(const DataFile& file, std::uint64_t max_bytes) {
  identity_ = file.file().identity();
  const TableReader table(file, max_bytes);
  WithContext(Where{file.path(), {}, {}}, [&] {
    if (file.size() > max_bytes) {
      ThrowUnsupported("an index of " + std::to_string(file.size()) +
                       " bytes is over the limit of " +
                       std::to_string(max_bytes) +
                       "; raise max_index_bytes to read it");
    }
    Reserve();
    bool is_first = true;
    BundleEntry parsed;
    table.VisitAll([&](std::string_view key, ByteView value) {
      if (is_first) {
        ReadHeader(key, value);
      } else {
        AddEntry(key, value, &parsed);
      }
      is_first = false;
    });
    if (is_first) ThrowCorruption("the index has no header entry");
    if (!entries_.empty() && header_.num_shards <= 0) {
      ThrowCorruption("the header counts " +
                      std::to_string(header_.num_shards) + " shards for " +
                      std::to_string(entries_.size()) + " tensors");
    }
    HideSlices();
  });
}

// Room for all that an index of this size can hold: memory that nobody touches
// costs nothing, where vectors that grow touch theirs three times.
void BundleIndex::Reserve() {
  const auto size =
      static_cast<std::size_t>(std::min(identity_.size, kMaxReserved));
  names_.reserve(size);
  dims_.reserve(size / kMinDimSize);
  entries_.reserve(size / kMinEntrySize);
}

void BundleIndex::ReadHeader(std::string_view key, ByteView value) {
  if (!key.empty()) {
    ThrowCorruption("the first key is " + Quote(key) +
                    " where the header's empty key must be");
  }
  header_ = ParseBundleHeader(value);
  CheckBundleHeader(header_);
}

void BundleIndex::AddEntry(std::string_view key, ByteView value,
                           BundleEntry* parsed) {
  if (names_.size() + key.size() >
      identity_.size * kMaxNameExpansion + kFreeNameBytes) {
    ThrowUnsupported("the names are many times longer than the index");
  }
  if (entries_.size() >=
      std::max(identity_.size / kMinEntrySize, kFreeEntries)) {
    ThrowUnsupported("the index has more entries than tensors fit into it");
  }
  try {
    ParseBundleEntry(value, parsed);
  } catch (Error& error) {
    error.AddContext(Where{{}, {}, std::string(key)});
    throw;
  }
  // Filled in its place: a copy of fields just written stalls the processor.
  StoredEntry& entry = entries_.emplace_back();
  Store(*parsed, &entry);
  entry.name_begin = names_.size();
  entry.name_size = static_cast<std::uint32_t>(key.size());
  entry.dims_begin = static_cast<std::uint32_t>(dims_.size());
  names_.append(key);
  dims_.insert(dims_.end(), parsed->shape.dims.begin(),
               parsed->shape.dims.end());
  if (!parsed->slices.empty()) {
    sliced_values_.emplace_back(AsText(value));
    entry.listed = static_cast<std::uint32_t>(sliced_values_.size());
    entry.is_sliced = !IsOneWholeSlice(*parsed);
  }
}

// A key is hidden if it is the slice key of a slice that some entry lists, not
// because it begins with a zero byte: that is a legal name.
void BundleIndex::HideSlices() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].listed != 0) HideSlicesOf(i);
  }
}

// The stored slices of a tensor lie together, behind a common prefix. Only what
// follows it is compared: a long name and a long list must not multiply.
void BundleIndex::HideSlicesOf(std::size_t i) {
  const std::string prefix = SliceKeyPrefix(name(i));
  const std::size_t begin = LowerBound(0, entries_.size(), 0, prefix);
  std::size_t end = begin;
  while (end < entries_.size() && name(end).starts_with(prefix)) ++end;
  if (begin == end) return;
  for (const SliceSpec& slice : slices(i)) {
    const std::string suffix = SliceKeySuffix(slice);
    const std::size_t found = LowerBound(begin, end, prefix.size(), suffix);
    if (found == end || name(found).substr(prefix.size()) != suffix ||
        entries_[found].is_hidden) {
      continue;
    }
    entries_[found].is_hidden = true;
    ++hidden_count_;
  }
}

// The first of the entries [begin, end) whose name without its first `skip`
// bytes is not below `key`.
std::size_t BundleIndex::LowerBound(std::size_t begin, std::size_t end,
                                    std::size_t skip,
                                    std::string_view key) const {
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (name(middle).substr(skip) < key) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

std::string_view BundleIndex::name(std::size_t i) const {
  return {names_.data() + entries_[i].name_begin, entries_[i].name_size};
}

Dims BundleIndex::dims(std::size_t i) const {
  const std::size_t kept = std::min<std::size_t>(entries_[i].rank, kMaxRank);
  return {dims_.data() + entries_[i].dims_begin, kept};
}

std::vector<SliceSpec> BundleIndex::slices(std::size_t i) const {
  if (entries_[i].listed == 0) return {};
  BundleEntry parsed;
  ParseBundleEntry(AsBytes(sliced_values_[entries_[i].listed - 1]), &parsed);
  return std::move(parsed.slices);
}

std::optional<std::size_t> BundleIndex::Find(std::string_view key) const {
  const std::size_t found = LowerBound(0, entries_.size(), 0, key);
  if (found == entries_.size() || name(found) != key) return std::nullopt;
  return found;
}

}  // namespace fastckpt::internal
