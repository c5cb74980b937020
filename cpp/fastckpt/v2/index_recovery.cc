#include "fastckpt/v2/index_recovery.h"

#include <algorithm>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/snappy.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/table/block_flip.h"
#include "fastckpt/table/block_reader.h"
#include "fastckpt/table/block_scan.h"
#include "fastckpt/table/flip_suspicion.h"
#include "fastckpt/table/loose_block.h"
#include "fastckpt/v2/entry_doubt.h"

namespace fastckpt::internal {
namespace {

// Entries, right ones or guesses, between two looks whether to go on.
constexpr std::uint64_t kLook = 64;

// What one block holds, taken one way.
struct BlockContents {
  std::optional<BundleHeader> header;
  std::vector<RecoveredEntry> entries;
};

bool IsLittleEndian(const BundleHeader& header) {
  return header.endianness == 0;
}

bool IsCompressed(ByteView block_and_trailer) {
  return block_and_trailer[block_and_trailer.size() - kTrailerSize] ==
         static_cast<std::uint8_t>(BlockType::kSnappy);
}

// Nothing if a length or an offset is damaged, and not a literal alone.
ByteView DecodeIfSound(ByteView stored, Scratch* scratch) {
  try {
    scratch->resize(SnappyDecodedSize(stored));
    DecodeSnappy(stored, *scratch);
    return *scratch;
  } catch (const Error&) {
    return {};
  }
}

// All of a block. Throws Corruption if it does not parse or its keys do not
// rise.
BlockContents ParseBlock(ByteView contents) {
  BlockContents parsed;
  BlockReader reader(contents);
  while (reader.Next()) {
    if (reader.key().empty()) {
      parsed.header = ParseBundleHeader(reader.value());
      CheckBundleHeader(*parsed.header);
      continue;
    }
    RecoveredEntry& entry = parsed.entries.emplace_back();
    entry.key = reader.key();
    entry.is_proved = true;
    ParseBundleEntry(reader.value(), &entry.entry);
  }
  return parsed;
}

class Recovery {
 public:
  Recovery(ByteView file, DataProof* proof, const Interrupt& interrupted)
      : file_(file),
        interrupted_(interrupted),
        table_(ScanTable(file, interrupted)),
        proof_(*proof) {
    if (!table_.how.empty()) Say("its blocks were found by " + table_.how);
    result_.is_whole = table_.is_whole;
  }

  RecoveredIndex Run() {
    for (std::size_t i = 0; i < table_.blocks.size(); ++i) {
      TakeBlock(i);
    }
    DropDisorder(&result_);
    // A sound index is as it was written.
    if (!result_.repairs.empty()) DropParts(&result_);
    return std::move(result_);
  }

 private:
  // Now and then whether to go on.
  void Look() {
    if (++looks_ % kLook == 0 && interrupted_ && interrupted_()) {
      throw Interrupted{};
    }
  }

  void Say(std::string text) { result_.repairs.push_back(std::move(text)); }

  ByteView BytesOf(const ScannedBlock& block) const {
    const auto begin = static_cast<std::size_t>(block.handle.offset);
    const auto size = static_cast<std::size_t>(block.handle.size);
    return file_.subspan(begin, size + (block.has_end ? kTrailerSize : 0));
  }

  void TakeBlock(std::size_t i) {
    const ScannedBlock& block = table_.blocks[i];
    const ByteView bytes = BytesOf(block);
    if (block.is_sound) {
      if (const auto contents = Parse(AsText(bytes))) {
        return Add(*contents);
      }
    } else if (block.has_end && Mend(block, bytes)) {
      return;
    }
    const std::string likely = FindLikely(block, bytes);
    if (!likely.empty()) return TakeLoosely(block, AsBytes(likely), nullptr);
    if (!block.has_end) return TakeLoosely(block, bytes, nullptr);
    const FlipSuspicion suspicion(bytes);
    TakeLoosely(block, bytes, &suspicion);
  }

  // The block with the one bit flipped that explains it, where its tensors are
  // not all in the data: the data may be damaged, too. Else empty.
  std::string FindLikely(const ScannedBlock& block, ByteView bytes) const {
    std::string likely;
    if (block.is_sound || !block.has_end) return likely;
    for (const BitPlace& place : FindBlockFlips(bytes)) {
      std::string flipped = FlipBit(bytes, place);
      if (!Parse(flipped)) continue;
      if (!likely.empty()) return {};
      likely = std::move(flipped);
    }
    return likely;
  }

  std::optional<BlockContents> Parse(std::string_view bytes) const {
    try {
      Scratch scratch;
      return ParseBlock(OpenBlock(AsBytes(bytes), &scratch));
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  void Add(const BlockContents& contents) {
    if (contents.header && !result_.header) result_.header = contents.header;
    result_.entries.insert(result_.entries.end(), contents.entries.begin(),
                           contents.entries.end());
  }

  // True if exactly one flipped bit explains the block.
  bool Mend(const ScannedBlock& block, ByteView bytes) {
    std::optional<BlockContents> found;
    std::string what;
    for (const BitPlace& place : FindBlockFlips(bytes)) {
      auto contents = Parse(FlipBit(bytes, place));
      if (!contents || !Fits(*contents, block)) continue;
      if (found) return false;
      found = std::move(contents);
      what = DescribeFlip(place, bytes.size());
    }
    if (!found) return false;
    Add(*found);
    Say("block at offset " + std::to_string(block.handle.offset) + ", size " +
        std::to_string(block.handle.size) + ": " + what +
        " was flipped, and is flipped back; its checksum fits, its keys rise, "
        "and all its tensors are in the data as it says");
    return true;
  }

  bool Fits(const BlockContents& contents, const ScannedBlock& block) {
    const bool is_first = block.handle.offset == 0;
    if (contents.header.has_value() != is_first) return false;
    if (contents.header &&
        (!IsLittleEndian(*contents.header) ||
         contents.header->num_shards != proof_.shard_count())) {
      return false;
    }
    if (!contents.entries.empty() && !result_.entries.empty() &&
        contents.entries.front().key <= result_.entries.back().key) {
      return false;
    }
    return std::all_of(
        contents.entries.begin(), contents.entries.end(), [&](const auto& it) {
          return it.entry.slices.empty() ? proof_.Agrees(it.entry)
                                         : HasMeaning(it.entry);
        });
  }

  // `suspicion` null: nothing is known of which bits were flipped.
  void TakeLoosely(const ScannedBlock& block, ByteView bytes,
                   const FlipSuspicion* suspicion) {
    Scratch decoded;
    ByteView contents =
        bytes.first(bytes.size() - (block.has_end ? kTrailerSize : 0));
    if (block.has_end && IsCompressed(bytes)) {
      contents = DecodeIfSound(contents, &decoded);
      suspicion = nullptr;  // a bit may have become several
    }
    const LooseBlock loose =
        ReadLoosely(contents, [&](std::string_view key, ByteView value) {
          Look();
          return JudgeEntry(key, value, &proof_);
        });
    if (!loose.is_whole) result_.is_whole = false;
    std::size_t kept = 0;
    for (const LooseEntry& entry : loose.entries) {
      Look();
      if (entry.key.empty()) {
        CheckOrder(ParseBundleHeader(entry.value));
      } else if (suspicion != nullptr &&
                 IsSuspected(entry.value, contents, *suspicion)) {
        result_.lost.push_back(entry.key);
      } else if (TakeEntry(entry)) {
        ++kept;
      }
    }
    Say("block at offset " + std::to_string(block.handle.offset) +
        ": it is damaged in more places than one, or cut; " +
        std::to_string(kept) +
        " of its entries agree with the data and are taken, but no checksum "
        "covers their names, types and shapes any more");
  }

  static void CheckOrder(const BundleHeader& header) {
    if (IsLittleEndian(header)) return;
    ThrowCorruption(
        "its header is damaged, and names big-endian order: the values cannot "
        "be told");
  }

  // Takes what the data agree with. Of a tensor without bytes nothing does, for
  // its shape may be any with a 0.
  bool TakeEntry(const LooseEntry& loose) {
    RecoveredEntry entry;
    entry.key = loose.key;
    ParseBundleEntry(loose.value, &entry.entry);
    const bool is_list = !entry.entry.slices.empty();
    if (is_list || (entry.entry.size > 0 && proof_.Agrees(entry.entry))) {
      result_.entries.push_back(std::move(entry));
      return true;
    }
    result_.lost.push_back(loose.key);
    return false;
  }

  const ByteView file_;
  const Interrupt& interrupted_;
  std::uint64_t looks_ = 0;
  const ScannedTable table_;
  DataProof& proof_;
  RecoveredIndex result_;
};

}  // namespace

RecoveredIndex RecoverIndex(const std::string& path, std::uint64_t max_bytes,
                            DataProof* proof, const Interrupt& interrupted) {
  return WithContext(Where{path, {}, {}}, [&] {
    const DataFile file(path, IoMode::kRead);
    if (file.size() > max_bytes) {
      ThrowUnsupported("an index of " + std::to_string(file.size()) +
                       " bytes is over the limit of " +
                       std::to_string(max_bytes));
    }
    Scratch scratch;
    const ByteView bytes =
        file.Fetch(0, static_cast<std::size_t>(file.size()), &scratch);
    RecoveredIndex found = Recovery(bytes, proof, interrupted).Run();
    if (found.header && found.header->num_shards != proof->shard_count() &&
        !found.entries.empty()) {
      ThrowCorruption("the header counts " +
                      std::to_string(found.header->num_shards) +
                      " data files, and " +
                      std::to_string(proof->shard_count()) + " were given");
    }
    if (found.entries.empty() && !found.repairs.empty()) {
      ThrowCorruption(
          "no entry of the index is left that its data files agree with");
    }
    return found;
  });
}

}  // namespace fastckpt::internal
