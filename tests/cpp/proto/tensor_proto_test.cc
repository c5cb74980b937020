#include "fastckpt/proto/tensor_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::tensor_proto_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A TensorProto in one piece, given in hexadecimal.
class Message {
 public:
  explicit Message(std::string_view hex)
      : bytes_(FromHex(hex)), view_(AsBytes(bytes_)) {}
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  operator TensorMessage() const { return {&view_, 1}; }

 private:
  std::string bytes_;
  ByteView view_;
};

std::string Decode(std::string_view hex, DType dtype,
                   std::vector<std::int64_t> dims) {
  return ToHex(DecodeValues(Message(hex), dtype, dims));
}

std::string RefusalOf(std::string_view hex, DType dtype,
                      std::vector<std::int64_t> dims) {
  return CorruptionOf([&] { Decode(hex, dtype, dims); });
}

// Vectors of FORMAT section 13 and others in the fields of section 6.2.
TEST(TensorProto, EachDtypeIsReadFromItsField) {
  EXPECT_EQ(Decode("2a0c 0000803f00000000000080bf", DType::kFloat, {3}),
            "0000803f00000000000080bf");
  EXPECT_EQ(Decode("3208 000000000000f03f", DType::kDouble, {}),
            "000000000000f03f");
  EXPECT_EQ(Decode("3a0b 01ffffffffffffffffff01", DType::kInt32, {2}),
            "01000000ffffffff");
  EXPECT_EQ(Decode("3a0c 0100ffffffffffffffffff01", DType::kInt8, {3}),
            "0100ff");
  EXPECT_EQ(Decode("3a04 0100ff01", DType::kQuint8, {3}), "0100ff");
  EXPECT_EQ(Decode("6a06 80780080f802", DType::kHalf, {3}), "003c000000bc");
  EXPECT_EQ(Decode("4a08 0000803f00000040", DType::kComplex64, {1}),
            "0000803f00000040");
  EXPECT_EQ(Decode("5203 8180 04", DType::kInt64, {1}), "0100010000000000");
  EXPECT_EQ(Decode("5a03 000105", DType::kBool, {3}), "000101");
  EXPECT_EQ(
      Decode("6210 000000000000f03f0000000000000040", DType::kComplex128, {}),
      "000000000000f03f0000000000000040");
  EXPECT_EQ(Decode("8201 05 ffffffff0f", DType::kUint32, {1}), "ffffffff");
  EXPECT_EQ(Decode("8a01 0a ffffffffffffffffff01", DType::kUint64, {1}),
            "ffffffffffffffff");
}

TEST(TensorProto, DtypesWithoutFieldAreUnsupported) {
  for (const DType dtype : {DType::kBfloat16, DType::kQint16, DType::kQuint16,
                            DType::kFloat8E5m2, DType::kInt4}) {
    EXPECT_EQ(EncodingOf(dtype).field, 0u);
    EXPECT_THAT(UnsupportedOf([&] { Decode("", dtype, {}); }),
                HasSubstr(DTypeName(dtype)));
  }
}

TEST(TensorProto, UnpackedPackedAndMixedRunsGiveTheSame) {
  const char* expected = "010000000200000003000000";
  for (const char* hex : {"3a03010203", "3801 3802 3803", "3801 3a020203",
                          "3a0101 3802 3a0103", "3a00 3a03010203 3a00"}) {
    EXPECT_EQ(Decode(hex, DType::kInt32, {3}), expected) << hex;
  }
  EXPECT_EQ(Decode("2d0000803f 2a040000003f", DType::kFloat, {2}),
            "0000803f0000003f");
}

TEST(TensorProto, MessageInPiecesIsReadAsOne) {
  const std::string first = FromHex("3a0101");
  const std::string second = FromHex("3802");
  const std::vector<ByteView> message = {AsBytes(first), AsBytes(second)};
  const std::vector<std::int64_t> dims = {2};
  EXPECT_EQ(ToHex(DecodeValues(message, DType::kInt32, dims)),
            "0100000002000000");
}

TEST(TensorProto, IntegersOutsideTheDtypeAreCutAsTensorFlowCutsThem) {
  EXPECT_EQ(Decode("3a02 ac02", DType::kUint8, {1}), "2c");
}

TEST(TensorProto, OneValueIsNotRepeatedAndNoneIsLeftOver) {
  EXPECT_THAT(RefusalOf("3a0101", DType::kInt32, {2}),
              HasSubstr("holds 1 values, the slice's shape asks for 2"));
  EXPECT_THAT(RefusalOf("3a03010203", DType::kInt32, {2}),
              HasSubstr("holds 3 values"));
  EXPECT_THAT(RefusalOf("", DType::kFloat, {1}), HasSubstr("holds 0 values"));
  EXPECT_THAT(RefusalOf("3a0101", DType::kInt32, {0}), HasSubstr("asks for 0"));
}

TEST(TensorProto, ComplexNumbersComeInPairs) {
  EXPECT_THAT(RefusalOf("4a040000803f", DType::kComplex64, {1}),
              HasSubstr("holds 1 values, the slice's shape asks for 2"));
}

TEST(TensorProto, PackedFloatsComeInMultiplesOfTheirWidth) {
  EXPECT_THAT(RefusalOf("2a050000803f00", DType::kFloat, {1}),
              HasSubstr("5 bytes is no multiple of 4"));
}

TEST(TensorProto, PackedVarintThatIsCutIsRefused) {
  EXPECT_THAT(RefusalOf("3a020180", DType::kInt32, {1}),
              HasSubstr("a packed value does not parse"));
}

TEST(TensorProto, ValuesUnderAnotherFieldDoNotCount) {
  EXPECT_THAT(RefusalOf("520101", DType::kInt32, {1}),
              HasSubstr("holds 0 values"));
}

TEST(TensorProto, InnerDtypeAndShapeMustAgree) {
  const char* agrees = "0803 1204 12020802 3a020102";
  EXPECT_EQ(Decode(agrees, DType::kInt32, {2}), "0100000002000000");
  EXPECT_THAT(RefusalOf("0801 3a0101", DType::kInt32, {1}),
              HasSubstr("dtype 1 is not the tensor's"));
  EXPECT_THAT(RefusalOf("1204 12020803 3a020102", DType::kInt32, {2}),
              HasSubstr("shape is not the slice's"));
}

TEST(TensorProto, ContentInPlaceOfTypedValuesIsRefused) {
  EXPECT_THAT(RefusalOf("22040000803f", DType::kFloat, {1}),
              HasSubstr("tensor_content"));
  EXPECT_EQ(Decode("2200 2a040000803f", DType::kFloat, {1}), "0000803f");
}

TEST(TensorProto, ShapeThatNoMemoryHoldsIsRefusedByItsCount) {
  EXPECT_THAT(RefusalOf("3a0101", DType::kInt32, {1LL << 40}),
              HasSubstr("asks for 1099511627776"));
  EXPECT_NE(RefusalOf("3a0101", DType::kInt32, {1LL << 61}), "accepted");
}

TEST(TensorProto, EmptyTensorNeedsNoValues) {
  EXPECT_EQ(Decode("", DType::kFloat, {0, 2}), "");
}

TEST(TensorProto, OnePackedRunIsFoundInPlace) {
  const Message message("2a080000803f00000040");
  const ByteView found = FindPackedArray(message, DType::kFloat, 2);
  const TensorMessage pieces = message;
  EXPECT_EQ(found.data(), pieces[0].data() + 2);
  EXPECT_EQ(found.size(), 8u);
}

TEST(TensorProto, WhatIsNoSinglePackedRunIsNotFound) {
  for (const char* hex : {"2a040000803f 2a0400000040", "2d0000803f 2d00000040",
                          "2a040000803f 2d00000040", "2a04", "",
                          "2a0900000000 0000000000", "3a020102"}) {
    EXPECT_TRUE(FindPackedArray(Message(hex), DType::kFloat, 2).empty()) << hex;
  }
  EXPECT_TRUE(FindPackedArray(Message("2a080000803f00000040"), DType::kFloat, 3)
                  .empty());
  EXPECT_TRUE(FindPackedArray(Message("3a020102"), DType::kInt8, 2).empty());
  EXPECT_TRUE(
      FindPackedArray(Message("2a020102"), DType::kBfloat16, 1).empty());
}

TEST(TensorProto, StringsAreViewsOfTheMessage) {
  const Message message("42026162 4200 420171");
  const std::vector<std::int64_t> dims = {3};
  std::vector<std::string> values;
  for (const ByteView value : DecodeStrings(message, dims)) {
    values.emplace_back(AsText(value));
  }
  EXPECT_THAT(values, ElementsAre("ab", "", "q"));
  const std::vector<std::int64_t> four = {4};
  EXPECT_THAT(CorruptionOf([&] { DecodeStrings(message, four); }),
              HasSubstr("holds 3 values, the slice's shape asks for 4"));
}

}  // namespace
}  // namespace fastckpt::internal::tensor_proto_test
