// Every routine that the processor can run, and the public entry, go through
// the same tests; see AllRoutines.
#include "fastckpt/codec/float_cast.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fastckpt::internal::float_cast_test {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Words = std::vector<std::uint64_t>;  // the bits of one number each

// What a type's numbers look like, for a reference that knows no bits.
struct Form {
  DType dtype;
  std::size_t size;
  int digits;  // of the mantissa, without the leading one
  int lowest;  // exponent of the smallest normal number
  int highest;
};
constexpr Form kDouble = {DType::kDouble, 8, 52, -1022, 1023};
constexpr Form kFloat = {DType::kFloat, 4, 23, -126, 127};
constexpr Form kHalf = {DType::kHalf, 2, 10, -14, 15};
constexpr Form kBfloat16 = {DType::kBfloat16, 2, 7, -126, 127};
constexpr Form kForms[] = {kDouble, kFloat, kHalf, kBfloat16};

double Decode(const Form& form, std::uint64_t bits) {
  if (form.dtype == DType::kDouble) return std::bit_cast<double>(bits);
  const int width = static_cast<int>(form.size) * 8;
  const double sign = (bits >> (width - 1)) != 0 ? -1 : 1;
  const int exponent =
      static_cast<int>(bits >> form.digits) & (2 * form.highest + 1);
  const auto mantissa =
      static_cast<double>(bits & ((std::uint64_t{1} << form.digits) - 1));
  if (exponent > 2 * form.highest) {
    return mantissa != 0 ? std::copysign(std::nan(""), sign)
                         : sign * std::numeric_limits<double>::infinity();
  }
  const double leading = exponent == 0 ? 0 : std::ldexp(1, form.digits);
  return sign * std::ldexp(leading + mantissa, std::max(exponent, 1) - 1 +
                                                   form.lowest - form.digits);
}

// To the nearest number of the form, ties to even, as a double.
double Round(const Form& form, double value) {
  if (form.dtype == DType::kDouble || value == 0 || !std::isfinite(value)) {
    return value;
  }
  const int step = std::max(std::ilogb(value), form.lowest) - form.digits;
  // Both are exact but for numbers that are far too small.
  const double rounded =
      std::ldexp(std::nearbyint(std::ldexp(value, -step)), step);
  if (std::abs(rounded) < std::ldexp(1, form.highest + 1)) {
    return rounded == 0 ? std::copysign(0.0, value) : rounded;
  }
  return std::copysign(std::numeric_limits<double>::infinity(), value);
}

double Expected(const Form& from, const Form& to, std::uint64_t bits) {
  double value = Decode(from, bits);
  if (from.dtype == DType::kDouble && to.dtype == DType::kBfloat16) {
    value = Round(kFloat, value);
  }
  return Round(to, value);
}

Bytes Pack(const Form& form, const Words& words) {
  Bytes bytes(words.size() * form.size);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::memcpy(&bytes[i * form.size], &words[i], form.size);
  }
  return bytes;
}

Words Unpack(const Form& form, const Bytes& bytes) {
  Words words(bytes.size() / form.size);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::memcpy(&words[i], &bytes[i * form.size], form.size);
  }
  return words;
}

CastFunction FindPublic(DType from, DType to) {
  static constexpr CastFunction kNone = nullptr;
  static DType wanted_from;
  static DType wanted_to;
  if (!CanCast(from, to)) return kNone;
  wanted_from = from;
  wanted_to = to;
  return [](const void* source, void* target, std::size_t count) {
    return CastFloats(wanted_from, wanted_to, source, target, count);
  };
}

std::vector<FloatCastRoutines> AllRoutines() {
  const auto available = AvailableFloatCasts();
  std::vector<FloatCastRoutines> all(available.begin(), available.end());
  all.push_back({"public", FindPublic});
  return all;
}

class FloatCastTest : public testing::TestWithParam<FloatCastRoutines> {
 protected:
  // Casts numbers and compares each with the reference, and the count.
  void Check(const Form& from, const Form& to, const Words& words) {
    Bytes target(words.size() * to.size);
    const Bytes source = Pack(from, words);
    const std::uint64_t lost = GetParam().find(from.dtype, to.dtype)(
        source.data(), target.data(), words.size());
    const Words found = Unpack(to, target);
    std::uint64_t expected_lost = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const double expected = Expected(from, to, words[i]);
      const double result = Decode(to, found[i]);
      const bool is_same =
          std::isnan(expected) ? std::isnan(result) : result == expected;
      ASSERT_TRUE(is_same && std::signbit(result) == std::signbit(expected))
          << DTypeName(from.dtype) << " " << std::hex << words[i] << " to "
          << DTypeName(to.dtype) << " is " << found[i] << ", not "
          << std::hexfloat << expected;
      expected_lost +=
          std::isinf(expected) && std::isfinite(Decode(from, words[i]));
    }
    EXPECT_EQ(lost, expected_lost);
  }

  void CheckToEach(const Form& from, const Words& words) {
    for (const Form& to : kForms) {
      if (to.dtype != from.dtype) Check(from, to, words);
    }
  }
};

std::string TestName(const testing::TestParamInfo<FloatCastRoutines>& test) {
  std::string name = test.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, FloatCastTest, testing::ValuesIn(AllRoutines()),
                         TestName);

Words AllSixteenBits() {
  Words words(1 << 16);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = i;
  return words;
}

TEST_P(FloatCastTest, RoundsEveryHalf) { CheckToEach(kHalf, AllSixteenBits()); }

TEST_P(FloatCastTest, RoundsEveryBfloat16) {
  CheckToEach(kBfloat16, AllSixteenBits());
}

TEST_P(FloatCastTest, RoundsRandomBits) {
  std::mt19937_64 random(1);
  Words floats(300'000);
  Words doubles(floats.size());
  for (auto& word : floats) word = random() >> 32;
  for (auto& word : doubles) word = random();
  CheckToEach(kFloat, floats);
  CheckToEach(kDouble, doubles);
}

// Between each two neighbours of a 16-bit type, and one bit to either side of
// that: ties, subnormal ones, zero and the border of infinity included.
Words Halfways(const Form& form, const Form& narrow) {
  Words words;
  for (std::uint64_t bits = 0; bits < 0x8000; ++bits) {
    const double low = Decode(narrow, bits);
    double high = Decode(narrow, bits + 1);
    if (!std::isfinite(low)) break;
    if (std::isinf(high)) high = std::ldexp(1, narrow.highest + 1);
    const double tie = (low + high) / 2;
    const std::uint64_t at =
        form.dtype == DType::kDouble
            ? std::bit_cast<std::uint64_t>(tie)
            : std::bit_cast<std::uint32_t>(static_cast<float>(tie));
    for (const std::uint64_t near : {at - 1, at, at + 1}) {
      words.push_back(near);
      words.push_back(near | std::uint64_t{1} << (form.size * 8 - 1));
    }
  }
  return words;
}

TEST_P(FloatCastTest, RoundsTiesAndTheirNeighbours) {
  for (const Form& narrow : {kHalf, kBfloat16}) {
    CheckToEach(kFloat, Halfways(kFloat, narrow));
    CheckToEach(kDouble, Halfways(kDouble, narrow));
  }
}

// Ties of float32 as doubles, of each exponent; those beside a tie of float16
// or bfloat16 would be rounded twice.
TEST_P(FloatCastTest, RoundsDoublesBesideTiesOfFloats) {
  std::mt19937_64 random(2);
  Words words;
  for (std::uint64_t exponent = 0; exponent < 2047; ++exponent) {
    for (const std::uint64_t kept : {42u, 43u, 29u, 28u, 30u}) {
      const std::uint64_t tie = std::uint64_t{1} << (kept - 1);
      const std::uint64_t above = random() >> kept << kept;
      const std::uint64_t mantissa = (above | tie) & ((1ull << 52) - 1);
      const std::uint64_t bits = exponent << 52 | mantissa;
      words.insert(words.end(), {bits, bits + 1, bits - 1, bits | 1ull << 63});
    }
  }
  CheckToEach(kDouble, words);
}

TEST_P(FloatCastTest, RoundsTheBordersOfInfinity) {
  const auto around = [](std::uint64_t bits) {
    Words words;
    for (std::uint64_t at = bits - 40; at < bits + 40; ++at)
      words.push_back(at);
    return words;
  };
  for (const std::uint64_t bits :
       {0x47efffffe0000000u, 0x47effffff0000000u, 0x47efeffff0000000u,
        0x40effe0000000000u, 0x7ff0000000000000u}) {
    CheckToEach(kDouble, around(bits));
  }
  for (const std::uint64_t bits : {0x477ff000u, 0x7f7f8000u, 0x7f800000u}) {
    CheckToEach(kFloat, around(bits));
  }
}

// One number that is lost among others, at each place, at each length: what
// lies around the target stays, and nothing is read beyond the source.
TEST_P(FloatCastTest, CastsAtEveryLengthAndAlignment) {
  std::mt19937_64 random(3);
  for (const Form& from : kForms) {
    Words words(131);
    for (auto& word : words) word = random() >> (64 - 8 * from.size);
    for (std::size_t count = 0; count <= words.size(); ++count) {
      for (const Form& to : kForms) {
        if (to.dtype == from.dtype) continue;
        const Words some(words.begin(),
                         words.begin() + static_cast<long>(count));
        ASSERT_NO_FATAL_FAILURE(Check(from, to, some));
        const std::size_t shift = random() % 64;
        const Bytes packed = Pack(from, some);
        Bytes source(shift, 0);
        source.insert(source.end(), packed.begin(), packed.end());
        Bytes target(64 + count * to.size + 64, 0xa5);
        Bytes expected = target;
        const auto cast = GetParam().find(from.dtype, to.dtype);
        cast(packed.data(), &expected[63 - shift], count);
        cast(source.data() + shift, &target[63 - shift], count);
        ASSERT_EQ(target, expected) << count;
        const auto first = expected.begin() + static_cast<long>(63 - shift);
        const auto last = first + static_cast<long>(count * to.size);
        ASSERT_EQ(std::count(expected.begin(), first, 0xa5), 63 - shift);
        ASSERT_EQ(std::count(last, expected.end(), 0xa5), 65 + shift);
      }
    }
  }
}

// The payload too, so that a result does not tell the processor.
TEST_P(FloatCastTest, AgreesWithPortableBitForBit) {
  const FloatCastRoutines portable = AvailableFloatCasts().back();
  std::mt19937_64 random(4);
  for (const Form& from : kForms) {
    Words words(100'000);
    for (auto& word : words) {
      word = random() >> (64 - 8 * from.size);
      const std::uint64_t exponents =
          (2ull * static_cast<unsigned>(from.highest) + 1) << from.digits;
      if (random() % 4 == 0) word |= exponents;  // NaN
    }
    const Bytes source = Pack(from, words);
    for (const Form& to : kForms) {
      if (to.dtype == from.dtype) continue;
      Bytes found(words.size() * to.size);
      Bytes expected(found.size());
      const std::uint64_t lost = GetParam().find(from.dtype, to.dtype)(
          source.data(), found.data(), words.size());
      EXPECT_EQ(lost, portable.find(from.dtype, to.dtype)(
                          source.data(), expected.data(), words.size()));
      ASSERT_TRUE(found == expected)
          << DTypeName(from.dtype) << " to " << DTypeName(to.dtype);
    }
  }
}

TEST(FloatCastPublicTest, CastsFourTypesIntoEachOther) {
  int pairs = 0;
  for (int from = 0; from <= 33; ++from) {
    for (int to = 0; to <= 33; ++to) {
      const auto source = static_cast<DType>(from);
      const auto target = static_cast<DType>(to);
      const bool can = CanCast(source, target);
      pairs += can;
      for (const FloatCastRoutines& routines : AvailableFloatCasts()) {
        EXPECT_EQ(routines.find(source, target) != nullptr, can);
      }
    }
  }
  EXPECT_EQ(pairs, 12);
}

TEST(FloatCastPublicTest, RoundsToNearestWhateverTheThreadDoes) {
  const std::vector<double> source(9, 1 + 0x1p-40);
  std::vector<float> target(9);
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  CastFloats(DType::kDouble, DType::kFloat, source.data(), target.data(), 9);
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(target, std::vector<float>(9, 1));
}

#if defined(__x86_64__)
TEST(FloatCastPublicTest, KeepsSubnormalNumbersWhereTheThreadHasNone) {
  constexpr unsigned kFlushAll = 0x8040;
  const std::vector<std::uint32_t> source(17, 1);
  std::vector<std::uint64_t> target(17);
  const unsigned mode = _mm_getcsr();
  _mm_setcsr(mode | kFlushAll);
  CastFloats(DType::kFloat, DType::kDouble, source.data(), target.data(), 17);
  _mm_setcsr(mode);
  EXPECT_EQ(target, std::vector<std::uint64_t>(17, 0x36a0000000000000));
}
#endif

TEST(FloatCastPublicTest, CountsMoreThanOneCallOfARoutineTakes) {
  const std::size_t count = kMaxCastCount + 5;
  std::vector<float> source(count, 1e30f);
  std::vector<std::uint16_t> target(count);
  EXPECT_EQ(CastFloats(DType::kFloat, DType::kHalf, source.data(),
                       target.data(), count),
            count);
  EXPECT_EQ(std::count(target.begin(), target.end(), 0x7c00), count);
}

}  // namespace
}  // namespace fastckpt::internal::float_cast_test
