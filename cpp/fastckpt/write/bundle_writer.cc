#include "fastckpt/write/bundle_writer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {
namespace {

constexpr std::int32_t kMaxShards = 99999;
constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 30;

// The versions that TensorFlow writes: kTensorBundleVersion and the oldest
// reader, 0.
constexpr std::int32_t kProducer = 1;

const WriteOptions& Checked(const WriteOptions& options) {
  if (options.shards < 1 || options.shards > kMaxShards) {
    ThrowInvalid("shards must be from 1 to 99999, not " +
                 std::to_string(options.shards));
  }
  if (options.alignment < 1 || options.alignment > kMaxAlignment) {
    ThrowInvalid("align must be from 1 to 2^30, not " +
                 std::to_string(options.alignment));
  }
  return options;
}

std::uint64_t PaddingFor(std::uint64_t size, std::uint64_t alignment) {
  return (alignment - size % alignment) % alignment;
}

BundleEntry MakeEntry(const TensorInput& input,
                      const std::vector<std::int64_t>& dims,
                      std::int32_t shard) {
  BundleEntry entry;
  entry.dtype = static_cast<std::int32_t>(input.dtype);
  entry.shape.dims = dims;
  entry.shape.rank = dims.size();
  entry.shard_id = shard;
  return entry;
}

// What the entry says of its values. That of strings and variants is not the
// checksum of their stored bytes: who passes such on has checked them.
std::uint32_t EntryCrc(const DataPart& part) {
  const auto* stored = std::get_if<StoredBytes>(&part.input->values);
  if (stored == nullptr) return part.crc32c;
  if (ElementSize(part.input->dtype) > 0 && stored->crc32c != part.crc32c) {
    ThrowCorruption("stored checksum " + Hex32(stored->crc32c) + ", computed " +
                        Hex32(part.crc32c) +
                        "; the file is damaged, copy it again to another place",
                    Where{{}, {}, part.input->name});
  }
  return stored->crc32c;
}

bool IsSlice(const TensorInput& input) {
  return input.placement && !input.placement->IsWhole();
}

}  // namespace

BundleWriter::BundleWriter(const std::string& prefix,
                           const WriteOptions& options)
    : options_(Checked(options)),
      commit_(prefix, IndexName(""), options.may_replace),
      data_(options.threads, options.sync, options.progress) {
  shards_.resize(static_cast<std::size_t>(options_.shards));
  for (std::int32_t i = 0; i < options_.shards; ++i) {
    auto file = commit_.Create(DataName("", i, options_.shards));
    if (options_.sync) file->AllowDirect();
    shards_[static_cast<std::size_t>(i)].file = std::move(file);
  }
}

bool BundleWriter::Add(const std::vector<TensorInput>& inputs,
                       const Interrupt& interrupted) {
  CheckSound();
  is_sound_ = inputs.size() == 1;
  std::vector<std::pair<std::string, BundleEntry>> entries;
  std::vector<DataPart> parts;
  for (const TensorInput& input : inputs) {
    CheckInput(input);
    const std::int32_t shard = SmallestShard();
    std::string key = ClaimKey(input, shard);
    parts.push_back(Place(input, shard));
    BundleEntry entry = MakeEntry(input, input.dims, shard);
    entry.offset = static_cast<std::int64_t>(parts.back().offset);
    entry.size = static_cast<std::int64_t>(parts.back().size);
    entries.emplace_back(std::move(key), std::move(entry));
  }
  is_sound_ = false;
  if (!data_.Write(&parts, interrupted)) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    entries[i].second.masked_crc32c = MaskCrc32c(EntryCrc(parts[i]));
    entries_.Set(entries[i].first, entries[i].second);
  }
  if (options_.sync) StartWriteback();
  is_sound_ = true;
  return true;
}

void BundleWriter::Alias(const std::string& name, const std::string& of) {
  CheckSound();
  entries_.Alias(name, of);
}

void BundleWriter::Finish(const Interrupt& interrupted) {
  CheckSound();
  is_sound_ = false;
  const std::unique_ptr<OutputFile> index = commit_.Create(IndexName(""));
  BundleHeader header;
  header.num_shards = options_.shards;
  header.endianness = options_.endianness;
  header.version.producer = kProducer;
  entries_.Write(header, *index);

  std::vector<OutputFile*> files;
  for (const Shard& shard : shards_) files.push_back(shard.file.get());
  files.push_back(index.get());
  if (interrupted && interrupted()) throw Interrupted{};
  if (options_.progress) options_.progress->on_whole();
  commit_.Finish(files, options_.sync, options_.threads, interrupted);
}

void BundleWriter::CheckSound() const {
  commit_.CheckOwner();
  if (is_sound_) return;
  ThrowInvalid("this writer is finished or has failed; begin a new one");
}

std::int32_t BundleWriter::SmallestShard() const {
  const auto smallest = std::min_element(
      shards_.begin(), shards_.end(),
      [](const Shard& a, const Shard& b) { return a.size < b.size; });
  return static_cast<std::int32_t>(smallest - shards_.begin());
}

// The key of a tensor is its name, that of a slice is made from name and slice,
// which the tensor's own entry lists. What is refused leaves nothing behind.
std::string BundleWriter::ClaimKey(const TensorInput& input,
                                   std::int32_t shard) {
  if (!IsSlice(input)) {
    entries_.Claim(input.name, input.name);
    return input.name;
  }
  BundleEntry full = MakeEntry(input, input.placement->full_dims, shard);
  full.slices.push_back(input.placement->spec);
  std::string key = SliceKey(input.name, input.placement->spec);
  entries_.CheckSlices(input.name, full);
  entries_.Claim(key, input.name);
  entries_.AddSlices(input.name, full);
  return key;
}

DataPart BundleWriter::Place(const TensorInput& input, std::int32_t number) {
  Shard& shard = shards_[static_cast<std::size_t>(number)];
  DataPart part{&input, shard.file.get(), shard.size, StoredSize(input), 0};
  part.padding = PaddingFor(shard.size + part.size, options_.alignment);
  shard.size += part.size + part.padding;
  return part;
}

// What small tensors left behind; large ones have begun by themselves.
void BundleWriter::StartWriteback() {
  for (Shard& shard : shards_) {
    if (shard.size - shard.started < kWritebackSize) continue;
    shard.file->StartWriteback(shard.started, shard.size - shard.started);
    shard.started = shard.size;
  }
}

}  // namespace fastckpt::internal
