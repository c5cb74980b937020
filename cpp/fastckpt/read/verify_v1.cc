#include "fastckpt/read/verify_v1.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/read/fetch_ahead.h"
#include "fastckpt/read/problems.h"

namespace fastckpt::internal {
namespace {

bool IsBefore(const V1Slice& a, const V1Slice& b) {
  return std::tie(a.file, a.spec) < std::tie(b.file, b.spec);
}

// The slices of all tensors, each found in a few steps.
class SliceFinder {
 public:
  explicit SliceFinder(const V1Reader& reader) : reader_(reader) {
    for (const V1Tensor& tensor : reader.tensors()) {
      std::vector<std::uint32_t>& order = orders_.emplace_back();
      order.resize(tensor.slices.size());
      std::iota(order.begin(), order.end(), 0u);
      std::sort(order.begin(), order.end(), [&](auto a, auto b) {
        return IsBefore(tensor.slices[a], tensor.slices[b]);
      });
    }
  }

  // True if the key is that of a slice which the file lists.
  bool Lists(std::string_view key, std::uint32_t file) const {
    std::string name;
    V1Slice wanted{{}, file};
    if (!ParseSliceKey(key, &name, &wanted.spec)) return false;
    const auto slot = reader_.Find(name);
    if (!slot) return false;
    const std::vector<V1Slice>& slices = reader_.tensors()[*slot].slices;
    const std::vector<std::uint32_t>& order = orders_[*slot];
    const auto found = std::lower_bound(
        order.begin(), order.end(), wanted,
        [&](auto i, const auto& b) { return IsBefore(slices[i], b); });
    return found != order.end() && !IsBefore(wanted, slices[*found]);
  }

 private:
  const V1Reader& reader_;
  std::vector<std::vector<std::uint32_t>> orders_;  // of each tensor's slices
};

// Problems are numbered: blocks, then tensors, then records nobody lists.
class V1Verifier {
 public:
  V1Verifier(const V1Source& source, const RunOptions& options)
      : source_(source),
        reader_(source.reader()),
        options_(options),
        finder_(reader_),
        is_lost_(source.slot_count()) {}

  VerifyResult Run() {
    ListBlocks();
    ListRecords();
    if (options_.progress) options_.progress->total += result_.bytes_checked;
    result_.was_interrupted = !CheckBlocks();
    NameTensors();
    TellWrong();
    problems_.MoveTo(&result_.problems, &result_.damages);
    return std::move(result_);
  }

 private:
  void ListBlocks() {
    for (std::uint32_t file = 0; file < reader_.file_count(); ++file) {
      const TableReader& table = reader_.table(file);
      first_blocks_.push_back(blocks_.size());
      for (std::size_t block = 0; block < table.block_count(); ++block) {
        blocks_.push_back({file, block});
        result_.bytes_checked += table.handle(block).size;
      }
    }
  }

  // Where the records of all slices must be: each block is read once, and what
  // lies in it decoded then.
  void ListRecords() {
    records_.resize(blocks_.size());
    for (std::size_t slot = 0; slot < source_.slot_count(); ++slot) {
      const V1Tensor& tensor = reader_.tensors()[slot];
      if (!Try(slot, 0, [&] { source_.CheckMeaning(slot); })) continue;
      for (std::size_t i = 0; i < tensor.slices.size(); ++i) {
        Try(slot, i, [&] {
          const V1Slice& slice = tensor.slices[i];
          const std::size_t block = reader_.BlockOf(tensor, slice);
          records_[first_blocks_[slice.file] + block].emplace_back(slot, i);
        });
      }
    }
  }

  // Keeps the error of a tensor's first slice with one; true if none came.
  template <typename Work>
  bool Try(std::size_t slot, std::size_t slice, Work&& work) {
    try {
      WithName(source_, slot, std::forward<Work>(work));
      return true;
    } catch (const Error& error) {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto [known, is_new] = wrong_.try_emplace(slot, slice, error);
      if (!is_new && slice < known->second.first) {
        known->second = {slice, error};
      }
      return false;
    }
  }

  bool CheckBlocks() {
    const RangeFetcher* fetcher = source_.fetcher();
    if (fetcher == nullptr) return CheckBlocks(0, blocks_.size(), nullptr);
    const auto ranges_of = [&](std::size_t i) -> std::vector<RangeRequest> {
      const auto number = reader_.file(blocks_[i].file).remote()->number();
      const BlockHandle& handle = HandleOf(i);
      return {{number, handle.offset, handle.size + kTrailerSize}};
    };
    return WithRanges(
        *fetcher, {blocks_.size(), ranges_of, /*is_lenient=*/true}, options_,
        [&](std::size_t begin, std::size_t end, const FetchedRanges& fetched) {
          return CheckBlocks(begin, end, &fetched);
        });
  }

  bool CheckBlocks(std::size_t begin, std::size_t end,
                   const FetchedRanges* fetched) {
    return ParallelFor(
        end - begin, options_.threads,
        [&](std::size_t i) {
          const FetchedRanges::Scope scope(fetched);
          if (CheckBlock(begin + i)) DecodeRecords(begin + i);
          if (options_.progress) {
            options_.progress->done += HandleOf(begin + i).size;
          }
        },
        options_.interrupted);
  }

  const BlockHandle& HandleOf(std::size_t i) const {
    return reader_.table(blocks_[i].file).handle(blocks_[i].block);
  }

  // What the records of a block mean, which is right.
  void DecodeRecords(std::size_t i) {
    SeenFiles seen;
    for (const auto& [slot, slice] : records_[i]) {
      Try(slot, slice,
          std::bind_front(&V1Source::CheckSlice, &source_, slot, slice, &seen));
    }
  }

  // A record that the list of tensors does not name would be lost silently.
  bool CheckBlock(std::size_t i) {
    const auto [file, block] = blocks_[i];
    const TableReader& table = reader_.table(file);
    std::optional<std::string> unknown;
    const bool is_right = problems_.Catch(i, [&, file = file, block = block] {
      const FileStamp stamp = reader_.file(file).file().CheckStamp();
      BlockScratch scratch;
      const auto visit = [&](std::string_view key, ByteView) {
        if (unknown || key.empty()) return;
        if (!finder_.Lists(key, file)) unknown = key;
      };
      source_.StateOf({file, block}).Note(stamp, [&, block = block] {
        table.VisitBlock(block, table.ReadBlock(block, &scratch), visit);
        return true;
      });
    });
    if (!unknown) return is_right;
    problems_.Catch(blocks_.size() + source_.slot_count() + i, [&,
                                                                file = file] {
      ThrowCorruption("the record " + Quote(*unknown) +
                          " belongs to no tensor that the "
                          "file lists",
                      Where{reader_.file(file).path(), HandleOf(i).offset, {}});
    });
    return is_right;
  }

  // Looks again at blocks that are wrong: the cause may be seen there.
  void LookAtBlocks() {
    std::optional<DamageSigns> signs;
    std::uint32_t file = 0;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (!problems_.Find(i)) continue;
      // Elsewhere each glance would be a request.
      if (reader_.file(blocks_[i].file).remote() != nullptr) continue;
      if (!signs || blocks_[i].file != file) {
        file = blocks_[i].file;
        signs.emplace(reader_.file(file));
      }
      try {
        problems_.Note(i, FindSigns(HandleOf(i), file, &*signs));
      } catch (const Error&) {
        // Its bytes cannot be read, as the problem itself says.
      }
    }
  }

  // The block with its type, which the checksum behind them covers.
  Damage FindSigns(const BlockHandle& handle, std::uint32_t file,
                   DamageSigns* signs) const {
    Scratch scratch;
    const ByteView trailer = reader_.file(file).Read(
        handle.offset + handle.size, kTrailerSize, &scratch);
    Cursor cursor(trailer.subspan(1));
    std::uint32_t stored = 0;
    if (!cursor.TakeFixed32(&stored)) stored = 0;
    Damage damage =
        signs->Find(handle.offset, handle.size + 1, UnmaskCrc32c(stored));
    damage.size = handle.size + kTrailerSize;
    return damage;
  }

  // Says of each damaged block which tensors are in it.
  void NameTensors() {
    if (problems_.IsEmpty()) return;
    LookAtBlocks();
    for (std::size_t slot = 0; slot < source_.slot_count(); ++slot) {
      for (const V1Slice& slice : reader_.tensors()[slot].slices) {
        if (const auto block = FindBlock(slot, slice)) {
          NameTensor(slot, *block);
        }
      }
    }
  }

  // The block of a slice, if anything is wrong with it.
  std::optional<std::size_t> FindBlock(std::size_t slot, const V1Slice& slice) {
    try {
      const std::size_t block = first_blocks_[slice.file] +
                                reader_.BlockOf(reader_.tensors()[slot], slice);
      if (problems_.Find(block)) return block;
    } catch (const Error&) {
      // ListRecords has seen that the record is missing.
    }
    return std::nullopt;
  }

  void NameTensor(std::size_t slot, std::size_t block) {
    Error* error = problems_.Find(block);
    is_lost_[slot] = true;
    const Where tensor{{}, {}, std::string(source_.Name(slot))};
    if (!error->where().tensor) {
      error->AddContext(tensor);
    } else if (error->where().tensor != tensor.tensor) {
      const Where& where = error->where();
      problems_.Add(blocks_.size() + slot,
                    Error(error->kind(), error->message(),
                          Where{where.path, where.offset, tensor.tensor},
                          error->system_code()));
      problems_.NoteToo(blocks_.size() + slot, block);
    }
  }

  // What is wrong with tensors whose blocks are right.
  void TellWrong() {
    for (const auto& [slot, wrong] : wrong_) {
      if (!is_lost_[slot]) problems_.Add(blocks_.size() + slot, wrong.second);
    }
  }

  const V1Source& source_;
  const V1Reader& reader_;
  const RunOptions& options_;
  const SliceFinder finder_;
  VerifyResult result_;
  Problems problems_;
  std::vector<BlockPlace> blocks_;
  std::vector<std::size_t> first_blocks_;  // of each file, in blocks_
  // Of each block: slots, and which of their slices.
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> records_;
  std::mutex mutex_;
  // Of each slot: a slice, and what is wrong with it or with the tensor.
  std::map<std::size_t, std::pair<std::size_t, Error>> wrong_;
  std::vector<bool> is_lost_;  // tensors in damaged blocks
};

}  // namespace

VerifyResult VerifyV1(const V1Source& source, const RunOptions& options) {
  return V1Verifier(source, options).Run();
}

}  // namespace fastckpt::internal
