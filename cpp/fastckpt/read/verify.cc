#include "fastckpt/read/verify.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <utility>

#include "fastckpt/bundle/shard_name.h"
#include "fastckpt/bundle/string_tensor.h"
#include "fastckpt/read/slot_groups.h"

namespace fastckpt {
namespace {

// Problems by slot, from any thread; the first of each slot is kept.
class Problems {
 public:
  void Add(std::size_t slot, const Error& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    by_slot_.emplace(slot, error);
  }

  // Runs `work` and keeps the Error that leaves it; true if none did.
  template <typename Work>
  bool Catch(std::size_t slot, Work&& work) {
    try {
      std::forward<Work>(work)();
      return true;
    } catch (const Error& error) {
      Add(slot, error);
      return false;
    }
  }

  std::vector<Error> Take() {
    std::vector<Error> errors;
    for (auto& [slot, error] : by_slot_) errors.push_back(std::move(error));
    return errors;
  }

 private:
  std::mutex mutex_;
  std::map<std::size_t, Error> by_slot_;
};

class BundleVerifier {
 public:
  BundleVerifier(const BundleSource& source, const RunOptions& options)
      : source_(source), options_(options) {}

  VerifyResult Run() {
    CheckIndex();
    FindTensors();
    for (std::size_t slot = 0; slot < source_.slot_count(); ++slot) {
      Catch(slot, [&] { Prepare(slot); });
    }
    RunOptions options = options_;
    options.on_error = [&](std::size_t task, const Error& error) {
      problems_.Add(task_slots_[task], error);
    };
    std::vector<PieceTask> tasks = Tasks();
    result_.was_interrupted = !RunTasks(tasks, options) || !CheckEncoded();
    for (Error& error : problems_.Take()) {
      result_.problems.push_back(std::move(error));
    }
    return std::move(result_);
  }

 private:
  // The index may have changed since it was opened.
  void CheckIndex() {
    Problems problems;
    problems.Catch(0, [&] {
      const BundleIndex again(IndexName(source_.prefix()), UINT64_MAX);
      result_.bytes_checked += again.file_size();
      if (again.identity() == source_.index().identity()) return;
      ThrowCorruption("the index was replaced since the checkpoint was opened",
                      Where{IndexName(source_.prefix()), {}, {}});
    });
    result_.problems = problems.Take();
  }

  // A stored slice is a part of a tensor, which is what people know by name.
  void FindTensors() {
    const BundleIndex& index = source_.index();
    tensors_.resize(index.entry_count());
    for (std::size_t slot = 0; slot < tensors_.size(); ++slot) {
      if (!index.entry(slot).is_hidden) tensors_[slot] = slot;
      for (const SliceSpec& spec : index.slices(slot)) {
        const auto part = index.Find(SliceKey(index.name(slot), spec));
        if (part && index.entry(*part).is_hidden) tensors_[*part] = slot;
      }
    }
  }

  std::string_view TensorName(std::size_t slot) const {
    return source_.index().name(tensors_[slot]);
  }

  // Runs `work`, keeps the Error that leaves it and names the slot's tensor.
  template <typename Work>
  void Catch(std::size_t slot, Work&& work) {
    problems_.Catch(slot, [&] {
      WithContext(Where{{}, {}, std::string(TensorName(slot))},
                  std::forward<Work>(work));
    });
  }

  // Checks an entry's meaning and notes what of it is stored.
  void Prepare(std::size_t slot) {
    const DType dtype = source_.Facts(slot).dtype;
    const bool is_variant = dtype == DType::kVariant;
    if (!is_variant) source_.CheckMeaning(slot);
    if (source_.index().IsSliced(slot)) return;
    Piece piece = source_.StoredPiece(slot, &seen_);
    result_.bytes_checked += piece.size;
    if (is_variant || dtype == DType::kString) {
      encoded_.emplace_back(slot, std::move(piece));
    } else {
      task_slots_.push_back(slot);
      pieces_.push_back(std::move(piece));
    }
  }

  std::vector<PieceTask> Tasks() {
    std::vector<std::size_t> order(pieces_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      return std::pair(pieces_[a].file, pieces_[a].offset) <
             std::pair(pieces_[b].file, pieces_[b].offset);
    });
    std::vector<PieceTask> tasks;
    std::vector<std::size_t> slots;
    for (const std::size_t i : order) {
      PieceTask& task = tasks.emplace_back();
      task.piece = &pieces_[i];
      task.name = TensorName(task_slots_[i]);
      slots.push_back(task_slots_[i]);
    }
    task_slots_ = std::move(slots);
    return tasks;
  }

  // Strings and variants have checksums over more than their bytes.
  bool CheckEncoded() {
    return ParallelFor(
        encoded_.size(), options_.threads,
        [&](std::size_t i) {
          // Not a structured binding: clang 14 captures none in a lambda.
          const std::size_t slot = encoded_[i].first;
          const Piece& piece = encoded_[i].second;
          Catch(slot, [&] { CheckPiece(slot, piece); });
        },
        options_.interrupted);
  }

  void CheckPiece(std::size_t slot, const Piece& piece) const {
    WithContext(Where{piece.file->path(), piece.offset, {}}, [&] {
      const TensorFacts facts = source_.Facts(slot);
      Scratch scratch;
      const ByteView stored = piece.file->Fetch(
          piece.offset, static_cast<std::size_t>(piece.size), &scratch);
      const std::uint64_t count = ElementCount(facts.dims);
      if (facts.dtype == DType::kVariant) {
        CheckVariants(stored, count, piece.crc32c);
      } else {
        ParseStrings(stored, count, piece.crc32c,
                     source_.index().header().endianness == 1, true);
      }
    });
  }

  const BundleSource& source_;
  const RunOptions& options_;
  VerifyResult result_;
  Problems problems_;
  SeenFiles seen_;
  std::vector<std::size_t> tensors_;     // the slot of each slot's tensor
  std::vector<std::size_t> task_slots_;  // the slot of each piece or task
  std::vector<Piece> pieces_;
  std::vector<std::pair<std::size_t, Piece>> encoded_;
};

class V1Verifier {
 public:
  V1Verifier(const V1Source& source, const RunOptions& options)
      : source_(source), reader_(source.reader()), options_(options) {}

  VerifyResult Run() {
    for (std::size_t file = 0; file < reader_.file_count(); ++file) {
      const TableReader& table = reader_.table(file);
      for (std::size_t block = 0; block < table.block_count(); ++block) {
        blocks_.emplace_back(file, block);
        result_.bytes_checked += table.handle(block).size;
      }
    }
    if (options_.progress) options_.progress->total += result_.bytes_checked;
    result_.was_interrupted = !CheckBlocks() || !CheckTensors();
    result_.problems = problems_.Take();
    return std::move(result_);
  }

 private:
  bool CheckBlocks() {
    return ParallelFor(
        blocks_.size(), options_.threads,
        [&](std::size_t i) {
          const std::size_t file = blocks_[i].first;
          const std::size_t block = blocks_[i].second;
          problems_.Catch(i, [&] { CheckBlock(file, block); });
          if (options_.progress) {
            options_.progress->done += reader_.table(file).handle(block).size;
          }
        },
        options_.interrupted);
  }

  void CheckBlock(std::size_t file, std::size_t block) const {
    reader_.file(file).file().CheckSize();
    const TableReader& table = reader_.table(file);
    BlockScratch scratch;
    table.VisitBlock(block, table.ReadBlock(block, &scratch),
                     [&](std::string_view key, ByteView) {
                       if (!key.empty()) CheckKnown(key, file);
                     });
  }

  // A record that the list of tensors does not name would be lost silently.
  void CheckKnown(std::string_view key, std::size_t file) const {
    std::string name;
    SliceSpec spec;
    if (ParseSliceKey(key, &name, &spec)) {
      const auto slot = reader_.Find(name);
      if (slot && Lists(reader_.tensors()[*slot], spec, file)) return;
    }
    ThrowCorruption("the record " + Quote(key) +
                    " belongs to no tensor that the file lists");
  }

  static bool Lists(const V1Tensor& tensor, const SliceSpec& spec,
                    std::size_t file) {
    return std::any_of(tensor.slices.begin(), tensor.slices.end(),
                       [&](const V1Slice& slice) {
                         return slice.file == file && slice.spec == spec;
                       });
  }

  // Blocks were checked; what is left is what the records mean. Problems of
  // tensors are listed behind those of blocks.
  bool CheckTensors() {
    std::vector<std::size_t> slots(source_.slot_count());
    std::iota(slots.begin(), slots.end(), std::size_t{0});
    const auto check = [&](std::size_t slot, SeenFiles* seen) {
      problems_.Catch(blocks_.size() + slot, [&] {
        WithName(source_, slot, [&] { Decode(slot, seen); });
      });
    };
    return ForEachSlot(source_, slots, options_, check);
  }

  void Decode(std::size_t slot, SeenFiles* seen) const {
    if (source_.Facts(slot).dtype == DType::kString) {
      std::vector<StringPiece> strings;
      source_.AppendStrings(slot, false, seen, &strings);
    } else {
      std::vector<Piece> pieces;
      source_.AppendPieces(slot, nullptr, false, seen, &pieces);
    }
  }

  const V1Source& source_;
  const V1Reader& reader_;
  const RunOptions& options_;
  VerifyResult result_;
  Problems problems_;
  std::vector<std::pair<std::size_t, std::size_t>> blocks_;  // file, block
};

}  // namespace

VerifyResult VerifyBundle(const BundleSource& source,
                          const RunOptions& options) {
  return BundleVerifier(source, options).Run();
}

VerifyResult VerifyV1(const V1Source& source, const RunOptions& options) {
  return V1Verifier(source, options).Run();
}

}  // namespace fastckpt
