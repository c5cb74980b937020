// TensorSource: one checkpoint's tensors as pieces of stored bytes, V2 or V1.
//
// The floors above ask it what there is and which pieces a region needs; they
// read, check and copy pieces without knowing the format. All that can be wrong
// with an entry's meaning is found here, before a result is allocated.
//
// Thread-safety: const methods are safe to call from many threads and in a
// forked child; none of them takes a lock.
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/read/check_state.h"
#include "fastckpt/read/region.h"
#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/slice.h"

namespace fastckpt::internal {

// A dense C-ordered part of a tensor. Either `file` is set and the bytes lie
// there under a checksum of their own, or they are in memory and were checked
// when the piece was made.
struct Piece {
  Box box;  // of no dimension: all of the tensor
  const DataFile* file = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t crc32c = 0;
  // Where the bytes are mapped for this piece alone; null: where all of `file`
  // is.
  const std::uint8_t* mapped = nullptr;
  // Whether it was found right, and the stamp of the file that is to be read;
  // null where nothing is left to be checked.
  CheckState* state = nullptr;
  FileStamp stamp = 0;
  ByteView memory;
  std::shared_ptr<const void> owner;  // keeps `memory`
};

// The elements of a part of a string tensor.
struct StringPiece {
  Box box;
  std::vector<std::uint64_t> sizes;
  ByteView bytes;
  std::shared_ptr<const void> owner;  // keeps `bytes`
};

// Where a part of a tensor lies, from the index alone.
struct PiecePlace {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  Box box;
};

// What the index says about a tensor, unchecked.
struct TensorFacts {
  std::string_view name;
  DType dtype = DType::kInvalid;
  Dims dims;
  std::uint64_t size = 0;
  bool has_size = false;
  // Of a plain tensor with a place of its own.
  bool has_place = false;
  std::int32_t shard = 0;
  std::int64_t offset = 0;
  std::uint32_t crc32c = 0;
};

// A tensor's bytes in the mapping of a file.
struct MappedView {
  const DataFile* file;
  ByteView bytes;
};

// Remembers what one call, or one of its threads, has seen: which files are
// unchanged, so that a load of many tensors asks the system once for each, and
// whatever else a source wants to know again for the next tensor.
class SeenFiles {
 public:
  // Throws Corruption if a file is no longer as long as it was. Asks once.
  void CheckSize(const DataFile& file);
  // The same; gives the file's stamp. Asks once.
  FileStamp CheckStamp(const DataFile& file);

  // A source's own memory between two tensors; of no type at first.
  template <typename Known>
  Known* Recall() {
    Known* known = std::any_cast<Known>(&memory_);
    return known ? known : &memory_.emplace<Known>();
  }

 private:
  struct Seen {
    const DataFile* file;
    std::optional<FileStamp> stamp;
  };

  Seen* Find(const DataFile& file);

  std::vector<Seen> seen_;
  std::any memory_;
};

// How the bytes of an item are to be read.
struct Layout {
  std::size_t item_size = 1;
  std::size_t swap_unit = 1;  // 1 where nothing is to be swapped
};

class TensorSource {
 public:
  virtual ~TensorSource() = default;

  // Slots are numbered in byte order of names; not every slot is a tensor.
  virtual std::size_t slot_count() const = 0;
  virtual std::size_t tensor_count() const = 0;
  virtual bool IsTensor(std::size_t slot) const = 0;
  // Of a tensor; a slot that is none is not found.
  virtual std::optional<std::size_t> Find(std::string_view name) const = 0;

  virtual std::string_view Name(std::size_t slot) const = 0;
  virtual DType TypeOf(std::size_t slot) const = 0;
  virtual Dims DimsOf(std::size_t slot) const = 0;
  // These and all else at once.
  virtual TensorFacts Facts(std::size_t slot) const = 0;
  virtual std::vector<SliceSpec> Slices(std::size_t slot) const = 0;
  // True if the tensor's bytes in the mapping are the array's.
  virtual bool IsView(std::size_t slot) const = 0;
  virtual Layout LayoutOf(std::size_t slot) const = 0;

  // Throws unless the dtype and the shape can become an array.
  virtual void CheckShape(std::size_t slot) const = 0;
  // Throws what is wrong with the meaning of an entry, its slices included.
  virtual void CheckMeaning(std::size_t slot) const = 0;

  // Appends the pieces that a region needs (null: the whole). A hole in the
  // region is Corruption. Strings are asked for below. The rule is for sources
  // that decode.
  virtual void AppendPieces(std::size_t slot, const Region* region,
                            CheckRule rule, SeenFiles* seen,
                            std::vector<Piece>* pieces) const = 0;
  virtual void AppendStrings(std::size_t slot, CheckRule rule, SeenFiles* seen,
                             std::vector<StringPiece>* pieces) const = 0;

  // The bytes of a tensor that is a view and needs no check any more, or
  // nothing: at most one fstat of work.
  virtual std::optional<MappedView> ReadyView(std::size_t slot, bool check,
                                              SeenFiles* seen) const = 0;

  // Where the array's bytes lie; Unsupported where stored bytes are not the
  // array's. Touches no data file of V2.
  virtual std::vector<PiecePlace> Places(std::size_t slot) const = 0;

  // True if AppendPieces reads and decodes, so that it pays to run it on many
  // threads and to hold few results at once.
  virtual bool DecodesPieces() const = 0;

  // Who fetches what lies elsewhere; null of files of this machine.
  virtual const RangeFetcher* fetcher() const { return nullptr; }
  // What AppendPieces and AppendStrings read of a tensor's objects by
  // themselves for a region (null: the whole), as far as the index tells it.
  virtual std::vector<RangeRequest> ReadRanges(std::size_t slot,
                                               const Region* region,
                                               CheckRule rule) const = 0;

  // Of the files whose replacement makes this another checkpoint: the index,
  // or each V1 file.
  virtual std::vector<FileIdentity> Identities() const = 0;
  // Where these lay when they were opened.
  virtual std::vector<std::string> IdentityPaths() const = 0;

  // Where the files that hold data lie, as far as they are there.
  virtual std::vector<std::string> DataPaths() const = 0;
  // The files that hold data and were opened so far.
  virtual std::vector<const DataFile*> OpenFiles() const = 0;
  // Closes those that only reading needs: what is known of the tensors stays.
  // Requires that no call which reads is under way or follows.
  virtual void CloseFiles() const {}

  // The size of the mapping of one of them; nothing if `mapping` is none.
  std::optional<std::uint64_t> MappingSize(const void* mapping) const;
  // The sizes of those of their mappings that nobody else holds.
  std::uint64_t OwnMappedBytes() const;

  // TensorFlow's listing, see debug_string.h.
  virtual std::string DebugString() const = 0;
};

// Runs `work` and names the slot's tensor in any Error that leaves it, with the
// checkpoint's file unless the Error has one or there are several.
template <typename Work>
auto WithName(const TensorSource& source, std::size_t slot, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (Error& error) {
    std::vector<std::string> paths = source.IdentityPaths();
    if (paths.size() != 1) paths = {""};
    error.AddContext(
        Where{std::move(paths.front()), {}, std::string(source.Name(slot))});
    throw;
  }
}

// Throws unless dtype and shape can become an array.
void CheckArray(DType dtype, std::size_t rank, bool unknown_rank, Dims dims);

// All of a tensor.
Box WholeBox(Dims dims);

// The slices of a tensor resolved and proved disjoint. Throws Corruption, which
// names the files of two that overlap if `where` gives them.
std::vector<Box> ResolveSlices(
    const std::vector<SliceSpec>& specs, Dims dims,
    const std::function<std::string(std::size_t)>& where = nullptr);

// How many elements of `region` lie in `box`.
std::uint64_t CountInside(const Box& box, const Region& region);

// Throws Corruption if the boxes, which are disjoint, leave a hole in `region`.
void CheckCovered(const std::vector<Box>& boxes, const Region& region);

}  // namespace fastckpt::internal
