// Reader: a Checkpoint as Python sees it; where the interpreter lock is let go.
//
// The lock is released once per call, wherever more than some 64 KiB are to be
// read, checked or copied, and never held while waiting for another thread.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/checkpoint.h"
#include "numpy_view.h"

namespace fastckpt {

// A region with the part of it that the caller keeps as dimensions.
struct ParsedRegion {
  Region region;
  std::vector<bool> keeps;

  std::vector<std::int64_t> KeptShape() const;
  // One stride per dimension of the tensor from those of the kept ones.
  std::vector<std::int64_t> Spread(
      const std::vector<std::int64_t>& strides) const;
};

class Reader {
 public:
  explicit Reader(std::unique_ptr<Checkpoint> checkpoint)
      : checkpoint_(std::move(checkpoint)) {}

  std::size_t Size() const { return source().tensor_count(); }
  pybind11::list Names() const;
  // The slots of Names.
  pybind11::list Slots() const;
  // The slot of a name, or None.
  pybind11::object Find(pybind11::handle name) const;
  pybind11::object Info(std::size_t slot) const;
  pybind11::list Infos() const;

  // A tensor's shape; throws unless it can be an array's.
  pybind11::object Shape(std::size_t slot) const;
  // Throws what is wrong with a region of a tensor, so that memory can be
  // taken for it.
  void Check(std::size_t slot, const pybind11::tuple& region) const;
  // Whether the file has the other byte order.
  bool IsSwapped(std::size_t slot) const;

  // ckpt[name]; throws KeyError for what is no name of a tensor.
  pybind11::object Get(pybind11::handle name, std::size_t threads);
  // The same for many slots.
  pybind11::list Take(const std::vector<std::size_t>& slots,
                      std::size_t threads, Progress* progress) const;
  // Writable copies.
  pybind11::list Copy(const std::vector<std::size_t>& slots,
                      std::size_t threads, Progress* progress) const;
  // A writable copy of a region: ((start, count, step, keep), ...).
  pybind11::object ReadRegion(std::size_t slot, const pybind11::tuple& region,
                              std::size_t threads) const;
  // Copies regions into arrays: [(slot, region, out), ...].
  void ReadInto(const pybind11::list& requests, std::size_t threads,
                Progress* progress) const;

  // (bytes checked, [exception, ...]).
  pybind11::tuple Verify(std::size_t threads, Progress* progress) const;

  // [(path, offset, nbytes, begin, extent), ...].
  pybind11::list Places(std::size_t slot) const;
  // [(path, offset, nbytes), ...].
  pybind11::list ByteRuns(std::size_t slot,
                          const pybind11::tuple& region) const;
  // [(path, size, resident bytes or None), ...] of files opened so far.
  pybind11::list OpenFiles() const;
  // TensorFlow's listing, see debug_string.h.
  pybind11::bytes DebugString() const;
  // (inode, size, mtime in ns) of the index, or of each V1 file.
  pybind11::list Identity() const;

 private:
  const TensorSource& source() const { return checkpoint_->source(); }
  bool IsString(std::size_t slot) const;
  // As TensorSource::Find; knows the name after the last one found, for those
  // who go through all of them.
  std::optional<std::size_t> FindNext(std::string_view name);
  ParsedRegion ParseRegion(std::size_t slot, const pybind11::tuple& dims) const;
  ReadRequest ParseRequest(const pybind11::tuple& request) const;
  std::vector<PiecePlace> FindPlaces(std::size_t slot) const;
  pybind11::object ReadStrings(std::size_t slot, bool is_writable) const;
  pybind11::object TakeOne(std::size_t slot, std::size_t threads) const;
  // The Python object that keeps an array's memory: one for all views of a
  // mapping, one of `others` for memory that this call made.
  PyObject* OwnerOf(const std::shared_ptr<const void>& owner,
                    OwnerCache* others) const;
  pybind11::list ToArrays(const std::vector<std::size_t>& slots,
                          const std::vector<ArrayBytes>& arrays,
                          bool is_writable) const;
  pybind11::list WithStrings(
      const std::vector<std::size_t>& slots, bool is_writable,
      pybind11::list (Reader::*read)(const std::vector<std::size_t>&,
                                     std::size_t, Progress*) const,
      std::size_t threads, Progress* progress) const;
  pybind11::list TakeArrays(const std::vector<std::size_t>& slots,
                            std::size_t threads, Progress* progress) const;
  pybind11::list CopyArrays(const std::vector<std::size_t>& slots,
                            std::size_t threads, Progress* progress) const;

  std::shared_ptr<const Checkpoint> checkpoint_;
  mutable OwnerCache mappings_;
  std::atomic<std::size_t> next_slot_{0};
};

}  // namespace fastckpt
