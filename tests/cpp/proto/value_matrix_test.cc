// Values of every dtype on their way into a V1 record and back: the bytes are
// those of the plain encoding, whichever way the values are spelled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "fastckpt/proto/tensor_proto.h"
#include "fastckpt/proto/value_encoder.h"
#include "testing/hex.h"
#include "testing/inputs.h"
#include "testing/random.h"
#include "testing/refusal.h"
#include "testing/wire.h"

namespace fastckpt::internal::value_matrix_test {
namespace {

using ::testing::HasSubstr;

enum class Kind { kFixed32, kFixed64, kSigned, kUnsigned };

// tensor.proto: the field of each dtype, as TensorFlow's SaveData fills it.
struct Row {
  DType dtype;
  std::uint32_t field;
  Kind kind;
  std::size_t size;  // of an element
  std::size_t parts = 1;
};

const Row kRows[] = {
    {DType::kFloat, 5, Kind::kFixed32, 4},
    {DType::kDouble, 6, Kind::kFixed64, 8},
    {DType::kInt32, 7, Kind::kSigned, 4},
    {DType::kUint8, 7, Kind::kUnsigned, 1},
    {DType::kInt16, 7, Kind::kSigned, 2},
    {DType::kInt8, 7, Kind::kSigned, 1},
    {DType::kComplex64, 9, Kind::kFixed32, 8, 2},
    {DType::kInt64, 10, Kind::kSigned, 8},
    {DType::kBool, 11, Kind::kUnsigned, 1},
    {DType::kQint8, 7, Kind::kSigned, 1},
    {DType::kQuint8, 7, Kind::kUnsigned, 1},
    {DType::kQint32, 7, Kind::kSigned, 4},
    {DType::kUint16, 7, Kind::kUnsigned, 2},
    {DType::kComplex128, 12, Kind::kFixed64, 16, 2},
    {DType::kHalf, 13, Kind::kUnsigned, 2},
    {DType::kUint32, 16, Kind::kUnsigned, 4},
    {DType::kUint64, 17, Kind::kUnsigned, 8},
};

bool IsVarint(const Row& row) {
  return row.kind == Kind::kSigned || row.kind == Kind::kUnsigned;
}

// Elements of a dtype as an array holds them, the extreme ones first.
std::string AnyArray(const Row& row, std::size_t count, Random* random) {
  std::string array;
  for (std::size_t i = 0; i < count; ++i) {
    std::string element = random->Bytes(row.size);
    if (i == 0) element.assign(row.size, '\xff');
    if (i == 1) element.assign(row.size, '\0');
    if (i == 2) element = std::string(row.size - 1, '\0') + '\x80';
    if (i == 3) element = std::string(row.size - 1, '\xff') + '\x7f';
    if (row.dtype == DType::kBool) element = i % 2 == 0 ? '\1' : '\0';
    array += element;
  }
  return array;
}

// The number of one value, as its field holds it: sign-extended where the
// dtype has a sign.
std::uint64_t NumberAt(const Row& row, const std::string& array,
                       std::size_t i) {
  const std::size_t width = row.size / row.parts;
  std::uint64_t number = 0;
  for (std::size_t byte = width; byte-- > 0;) {
    number = number * 256 + static_cast<unsigned char>(array[i * width + byte]);
  }
  const bool is_negative = (array[(i + 1) * width - 1] & 0x80) != 0;
  if (row.kind == Kind::kSigned && is_negative && width < 8) {
    number |= ~std::uint64_t{0} << (8 * width);
  }
  return number;
}

void PutValue(const Row& row, std::uint64_t number, bool is_packed,
              Wire* wire) {
  if (!is_packed) {
    if (row.kind == Kind::kFixed32) wire->Tag(row.field, 5);
    if (row.kind == Kind::kFixed64) wire->Tag(row.field, 1);
    if (IsVarint(row)) wire->Tag(row.field, 0);
  }
  if (row.kind == Kind::kFixed32) wire->Little(number, 4);
  if (row.kind == Kind::kFixed64) wire->Little(number, 8);
  if (IsVarint(row)) wire->Raw(number);
}

// Values [begin, end) of an array: one packed run, or a field for each.
Wire PlainValues(const Row& row, const std::string& array, std::size_t begin,
                 std::size_t end, bool is_packed) {
  Wire values;
  for (std::size_t i = begin; i < end; ++i) {
    PutValue(row, NumberAt(row, array, i), is_packed, &values);
  }
  if (!is_packed || begin == end) return values;
  return Wire().Bytes(row.field, values.bytes());
}

std::string Decoded(const Row& row, const std::string& message,
                    std::int64_t count) {
  const ByteView piece = AsBytes(message);
  const std::vector<std::uint8_t> bytes =
      DecodeValues({&piece, 1}, row.dtype, std::vector<std::int64_t>{count});
  return std::string(AsText(bytes));
}

class ValueMatrix : public ::testing::TestWithParam<Row> {};

INSTANTIATE_TEST_SUITE_P(EveryDtype, ValueMatrix, ::testing::ValuesIn(kRows),
                         [](const auto& test) {
                           return DTypeName(test.param.dtype);
                         });

TEST_P(ValueMatrix, EncodingIsTensorFlowsTable) {
  const Row& row = GetParam();
  const ValueEncoding encoding = EncodingOf(row.dtype);
  EXPECT_EQ(encoding.field, row.field);
  EXPECT_EQ(encoding.values_per_element, row.parts);
  EXPECT_EQ(encoding.wire == WireType::kVarint, IsVarint(row));
  EXPECT_EQ(ElementSize(row.dtype), row.size);
}

TEST_P(ValueMatrix, EncodedValuesAreThePlainEncoding) {
  const Row& row = GetParam();
  Random random(30);
  for (const std::size_t count : {0u, 1u, 2u, 5u, 100u, 3000u}) {
    const std::string array = AnyArray(row, count, &random);
    TensorInput input;
    input.dtype = row.dtype;
    input.dims = {static_cast<std::int64_t>(count)};
    StridedArray values;
    values.data = AsBytes(array).data();
    values.dims = input.dims;
    values.strides = {static_cast<std::int64_t>(row.size)};
    values.item_size = row.size;
    input.values = values;
    const std::string message = EncodeValues(input);
    EXPECT_EQ(message,
              PlainValues(row, array, 0, count * row.parts, true).bytes());
    EXPECT_LE(message.size(), EncodedSizeBound(input) + 10) << count;
  }
}

TEST_P(ValueMatrix, PackedSingleAndMixedValuesGiveTheSameArray) {
  const Row& row = GetParam();
  Random random(31);
  const std::string array = AnyArray(row, 9, &random);
  const std::size_t count = 9 * row.parts;
  for (std::size_t cut = 0; cut <= count; ++cut) {
    for (const bool first : {false, true}) {
      for (const bool second : {false, true}) {
        const std::string message =
            PlainValues(row, array, 0, cut, first).bytes() +
            PlainValues(row, array, cut, count, second).bytes();
        EXPECT_EQ(Decoded(row, message, 9), array) << cut;
      }
    }
  }
}

TEST_P(ValueMatrix, OneValueMoreOrLessIsRefused) {
  const Row& row = GetParam();
  Random random(32);
  const std::string array = AnyArray(row, 5, &random);
  const std::size_t count = 4 * row.parts;
  for (const std::size_t other : {count - 1, count + 1}) {
    for (const bool is_packed : {false, true}) {
      const std::string message =
          PlainValues(row, array, 0, other, is_packed).bytes();
      EXPECT_THAT(CorruptionOf([&] { Decoded(row, message, 4); }),
                  HasSubstr("holds " + std::to_string(other) +
                            " values, the slice's shape asks for " +
                            std::to_string(count)));
    }
  }
}

TEST_P(ValueMatrix, ValuesUnderTheFieldsOfOthersAreNotTheirs) {
  const Row& row = GetParam();
  Random random(33);
  for (const Row& other : kRows) {
    if (other.field == row.field) continue;
    const std::string array = AnyArray(other, 3, &random);
    const std::string message =
        PlainValues(other, array, 0, 3 * other.parts, true).bytes();
    EXPECT_THAT(CorruptionOf([&] { Decoded(row, message, 3); }),
                HasSubstr("holds 0 values"))
        << DTypeName(other.dtype);
  }
}

TEST_P(ValueMatrix, ARunIsFoundInPlaceExactlyWhereItIsTheArray) {
  const Row& row = GetParam();
  Random random(34);
  const std::string array = AnyArray(row, 6, &random);
  const std::string packed =
      PlainValues(row, array, 0, 6 * row.parts, true).bytes();
  const std::string single =
      PlainValues(row, array, 0, 6 * row.parts, false).bytes();
  const ByteView packed_piece = AsBytes(packed);
  const ByteView single_piece = AsBytes(single);
  const ByteView found = FindPackedArray({&packed_piece, 1}, row.dtype, 6);
  if (IsVarint(row)) {
    EXPECT_TRUE(found.empty());
  } else {
    EXPECT_EQ(AsText(found), array);
    EXPECT_GE(found.data(), packed_piece.data());
  }
  for (const std::uint64_t count : {0u, 5u, 7u}) {
    EXPECT_TRUE(FindPackedArray({&packed_piece, 1}, row.dtype, count).empty());
  }
  EXPECT_TRUE(FindPackedArray({&single_piece, 1}, row.dtype, 6).empty());
  const ByteView two_runs[] = {packed_piece, packed_piece};
  EXPECT_TRUE(FindPackedArray(two_runs, row.dtype, 6).empty());
}

TEST_P(ValueMatrix, AnotherDtypeNamedInsideIsRefused) {
  const Row& row = GetParam();
  Random random(35);
  const std::string array = AnyArray(row, 2, &random);
  const std::string values =
      PlainValues(row, array, 0, 2 * row.parts, true).bytes();
  for (std::uint64_t number = 0; number < 34; ++number) {
    const std::string message = Wire().Varint(1, number).bytes() + values;
    const bool agrees =
        number == 0 || number == static_cast<std::uint64_t>(row.dtype);
    EXPECT_EQ(CorruptionOf([&] { Decoded(row, message, 2); }) == "accepted",
              agrees)
        << number;
  }
}

TEST_P(ValueMatrix, EveryCutIsRefused) {
  const Row& row = GetParam();
  Random random(36);
  const std::string array = AnyArray(row, 4, &random);
  for (const bool is_packed : {false, true}) {
    const std::string message =
        PlainValues(row, array, 0, 4 * row.parts, is_packed).bytes();
    for (std::size_t size = 0; size < message.size(); ++size) {
      const std::string cut = message.substr(0, size);
      EXPECT_NE(CorruptionOf([&] { Decoded(row, cut, 4); }), "accepted")
          << size;
    }
  }
}

// A message may be cut anywhere between two of its fields.
TEST_P(ValueMatrix, MessagesInPiecesAreReadAsOne) {
  const Row& row = GetParam();
  Random random(37);
  const std::string array = AnyArray(row, 4, &random);
  const std::size_t count = 4 * row.parts;
  for (std::size_t cut = 0; cut <= count; ++cut) {
    const std::string first = PlainValues(row, array, 0, cut, true).bytes();
    const std::string second =
        PlainValues(row, array, cut, count, false).bytes();
    const ByteView pieces[] = {AsBytes(first), {}, AsBytes(second)};
    const std::vector<std::uint8_t> bytes =
        DecodeValues(pieces, row.dtype, std::vector<std::int64_t>{4});
    EXPECT_EQ(AsText(bytes), array) << cut;
  }
}

// What has no field in V1 is refused on either way, with its name.
TEST(ValuesWithoutField, AreUnsupportedOnBothWays) {
  for (std::int32_t number = 1; number <= kMaxDType; ++number) {
    const auto dtype = static_cast<DType>(number);
    const bool has_field =
        std::any_of(std::begin(kRows), std::end(kRows),
                    [&](const Row& row) { return row.dtype == dtype; });
    EXPECT_EQ(EncodingOf(dtype).field != 0, has_field) << DTypeName(dtype);
    if (has_field || dtype == DType::kString) continue;
    EXPECT_THAT(UnsupportedOf([&] { DecodeValues({}, dtype, {}); }),
                HasSubstr("no field for values of dtype " + DTypeName(dtype)));
    const std::vector<std::uint8_t> values(1);
    const TensorInput input = MakeInput("x", dtype, {1}, values);
    EXPECT_THAT(UnsupportedOf([&] { EncodedSizeBound(input); }),
                HasSubstr(DTypeName(dtype) + "; write format v2"));
  }
}

TEST(ValueStrings, AreThePlainEncodingAndComeBack) {
  Random random(38);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::string> texts(random.Below(5));
    Wire wire;
    for (std::string& text : texts) {
      text = random.Bytes(random.Below(300));
      wire.Bytes(8, text);
    }
    const StringValues views(texts.begin(), texts.end());
    const TensorInput input = MakeStrings("x", views);
    const std::string message = EncodeValues(input);
    EXPECT_EQ(message, wire.bytes());
    EXPECT_LE(message.size(), EncodedSizeBound(input) + texts.size());
    const ByteView piece = AsBytes(message);
    const std::vector<ByteView> decoded = DecodeStrings(
        {&piece, 1},
        std::vector<std::int64_t>{static_cast<std::int64_t>(texts.size())});
    ASSERT_EQ(decoded.size(), texts.size());
    for (std::size_t t = 0; t < texts.size(); ++t) {
      EXPECT_EQ(AsText(decoded[t]), texts[t]);
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::value_matrix_test
