// StridedArray: somebody's array in memory, and its elements in file order.
//
// A checkpoint holds elements dense, in C order and little-endian; an array has
// any strides and either byte order. GatherPlan takes one range of the dense
// form at a time, so that nobody needs a second copy of the whole.
//
// Thread-safety: immutable once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fastckpt/tensor/strided_plan.h"

namespace fastckpt::internal {

struct StridedArray {
  const std::uint8_t* data = nullptr;
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> strides;  // bytes, of any sign
  std::size_t item_size = 1;
  std::size_t swap_unit = 1;      // bytes to reverse together; 1 for none
  std::uint8_t byte_mask = 0xff;  // bits of each byte that are stored
};

class GatherPlan {
 public:
  // Keeps the array's pointer, not its vectors.
  explicit GatherPlan(const StridedArray& array);

  // Bytes of one element.
  std::size_t item_size() const { return item_size_; }

  // Copies bytes [offset, offset + size) of the dense form to `to` and gives
  // `crc` extended by what it stored there, whatever others do to the array
  // meanwhile.
  // REQUIRES: offset and size are multiples of the item size, in range.
  std::uint32_t Copy(std::uint32_t crc, std::uint64_t offset,
                     std::uint64_t size, std::uint8_t* to) const;

 private:
  StridedPlan plan_;
  const std::uint8_t* data_;
  std::size_t item_size_;
  std::size_t swap_unit_;
  std::uint8_t byte_mask_;
};

}  // namespace fastckpt::internal
