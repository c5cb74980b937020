#include "fastckpt/tensor/plane_copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace fastckpt::internal {
namespace {

template <typename Unit>
void SwapEach(std::uint8_t* bytes, std::uint64_t size) {
  for (std::uint64_t at = 0; at < size; at += sizeof(Unit)) {
    Unit unit;
    std::memcpy(&unit, bytes + at, sizeof unit);
    if constexpr (sizeof unit == 2) unit = __builtin_bswap16(unit);
    if constexpr (sizeof unit == 4) unit = __builtin_bswap32(unit);
    if constexpr (sizeof unit == 8) unit = __builtin_bswap64(unit);
    std::memcpy(bytes + at, &unit, sizeof unit);
  }
}

// The inner loop goes along the smaller step in memory, so that one cache line
// of it is used whole.
template <typename Byte, typename CopyRun>
void ForEachRun(const Plane& plane, Byte* file, CopyRun copy_run) {
  const bool by_rows = plane.rows == 1 ||
                       std::abs(plane.row_step) >= std::abs(plane.column_step);
  const std::uint64_t outer = by_rows ? plane.rows : plane.columns;
  const std::uint64_t inner = by_rows ? plane.columns : plane.rows;
  const std::int64_t outer_step = by_rows ? plane.row_step : plane.column_step;
  const std::int64_t inner_step = by_rows ? plane.column_step : plane.row_step;
  const std::uint64_t file_outer =
      by_rows ? plane.file_row_step : plane.file_column_step;
  const std::uint64_t file_inner =
      by_rows ? plane.file_column_step : plane.file_row_step;
  for (std::uint64_t i = 0; i < outer; ++i) {
    std::uint8_t* memory =
        plane.memory + static_cast<std::int64_t>(i) * outer_step;
    Byte* at = file + i * file_outer;
    for (std::uint64_t j = 0; j < inner; ++j) {
      copy_run(memory, at);
      memory += inner_step;
      at += file_inner;
    }
  }
}

// Calls `copy_run` with the size of a run, of a known one as a constant.
template <typename Byte, typename CopyRun>
void ForEachRunOf(std::uint64_t run, const Plane& plane, Byte* file,
                  const CopyRun& copy_run) {
  const auto with = [&](auto size) {
    ForEachRun(plane, file, [&](std::uint8_t* memory, Byte* at) {
      copy_run(memory, at, size);
    });
  };
  if (run == 1) return with(std::integral_constant<std::size_t, 1>());
  if (run == 2) return with(std::integral_constant<std::size_t, 2>());
  if (run == 4) return with(std::integral_constant<std::size_t, 4>());
  if (run == 8) return with(std::integral_constant<std::size_t, 8>());
  if (run == 16) return with(std::integral_constant<std::size_t, 16>());
  with(static_cast<std::size_t>(run));
}

}  // namespace

void Gatherer::CopyRun(std::uint8_t* memory, std::uint64_t offset,
                       std::uint64_t size) const {
  std::memcpy(file_ + (offset - begin_), memory,
              static_cast<std::size_t>(size));
}

void Gatherer::CopyPlane(const Plane& plane, std::uint64_t run) const {
  ForEachRunOf(run, plane, file_ + (plane.offset - begin_),
               [](std::uint8_t* memory, std::uint8_t* at, auto size) {
                 std::memcpy(at, memory, size);
               });
}

void Scatterer::CopyRun(std::uint8_t* memory, std::uint64_t offset,
                        std::uint64_t size) const {
  std::memcpy(memory, file_ + (offset - begin_),
              static_cast<std::size_t>(size));
  SwapUnits(memory, size, swap_unit_);
}

void Scatterer::CopyPlane(const Plane& plane, std::uint64_t run) const {
  const std::uint8_t* file = file_ + (plane.offset - begin_);
  if (swap_unit_ == 1) {
    ForEachRunOf(run, plane, file,
                 [](std::uint8_t* memory, const std::uint8_t* at, auto size) {
                   std::memcpy(memory, at, size);
                 });
    return;
  }
  ForEachRun(plane, file, [&](std::uint8_t* memory, const std::uint8_t* at) {
    std::memcpy(memory, at, static_cast<std::size_t>(run));
    SwapUnits(memory, run, swap_unit_);
  });
}

void SwapUnits(std::uint8_t* bytes, std::uint64_t size, std::size_t unit) {
  if (unit == 1) return;
  if (unit == 2) return SwapEach<std::uint16_t>(bytes, size);
  if (unit == 4) return SwapEach<std::uint32_t>(bytes, size);
  if (unit == 8) return SwapEach<std::uint64_t>(bytes, size);
  for (std::uint64_t at = 0; at < size; at += unit) {
    std::reverse(bytes + at, bytes + at + unit);
  }
}

}  // namespace fastckpt::internal
