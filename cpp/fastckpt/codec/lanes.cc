#include "fastckpt/codec/lanes.h"

#include <cstdint>

#include "fastckpt/codec/vector_level.h"

namespace fastckpt::internal {
namespace {

std::optional<lanes::Kind> LaneKindOf(DType dtype) {
  switch (dtype) {
    case DType::kDouble:
      return lanes::Kind::kDouble;
    case DType::kFloat:
      return lanes::Kind::kFloat;
    case DType::kHalf:
      return lanes::Kind::kHalf;
    case DType::kBfloat16:
      return lanes::Kind::kBfloat16;
    case DType::kInt16:
    case DType::kQint16:
      return lanes::Kind::kInt16;
    case DType::kUint16:
    case DType::kQuint16:
      return lanes::Kind::kUint16;
    case DType::kInt32:
    case DType::kQint32:
      return lanes::Kind::kInt32;
    case DType::kUint32:
      return lanes::Kind::kUint32;
    case DType::kInt64:
      return lanes::Kind::kInt64;
    case DType::kUint64:
      return lanes::Kind::kUint64;
    default:
      return std::nullopt;
  }
}

// Fastest first. A processor that can run one can run those after it.
constexpr LaneRoutines kLaneRoutines[] = {
#if defined(__x86_64__)
    {"avx512", &lanes::kAvx512},
    {"avx2", &lanes::kAvx2},
#endif
    {"portable", &lanes::kPortable},
};

}  // namespace

const lanes::Functions* LaneRoutines::Find(DType dtype) const {
  const std::optional<lanes::Kind> kind = LaneKindOf(dtype);
  return kind ? &table->functions[static_cast<std::size_t>(*kind)] : nullptr;
}

std::span<const LaneRoutines> AvailableLanes() {
  return std::span(kLaneRoutines).subspan(FirstVectorRoutine());
}

}  // namespace fastckpt::internal
