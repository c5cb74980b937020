#include "fastckpt/edit/index_salvage.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/table/table_reader.h"
#include "fastckpt/table/table_writer.h"
#include "fastckpt/tensor/dtype.h"
#include "fastckpt/v2/data_proof.h"
#include "fastckpt/v2/index_recovery.h"
#include "fastckpt/v2/string_tensor.h"
#include "fastckpt/write/file_replacement.h"

namespace fastckpt::internal {
namespace {

constexpr std::uint64_t kChunk = std::uint64_t{4} << 20;

using Entries = std::map<std::string, BundleEntry>;

// TensorFlow's own, for an index whose header is lost.
BundleHeader UsualHeader() { return {0, 0, {1, 0, {}}}; }

void WriteIndex(const std::string& to, const BundleHeader& header,
                const Entries& entries) {
  std::string bytes;
  TableWriter table([&](ByteView part) { bytes += AsText(part); });
  std::string value;
  PutBundleHeader(&value, header);
  table.Add("", value);
  for (const auto& [key, entry] : entries) {
    value.clear();
    PutBundleEntry(&value, entry);
    table.Add(key, value);
  }
  table.Finish();
  FileReplacement file(to, Directory::Missing::kRefuse);
  file.Write(AsBytes(bytes));
  file.Finish(/*sync=*/false);
}

class Joiner {
 public:
  void Add(const SalvagePart& part, RecoveredIndex found) {
    const std::string where = part.index + ": ";
    for (std::string& text : found.repairs) {
      result_.repairs.push_back(where + std::move(text));
    }
    for (const std::string& key : found.lost) AddLost(key);
    result_.is_whole = result_.is_whole && found.is_whole;
    AddHeader(found, where);
    for (RecoveredEntry& entry : found.entries) {
      entry.entry.shard_id += shards_;
      if (!entry.is_proved) unproved_.insert(TensorOf(entry.key));
      AddEntry(std::move(entry));
    }
    shards_ += static_cast<std::int32_t>(part.data.size());
  }

  // Passes over a part of which nothing can be had.
  void Miss(const SalvagePart& part, const Error& error) {
    result_.repairs.push_back(std::string("left out: ") + error.what());
    result_.is_whole = false;
    shards_ += static_cast<std::int32_t>(part.data.size());
  }

  IndexSalvage Finish(const std::string& to) {
    for (const std::string& key : twice_) {
      entries_.erase(key);
      unproved_.erase(key);
      AddLost(key);
    }
    result_.lost.assign(lost_.begin(), lost_.end());
    result_.has_order = header_.has_value();
    BundleHeader header = header_ ? *header_ : UsualHeader();
    header.num_shards = std::max(shards_, 1);
    WriteIndex(to, header, entries_);
    result_.unproved.assign(unproved_.begin(), unproved_.end());
    return std::move(result_);
  }

 private:
  // A stored slice counts as a part of its tensor.
  static std::string TensorOf(const std::string& key) {
    std::string name;
    SliceSpec spec;
    return ParseSliceKey(key, &name, &spec) ? name : key;
  }

  void AddLost(const std::string& key) { lost_.insert(TensorOf(key)); }

  void AddHeader(const RecoveredIndex& found, const std::string& where) {
    if (!found.header) {
      result_.repairs.push_back(
          where + "its header is lost; it is taken for little-endian");
      return;
    }
    if (header_ && header_->endianness != found.header->endianness) {
      ThrowCorruption(where + "its byte order is another than that of others");
    }
    header_ = found.header;
  }

  // The parts of a partitioned tensor may lie in several indexes.
  void AddEntry(RecoveredEntry found) {
    const auto [place, is_new] =
        entries_.try_emplace(found.key, std::move(found.entry));
    if (is_new) return;
    BundleEntry& there = place->second;
    const BundleEntry& more = found.entry;
    if (there.slices.empty() || more.slices.empty() ||
        there.dtype != more.dtype || there.shape.dims != more.shape.dims) {
      twice_.insert(found.key);
      return;
    }
    there.slices.insert(there.slices.end(), more.slices.begin(),
                        more.slices.end());
  }

  std::optional<BundleHeader> header_;
  std::int32_t shards_ = 0;
  Entries entries_;
  std::set<std::string> unproved_;
  std::set<std::string> twice_;
  std::set<std::string> lost_;
  IndexSalvage result_;
};

class Adopter {
 public:
  Adopter(const std::vector<std::string>& data, const Interrupt& interrupted)
      : data_(data), interrupted_(interrupted), ends_(data.size()) {}

  void Read(const std::string& sibling, std::uint64_t max_bytes) {
    const DataFile file(sibling, IoMode::kRead);
    if (file.size() > max_bytes) ThrowUnsupported("the index is too large");
    const TableReader table(file, max_bytes);
    table.VisitAll([&](std::string_view key, ByteView value) {
      if (key.empty()) {
        header_ = ParseBundleHeader(value);
        CheckBundleHeader(header_);
      } else {
        ParseBundleEntry(value, &entries_[std::string(key)]);
      }
    });
    if (header_.num_shards != static_cast<std::int32_t>(data_.size())) {
      ThrowCorruption("it is of " + std::to_string(header_.num_shards) +
                      " data files, and " + std::to_string(data_.size()) +
                      " are there");
    }
  }

  void Adopt() {
    for (auto& [key, entry] : entries_) {
      if (entry.slices.empty()) CheckPlace(key, entry);
    }
    for (std::size_t i = 0; i < data_.size(); ++i) CheckSize(i);
    for (auto& [key, entry] : entries_) {
      if (!entry.slices.empty()) continue;
      WithContext(Where{{}, {}, key}, [&, &it = entry] { SetChecksum(&it); });
    }
  }

  void Write(const std::string& to) const { WriteIndex(to, header_, entries_); }

 private:
  void CheckPlace(const std::string& key, const BundleEntry& entry) {
    std::uint64_t end = 0;
    if (!HasMeaning(entry) || entry.shard_id >= header_.num_shards ||
        !CheckedAdd(static_cast<std::uint64_t>(entry.offset),
                    static_cast<std::uint64_t>(entry.size), &end)) {
      ThrowCorruption("its entry makes no sense", Where{{}, {}, key});
    }
    std::uint64_t& last = ends_[static_cast<std::size_t>(entry.shard_id)];
    last = std::max(last, end);
  }

  void CheckSize(std::size_t shard) {
    files_.push_back(std::make_unique<DataFile>(data_[shard], IoMode::kRead));
    if (files_.back()->size() == ends_[shard]) return;
    ThrowCorruption("the file has " + std::to_string(files_.back()->size()) +
                        " bytes, by that index it would have " +
                        std::to_string(ends_[shard]),
                    Where{data_[shard], {}, {}});
  }

  void SetChecksum(BundleEntry* entry) {
    const DataFile& file = *files_[static_cast<std::size_t>(entry->shard_id)];
    const auto size = static_cast<std::uint64_t>(entry->size);
    const auto offset = static_cast<std::uint64_t>(entry->offset);
    const auto dtype = static_cast<DType>(entry->dtype);
    if (dtype == DType::kVariant) {
      ThrowUnsupported("variants are not taken without an index of their own");
    }
    Scratch scratch;
    std::uint32_t crc = 0;
    if (dtype == DType::kString) {
      const ByteView stored =
          file.Read(offset, static_cast<std::size_t>(size), &scratch);
      crc = ChecksumStrings(stored, ElementCount(Dims(entry->shape.dims)),
                            header_.endianness == 1);
    } else {
      for (std::uint64_t done = 0; done < size; done += kChunk) {
        if (interrupted_ && interrupted_()) throw Interrupted{};
        const ByteView part = file.Read(
            offset + done,
            static_cast<std::size_t>(std::min(size - done, kChunk)), &scratch);
        crc = ExtendCrc32c(crc, part.data(), part.size());
      }
    }
    entry->masked_crc32c = MaskCrc32c(crc);
  }

  const std::vector<std::string>& data_;
  const Interrupt& interrupted_;
  BundleHeader header_;
  Entries entries_;
  std::vector<std::uint64_t> ends_;  // by shard, as the sibling has them
  std::vector<std::unique_ptr<DataFile>> files_;
};

}  // namespace

IndexSalvage SalvageIndex(const std::vector<SalvagePart>& parts,
                          const std::string& to, std::uint64_t max_bytes,
                          const Interrupt& interrupted) {
  Joiner joiner;
  for (const SalvagePart& part : parts) {
    DataProof proof(part.data, interrupted);
    try {
      joiner.Add(part,
                 RecoverIndex(part.index, max_bytes, &proof, interrupted));
    } catch (const Error& error) {
      // What is in other parts is none the worse.
      if (parts.size() == 1 || error.kind() != ErrorKind::kCorruption) throw;
      joiner.Miss(part, error);
    }
  }
  return joiner.Finish(to);
}

void AdoptIndex(const std::string& sibling,
                const std::vector<std::string>& data, const std::string& to,
                std::uint64_t max_bytes, const Interrupt& interrupted) {
  Adopter adopter(data, interrupted);
  WithContext(Where{sibling, {}, {}}, [&] {
    adopter.Read(sibling, max_bytes);
    adopter.Adopt();
  });
  adopter.Write(to);
}

}  // namespace fastckpt::internal
