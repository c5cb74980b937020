// FloatCast with integers alone, for any processor, one number at a time.
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "fastckpt/codec/float_cast_internal.h"

namespace fastckpt::internal::float_cast {
namespace {

// A number is sign, exponent, mantissa; the exponent's offset is half its
// range.
template <typename Bits, int kMantissa>
struct Format {
  using Word = Bits;
  static constexpr int kWidth = 8 * sizeof(Bits);
  static constexpr int kMantissaBits = kMantissa;
  static constexpr int kExponentBits = kWidth - 1 - kMantissa;
  static constexpr int kMaxExponent = (1 << kExponentBits) - 1;
  static constexpr int kBias = kMaxExponent / 2;
};
using Double = Format<std::uint64_t, 52>;
using Float = Format<std::uint32_t, 23>;
using Half = Format<std::uint16_t, 10>;
using Bfloat16 = Format<std::uint16_t, 7>;

// value / 2^shift to nearest, ties to even.
std::uint64_t ShiftRounded(std::uint64_t value, int shift) {
  if (shift == 0) return value;
  if (shift > 62) return 0;  // value is far below half of that
  const std::uint64_t odd = (value >> shift) & 1;
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  return (value + half - 1 + odd) >> shift;
}

// As bits without a sign. A NaN is made quiet, as processors do it; of bfloat16
// it has no payload, and what is bfloat16 becomes float32 as it is.
template <typename From, typename To>
std::uint64_t Special(std::uint64_t mantissa) {
  constexpr int kShift = To::kMantissaBits - From::kMantissaBits;
  constexpr bool kIsShift = From::kExponentBits == To::kExponentBits;
  constexpr std::uint64_t kInfinity = std::uint64_t{To::kMaxExponent}
                                      << To::kMantissaBits;
  constexpr std::uint64_t kQuiet = std::uint64_t{1} << (To::kMantissaBits - 1);
  if (mantissa == 0) return kInfinity;
  if constexpr (kShift < 0) {
    const std::uint64_t payload = kIsShift ? 0 : mantissa >> -kShift;
    return kInfinity | kQuiet | payload;
  } else {
    return kInfinity | (kIsShift ? 0 : kQuiet) | mantissa << kShift;
  }
}

// The digits and their exponent are brought to the form of To: at least 1, with
// the leading digit where the exponent is above that. Adding the digits,
// leading one included, to the exponent less one carries as it should.
template <typename From, typename To>
std::uint64_t Finite(int exponent, std::uint64_t digits) {
  constexpr int kShift = To::kMantissaBits - From::kMantissaBits;
  constexpr std::uint64_t kLeading = std::uint64_t{1} << From::kMantissaBits;
  if (exponent == 0) {
    exponent = 1;
  } else {
    digits |= kLeading;
  }
  if (digits == 0) return 0;
  exponent += To::kBias - From::kBias;
  for (; exponent > 1 && digits < kLeading; --exponent) digits <<= 1;
  const int below = exponent < 1 ? 1 - exponent : 0;
  if (exponent < 1) exponent = 1;
  if (exponent >= To::kMaxExponent) return Special<From, To>(0);
  std::uint64_t rounded;
  if constexpr (kShift >= 0) {
    rounded = digits << kShift;
  } else {
    rounded = ShiftRounded(digits, below - kShift);
  }
  return (static_cast<std::uint64_t>(exponent - 1) << To::kMantissaBits) +
         rounded;
}

template <typename From, typename To>
std::uint64_t CastBits(std::uint64_t bits) {
  if (std::is_same_v<From, To>) return bits;
  constexpr std::uint64_t kMantissa =
      (std::uint64_t{1} << From::kMantissaBits) - 1;
  const std::uint64_t sign = bits >> (From::kWidth - 1) << (To::kWidth - 1);
  const std::uint64_t mantissa = bits & kMantissa;
  const int exponent =
      static_cast<int>(bits >> From::kMantissaBits) & From::kMaxExponent;
  const std::uint64_t size = exponent == From::kMaxExponent
                                 ? Special<From, To>(mantissa)
                                 : Finite<From, To>(exponent, mantissa);
  return sign | size;
}

template <typename Form>
bool IsInfinite(std::uint64_t bits) {
  constexpr std::uint64_t kInfinity = std::uint64_t{Form::kMaxExponent}
                                      << Form::kMantissaBits;
  constexpr std::uint64_t kSize = (std::uint64_t{1} << (Form::kWidth - 1)) - 1;
  return (bits & kSize) == kInfinity;
}

// Via: the type that numbers go through.
template <typename From, typename Via, typename To>
std::uint64_t Cast(const void* source, void* target, std::size_t count) {
  const auto* from = static_cast<const std::uint8_t*>(source);
  auto* to = static_cast<std::uint8_t*>(target);
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < count; ++i) {
    typename From::Word in;
    std::memcpy(&in, from + i * sizeof in, sizeof in);
    const std::uint64_t result = CastBits<Via, To>(CastBits<From, Via>(in));
    lost += IsInfinite<To>(result) && !IsInfinite<From>(in);
    const auto out = static_cast<typename To::Word>(result);
    std::memcpy(to + i * sizeof out, &out, sizeof out);
  }
  return lost;
}

}  // namespace

constinit const Table kPortable = {{
    {nullptr, Cast<Double, Double, Float>, Cast<Double, Double, Half>,
     Cast<Double, Float, Bfloat16>},
    {Cast<Float, Float, Double>, nullptr, Cast<Float, Float, Half>,
     Cast<Float, Float, Bfloat16>},
    {Cast<Half, Half, Double>, Cast<Half, Half, Float>, nullptr,
     Cast<Half, Float, Bfloat16>},
    {Cast<Bfloat16, Bfloat16, Double>, Cast<Bfloat16, Bfloat16, Float>,
     Cast<Bfloat16, Float, Half>, nullptr},
}};

}  // namespace fastckpt::internal::float_cast
