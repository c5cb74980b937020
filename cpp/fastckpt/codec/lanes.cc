#include "fastckpt/codec/lanes.h"

#include <cstdint>

#include "fastckpt/codec/vector_level.h"

namespace fastckpt::internal {
namespace {

using lanes::Kind;

std::optional<Kind> KindOf(DType dtype) {
  switch (dtype) {
    case DType::kDouble:
      return Kind::kDouble;
    case DType::kFloat:
      return Kind::kFloat;
    case DType::kHalf:
      return Kind::kHalf;
    case DType::kBfloat16:
      return Kind::kBfloat16;
    case DType::kInt16:
    case DType::kQint16:
      return Kind::kInt16;
    case DType::kUint16:
    case DType::kQuint16:
      return Kind::kUint16;
    case DType::kInt32:
    case DType::kQint32:
      return Kind::kInt32;
    case DType::kUint32:
      return Kind::kUint32;
    case DType::kInt64:
      return Kind::kInt64;
    case DType::kUint64:
      return Kind::kUint64;
    default:
      return std::nullopt;
  }
}

// Fastest first. A processor that can run one can run those after it.
constexpr LaneRoutines kRoutines[] = {
#if defined(__x86_64__)
    {"avx512", &lanes::kAvx512},
    {"avx2", &lanes::kAvx2},
#endif
    {"portable", &lanes::kPortable},
};

}  // namespace

const lanes::Functions* LaneRoutines::Find(DType dtype) const {
  const std::optional<Kind> kind = KindOf(dtype);
  return kind ? &table->functions[static_cast<std::size_t>(*kind)] : nullptr;
}

std::span<const LaneRoutines> AvailableLanes() {
  return std::span(kRoutines).subspan(FirstVectorRoutine());
}

}  // namespace fastckpt::internal
