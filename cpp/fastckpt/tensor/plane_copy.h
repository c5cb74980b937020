// Plane copy: runs of bytes that lie in rows and columns, in memory and in a
// file's form.
//
// Thread-safety: immutable; copies of disjoint bytes may run at the same time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastckpt::internal {

struct Plane {
  std::uint8_t* memory;
  std::uint64_t offset;  // in the file form
  std::uint64_t rows;
  std::uint64_t columns;
  std::int64_t row_step;  // in memory
  std::int64_t column_step;
  std::uint64_t file_row_step;
  std::uint64_t file_column_step;
};

// Both ways of a copy: a run, which may be a part of one, and a plane of whole
// ones. `file` is where byte `begin` of the file form lies.
class Gatherer {
 public:
  // From memory to the file form.
  Gatherer(std::uint8_t* file, std::uint64_t begin)
      : file_(file), begin_(begin) {}

  // Copies `size` bytes that lie dense on both sides.
  void CopyRun(std::uint8_t* memory, std::uint64_t offset,
               std::uint64_t size) const;
  // Copies rows times columns runs of `run` bytes each.
  void CopyPlane(const Plane& plane, std::uint64_t run) const;

 private:
  std::uint8_t* file_;
  std::uint64_t begin_;
};

// Reverses the bytes of each unit on the way.
class Scatterer {
 public:
  // From the file form to memory.
  Scatterer(const std::uint8_t* file, std::uint64_t begin,
            std::size_t swap_unit)
      : file_(file), begin_(begin), swap_unit_(swap_unit) {}

  // Copies `size` bytes that lie dense on both sides.
  void CopyRun(std::uint8_t* memory, std::uint64_t offset,
               std::uint64_t size) const;
  // Copies rows times columns runs of `run` bytes each.
  void CopyPlane(const Plane& plane, std::uint64_t run) const;

 private:
  const std::uint8_t* file_;
  std::uint64_t begin_;
  std::size_t swap_unit_;
};

// Reverses the bytes of each unit; 1 for none.
void SwapUnits(std::uint8_t* bytes, std::uint64_t size, std::size_t unit);

}  // namespace fastckpt::internal
