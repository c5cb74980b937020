#include "fastckpt/codec/float_cast.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

#include "fastckpt/codec/float_cast_internal.h"
#include "fastckpt/codec/vector_level.h"
#include "fastckpt/platform/float_mode.h"

namespace fastckpt::internal {
namespace {

std::optional<float_cast::Kind> FloatKindOf(DType dtype) {
  if (dtype == DType::kDouble) return float_cast::Kind::kDouble;
  if (dtype == DType::kFloat) return float_cast::Kind::kFloat;
  if (dtype == DType::kHalf) return float_cast::Kind::kHalf;
  if (dtype == DType::kBfloat16) return float_cast::Kind::kBfloat16;
  return std::nullopt;
}

template <const float_cast::Table* kTable>
CastFunction FindIn(DType from, DType to) {
  const std::optional<float_cast::Kind> row = FloatKindOf(from);
  const std::optional<float_cast::Kind> column = FloatKindOf(to);
  if (!row || !column) return nullptr;
  return kTable->functions[static_cast<std::size_t>(*row)]
                          [static_cast<std::size_t>(*column)];
}

// Fastest first. A processor that can run one can run those after it.
constexpr FloatCastRoutines kFloatCastRoutines[] = {
#if defined(__x86_64__)
    {"avx512", FindIn<&float_cast::kAvx512>},
    {"avx2-f16c", FindIn<&float_cast::kAvx2>},
#elif defined(__aarch64__)
    {"neon", FindIn<&float_cast::kArm64>},
#endif
    {"portable", FindIn<&float_cast::kPortable>},
};

}  // namespace

bool CanCast(DType from, DType to) {
  return from != to && FloatKindOf(from) && FloatKindOf(to);
}

std::uint64_t CastFloats(DType from, DType to, const void* source, void* target,
                         std::size_t count) {
  const CastFunction cast = AvailableFloatCasts().front().find(from, to);
  const auto* in = static_cast<const std::uint8_t*>(source);
  auto* out = static_cast<std::uint8_t*>(target);
  const PlainFloatMode mode;
  std::uint64_t lost = 0;
  while (count > 0) {
    const std::size_t some = std::min(count, kMaxCastCount);
    lost += cast(in, out, some);
    in += some * ElementSize(from);
    out += some * ElementSize(to);
    count -= some;
  }
  return lost;
}

std::span<const FloatCastRoutines> AvailableFloatCasts() {
  return std::span(kFloatCastRoutines).subspan(FirstVectorRoutine());
}

}  // namespace fastckpt::internal
