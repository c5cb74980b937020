#include "fastckpt/proto/value_encoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/tensor_proto.h"
#include "testing/hex.h"
#include "testing/inputs.h"

namespace fastckpt::internal::value_encoder_test {
namespace {

template <typename Value>
std::string Hex(DType dtype, const std::vector<Value>& values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return ToHex(AsBytes(EncodeValues(MakeInput("x", dtype, {count}, values))));
}

// FORMAT section 13.
TEST(EncodeValues, GivesTensorFlowsBytes) {
  EXPECT_EQ(Hex<float>(DType::kFloat, {1, 0, -1}),
            "2a0c0000803f00000000000080bf");
  EXPECT_EQ(Hex<std::int8_t>(DType::kInt8, {1, 0, -1}),
            "3a0c0100ffffffffffffffffff01");
  EXPECT_EQ(Hex<std::uint16_t>(DType::kHalf, {0x3c00, 0, 0xbc00}),
            "6a0680780080f802");
  EXPECT_EQ(Hex<std::uint8_t>(DType::kQuint8, {1, 0, 255}), "3a040100ff01");
  EXPECT_EQ(ToHex(AsBytes(EncodeValues(MakeStrings("x", {"ab", "", "q"})))),
            "4202616242004201"
            "71");
}

TEST(EncodeValues, NoValuesAreNoField) {
  EXPECT_EQ(Hex<float>(DType::kFloat, {}), "");
}

// Every type comes back through the decoder, in many pieces of the buffer.
template <typename Value>
void ExpectRoundTrip(DType dtype) {
  std::vector<Value> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<Value>(i * 2654435761u);
  }
  values.push_back(std::numeric_limits<Value>::min());
  values.push_back(std::numeric_limits<Value>::max());
  const TensorInput input =
      MakeInput("x", dtype, {static_cast<std::int64_t>(values.size())}, values);
  const std::string message = EncodeValues(input);
  EXPECT_LE(message.size(), EncodedSizeBound(input) + 10) << DTypeName(dtype);
  const ByteView piece = AsBytes(message);
  const std::vector<std::uint8_t> decoded =
      DecodeValues({&piece, 1}, dtype, input.dims);
  ASSERT_EQ(decoded.size(), values.size() * sizeof(Value));
  EXPECT_EQ(std::memcmp(decoded.data(), values.data(), decoded.size()), 0)
      << DTypeName(dtype);
}

TEST(EncodeValues, DecoderGivesBackWhatWasEncoded) {
  ExpectRoundTrip<float>(DType::kFloat);
  ExpectRoundTrip<double>(DType::kDouble);
  ExpectRoundTrip<std::int8_t>(DType::kInt8);
  ExpectRoundTrip<std::uint8_t>(DType::kUint8);
  ExpectRoundTrip<std::int16_t>(DType::kInt16);
  ExpectRoundTrip<std::uint16_t>(DType::kUint16);
  ExpectRoundTrip<std::int32_t>(DType::kInt32);
  ExpectRoundTrip<std::int64_t>(DType::kInt64);
  ExpectRoundTrip<std::uint32_t>(DType::kUint32);
  ExpectRoundTrip<std::uint64_t>(DType::kUint64);
  ExpectRoundTrip<std::int8_t>(DType::kQint8);
  ExpectRoundTrip<std::uint8_t>(DType::kQuint8);
  ExpectRoundTrip<std::int32_t>(DType::kQint32);
  ExpectRoundTrip<std::uint16_t>(DType::kHalf);
}

TEST(EncodedSizeBound, TypesThatV1LacksAreRefused) {
  const std::vector<std::uint16_t> values(1);
  for (const DType dtype : {DType::kBfloat16, DType::kQint16}) {
    EXPECT_THROW(EncodedSizeBound(MakeInput("x", dtype, {1}, values)), Error);
  }
}

}  // namespace
}  // namespace fastckpt::internal::value_encoder_test
