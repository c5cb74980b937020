#include "fastckpt/tensor/strided_array.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <string>

#include "fastckpt/base/bytes.h"
#include "fastckpt/codec/crc32c.h"

namespace fastckpt::internal::strided_array_test {
namespace {

using Bytes = std::vector<std::uint8_t>;

// The elements in C order, one by one.
Bytes Reference(const StridedArray& array) {
  std::uint64_t count = 1;
  for (const std::int64_t dim : array.dims) {
    count *= static_cast<std::uint64_t>(dim);
  }
  Bytes out;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint8_t* from = array.data;
    std::uint64_t rest = i;
    for (std::size_t dim = array.dims.size(); dim-- > 0;) {
      const auto size = static_cast<std::uint64_t>(array.dims[dim]);
      from += static_cast<std::int64_t>(rest % size) * array.strides[dim];
      rest /= size;
    }
    Bytes item(from, from + array.item_size);
    for (std::size_t at = 0; at < item.size(); at += array.swap_unit) {
      std::reverse(
          item.begin() + static_cast<std::ptrdiff_t>(at),
          item.begin() + static_cast<std::ptrdiff_t>(at + array.swap_unit));
    }
    for (std::uint8_t& byte : item) byte &= array.byte_mask;
    out.insert(out.end(), item.begin(), item.end());
  }
  return out;
}

// Takes all ranges of `step` elements.
Bytes InSteps(const StridedArray& array, std::uint64_t size,
              std::uint64_t step) {
  const GatherPlan plan(array);
  Bytes out(size);
  std::uint32_t crc = 0;
  for (std::uint64_t at = 0; at < size; at += step) {
    crc = plan.Copy(crc, at, std::min(step, size - at), out.data() + at);
  }
  EXPECT_EQ(crc, Crc32c(out));
  return out;
}

Bytes Count(std::size_t size) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

TEST(GatherPlan, DenseArrayIsCopiedAsItIs) {
  const Bytes bytes = Count(24);
  const StridedArray array{bytes.data(), {2, 3}, {12, 4}, 4};
  EXPECT_EQ(InSteps(array, 24, 4), bytes);
  EXPECT_EQ(InSteps(array, 24, 24), bytes);
}

TEST(GatherPlan, ScalarIsOneElement) {
  const Bytes bytes = Count(8);
  EXPECT_EQ(InSteps({bytes.data(), {}, {}, 8}, 8, 8), bytes);
}

TEST(GatherPlan, BigEndianUnitsAreSwapped) {
  const Bytes bytes = Count(16);
  StridedArray array{bytes.data(), {2}, {8}, 8};
  array.swap_unit = 4;  // complex64
  EXPECT_EQ(InSteps(array, 16, 16),
            (Bytes{3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12}));
}

TEST(GatherPlan, BitsThatATypeLacksAreNotStored) {
  const Bytes bytes{0xff, 0x7e};
  StridedArray array{bytes.data(), {2}, {1}, 1};
  array.byte_mask = 0x0f;
  EXPECT_EQ(InSteps(array, 2, 2), (Bytes{0x0f, 0x0e}));
}

TEST(GatherPlan, NegativeAndZeroStridesAreFollowed) {
  const Bytes bytes = Count(8);
  const StridedArray reversed{bytes.data() + 6, {4}, {-2}, 2};
  EXPECT_EQ(InSteps(reversed, 8, 4), (Bytes{6, 7, 4, 5, 2, 3, 0, 1}));
  const StridedArray repeated{bytes.data(), {3, 2}, {0, 2}, 2};
  EXPECT_EQ(InSteps(repeated, 12, 12),
            (Bytes{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}));
}

// A view of a C-ordered array: dimensions permuted, cut, reversed.
StridedArray RandomView(std::mt19937* random, const Bytes& memory) {
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(*random);
  };
  StridedArray array;
  array.item_size = std::size_t{1} << pick(0, 4);
  array.swap_unit =
      pick(0, 2) == 0 ? std::min<std::size_t>(array.item_size, 8) : 1;
  array.data = memory.data();
  auto stride = static_cast<std::int64_t>(array.item_size);
  for (std::int64_t rank = pick(0, 4); rank > 0; --rank) {
    const std::int64_t dim = pick(1, 5);
    const std::int64_t step = pick(1, 2);
    array.dims.push_back(dim);
    array.strides.push_back(stride * step);
    if (pick(0, 3) == 0) {
      array.data += (dim - 1) * array.strides.back();
      array.strides.back() *= -1;
    }
    stride *= dim * step;
  }
  std::vector<std::size_t> order(array.dims.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), *random);
  const StridedArray plain = array;
  for (std::size_t i = 0; i < order.size(); ++i) {
    array.dims[i] = plain.dims[order[i]];
    array.strides[i] = plain.strides[order[i]];
  }
  return array;
}

TEST(GatherPlan, AnyViewInAnyStepsIsTheReference) {
  std::mt19937 random(7);
  Bytes memory(16 * 10 * 10 * 10 * 10);
  for (std::uint8_t& byte : memory) {
    byte = static_cast<std::uint8_t>(random());
  }
  for (int trial = 0; trial < 2000; ++trial) {
    const StridedArray array = RandomView(&random, memory);
    const Bytes expected = Reference(array);
    const std::uint64_t count = expected.size() / array.item_size;
    const std::uint64_t step = 1 + random() % count;
    ASSERT_EQ(InSteps(array, expected.size(), step * array.item_size), expected)
        << "trial " << trial;
  }
}

}  // namespace
}  // namespace fastckpt::internal::strided_array_test
