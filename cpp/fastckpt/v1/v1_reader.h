// V1Reader: V1 checkpoints, one file or a set of shards.
//
// A V1 file is a table that holds the data too: the record at the empty key
// lists tensors and their slices, every other record is one slice as a
// TensorProto. Opening checks footer, index block and the first block; a data
// block is checked when it is first read.
//
// Thread-safety: const methods are safe to call from many threads.
//
// Source: tensorflow/core/util/tensor_slice_reader.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/platform/data_file.h"
#include "fastckpt/proto/saved_slices.h"
#include "fastckpt/table/table_reader.h"
#include "fastckpt/v1/record_places.h"

namespace fastckpt::internal {

// One stored slice: its spelling and the file that has it.
struct V1Slice {
  SliceSpec spec;
  std::uint32_t file = 0;
};

struct V1Tensor {
  std::string name;
  std::int32_t dtype = 0;
  ShapeMessage shape;
  std::vector<V1Slice> slices;
};

// The record of one slice. What `message` views lies in `owner` or, when that
// is null, in the file's mapping.
struct V1Record {
  std::shared_ptr<const void> owner;
  std::vector<ByteView> message;
};

class V1Reader {
 public:
  // Opens the files in order, again if one was replaced before the last was
  // open. Throws Corruption, Unsupported, System (EBUSY if there is no end).
  V1Reader(const std::vector<std::string>& paths, IoMode mode);
  // The same of files that `open` opens, whose replacement is found beside each
  // read.
  using OpenFile = std::function<std::unique_ptr<DataFile>(const std::string&)>;
  V1Reader(const std::vector<std::string>& paths, const OpenFile& open);

  // In byte order of their names.
  const std::vector<V1Tensor>& tensors() const { return tensors_; }
  std::optional<std::size_t> Find(std::string_view name) const;

  // The files in the order in which they were given.
  std::size_t file_count() const { return files_.size(); }
  const DataFile& file(std::size_t i) const { return *files_[i]->data; }
  const TableReader& table(std::size_t i) const { return files_[i]->table; }

  // Where the block with a slice's record lies in a remote object.
  std::optional<RangeRequest> ReadRange(const V1Tensor& tensor,
                                        const V1Slice& slice) const;

  // The block that must hold a slice's record; throws Corruption if none can.
  std::size_t BlockOf(const V1Tensor& tensor, const V1Slice& slice) const;

  // Finds the record of a slice. `block` is BlockOf's, read and checked, and
  // `owner` keeps its memory (null for a mapping). Throws Corruption if the
  // record is missing, does not parse or is another slice's.
  V1Record FindRecord(const V1Tensor& tensor, const V1Slice& slice,
                      std::size_t block_index, const Block& block,
                      std::shared_ptr<const void> owner) const;

 private:
  struct File {
    explicit File(std::unique_ptr<DataFile> file);
    ~File();

    std::unique_ptr<DataFile> data;
    TableReader table;
    // One per block: filled by whoever comes first, without a lock.
    std::vector<std::atomic<const RecordPlaces*>> places;
  };

  const RecordPlaces& PlacesOf(std::size_t file, std::size_t index,
                               const Block& block) const;
  void Open(const std::vector<std::string>& paths, const OpenFile& open);
  bool IsUnchanged() const;
  void AddMeta(std::uint32_t file);
  void AddTensor(SavedSliceMeta&& meta, std::uint32_t file,
                 std::size_t known_count);
  std::optional<std::size_t> FindAmong(std::string_view name,
                                       std::size_t count) const;
  void SortTensors();

  std::vector<std::unique_ptr<File>> files_;
  std::vector<V1Tensor> tensors_;
};

// Tells the two formats apart by the record at the empty key: true for V1,
// false for a V2 index. Throws Corruption if the file is no such table.
bool IsV1Table(const DataFile& file);

}  // namespace fastckpt::internal
