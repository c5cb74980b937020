// PackedPlaces: where packed fields of V1 tensors lie, noted when their block
// was read and checked, so that a part of one is read without the block.
//
// Thread-safety: safe, without a lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fastckpt/platform/file_reader.h"
#include "fastckpt/v1/v1_reader.h"

namespace fastckpt::internal {

// A field in a block, in the file as it was then.
struct PackedPlace {
  std::size_t block;
  std::uint64_t offset;
  std::uint64_t size;
  FileStamp stamp;
};

class PackedPlaces {
 public:
  // For the slices of these tensors.
  explicit PackedPlaces(const std::vector<V1Tensor>& tensors);
  ~PackedPlaces();
  PackedPlaces(const PackedPlaces&) = delete;
  PackedPlaces& operator=(const PackedPlaces&) = delete;

  // What was noted for a slice of a tensor; null if nothing was.
  const PackedPlace* Find(std::size_t slot, std::size_t slice) const;

  // Notes a place; the first that was noted stays.
  void Note(std::size_t slot, std::size_t slice, const PackedPlace& place);

 private:
  std::vector<std::size_t> first_;  // of each slot, in places_
  std::vector<std::atomic<const PackedPlace*>> places_;
};

}  // namespace fastckpt::internal
