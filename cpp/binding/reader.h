// Reader: a CheckpointReader as Python sees it; where the interpreter lock is
// let go.
//
// The lock is never held while waiting for another thread (see lock.h).
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "array_maker.h"
#include "call_progress.h"
#include "fastckpt/read/checkpoint_reader.h"
#include "fastckpt/read/gather.h"
#include "region_argument.h"

namespace fastckpt::internal {

// An open checkpoint as Python holds it; every method needs the GIL.
class Reader {
 public:
  // Takes a checkpoint that is open.
  explicit Reader(std::unique_ptr<CheckpointReader> checkpoint)
      : checkpoint_(std::move(checkpoint)), arrays_(checkpoint_->source()) {}

  ~Reader();

  // Others may share it: infos of tensors live on without this.
  const std::shared_ptr<const CheckpointReader>& checkpoint() const {
    return checkpoint_;
  }
  // What the checkpoint says of its tensors; lives as long as checkpoint().
  const TensorSource& source() const { return checkpoint_->source(); }

  // The slot of a name, or None.
  pybind11::object Find(pybind11::handle name) const;
  bool IsString(std::size_t slot) const;
  // Whether the file has the other byte order.
  bool IsSwapped(std::size_t slot) const;

  // What a region takes of a tensor. Throws unless both can be an array's.
  ParsedRegion ParseRegion(std::size_t slot, pybind11::handle region) const;
  // Throws what is wrong with a region of a tensor, so that memory can be
  // taken for it.
  void Check(std::size_t slot, pybind11::handle region) const;

  // The slot of a name; throws KeyError for what is no name of a tensor.
  std::size_t SlotOf(pybind11::handle name) const;

  // ckpt[name].
  pybind11::object Get(std::size_t slot, std::size_t threads) const;
  // The same for many slots.
  pybind11::list Take(const std::vector<std::size_t>& slots,
                      std::size_t threads, CallProgress* progress) const;
  // Writable copies.
  pybind11::list Copy(const std::vector<std::size_t>& slots,
                      std::size_t threads, CallProgress* progress) const;
  // A writable copy of a region.
  pybind11::object Read(std::size_t slot, pybind11::handle region,
                        std::size_t threads, bool steadily = false,
                        std::optional<bool> check = {}) const;
  // Copies regions into arrays: [(slot, region, out), ...]; with `checks_first`
  // all is checked before anything is written.
  void ReadInto(const pybind11::list& requests, std::size_t threads,
                CallProgress* progress, bool checks_first) const;

  // (bytes checked, [exception, ...]).
  pybind11::tuple Verify(std::size_t threads, CallProgress* progress) const;
  // The same, and of each exception what the stored bytes look like, or None.
  pybind11::tuple VerifyClosely(std::size_t threads,
                                CallProgress* progress) const;

 private:
  // As TensorSource::Find; knows the name after the last one found, for those
  // who go through all of them.
  std::optional<std::size_t> FindNext(std::string_view name) const;
  // Regions, and those of them that have a list of indices.
  struct Requests {
    std::vector<ReadRequest> regions;
    std::vector<GatherRequest> rows;
  };
  void ParseRequest(const pybind11::tuple& request, Requests* parsed) const;
  pybind11::object TakeOne(std::size_t slot, std::size_t threads) const;
  pybind11::list WithStrings(
      const std::vector<std::size_t>& slots, bool is_writable,
      pybind11::list (Reader::*read)(const std::vector<std::size_t>&,
                                     std::size_t, CallProgress*) const,
      std::size_t threads, CallProgress* progress) const;
  pybind11::list TakeArrays(const std::vector<std::size_t>& slots,
                            std::size_t threads, CallProgress* progress) const;
  pybind11::list CopyArrays(const std::vector<std::size_t>& slots,
                            std::size_t threads, CallProgress* progress) const;

  std::shared_ptr<const CheckpointReader> checkpoint_;
  mutable ArrayMaker arrays_;
  mutable std::atomic<std::size_t> next_slot_{0};
};

// The Reader in a Python object, null if that is none.
const Reader* ReaderIn(PyObject* object);

}  // namespace fastckpt::internal
