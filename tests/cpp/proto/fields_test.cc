#include "fastckpt/proto/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::fields_test {
namespace {

using ::testing::HasSubstr;

// A field as "number:type:value", bytes in hexadecimal.
std::string Show(const Field& field) {
  std::string text = std::to_string(field.number) + ":" +
                     std::to_string(static_cast<int>(field.type)) + ":";
  return text + (field.type == WireType::kBytes
                     ? ToHex(field.bytes)
                     : std::to_string(field.number_value));
}

std::vector<std::string> ReadAll(const std::string& message) {
  std::vector<std::string> fields;
  FieldReader reader(AsBytes(message));
  for (Field field; reader.Next(&field);) fields.push_back(Show(field));
  return fields;
}

using Texts = std::vector<std::string>;

std::string RefusalOf(std::string_view hex) {
  return CorruptionOf([&] { ReadAll(FromHex(hex)); });
}

// `depth` groups of field 1, one in the other.
std::string Groups(std::size_t depth) {
  return std::string(depth, '\x0b') + std::string(depth, '\x0c');
}

TEST(Fields, GivesTheFieldsOfEachWireTypeInTheirOrder) {
  EXPECT_EQ(ReadAll(FromHex("08ac02 19 0102030405060708 1203616263 35 01020304"
                            "08ffffffffffffffffff01")),
            (Texts{"1:0:300", "3:1:578437695752307201", "2:2:616263",
                   "6:5:67305985", "1:0:18446744073709551615"}));
  EXPECT_TRUE(ReadAll("").empty());
}

TEST(Fields, PaddedVarintsAreAccepted) {
  EXPECT_EQ(ReadAll(FromHex("8880808000 81808080808080808000")),
            (Texts{"1:0:1"}));
}

TEST(Fields, LargestFieldNumberIsAccepted) {
  EXPECT_EQ(ReadAll(FromHex("f8ffffff0f 01")), (Texts{"536870911:0:1"}));
}

TEST(Fields, GroupsArePassedOverWhole) {
  EXPECT_EQ(ReadAll(FromHex("0b 08ac02 120161 1b 35 01020304 1c 0c 1005")),
            (Texts{"2:0:5"}));
  EXPECT_TRUE(ReadAll(Groups(1)).empty());
}

TEST(Fields, GroupsNestAsDeepAsProtobufGoesAndNoDeeper) {
  EXPECT_TRUE(ReadAll(Groups(100)).empty());
  EXPECT_THAT(CorruptionOf([] { ReadAll(Groups(101)); }),
              HasSubstr("groups nest too deep"));
  EXPECT_NE(CorruptionOf([] { ReadAll(Groups(100'000)); }), "accepted");
}

TEST(Fields, UnbalancedGroupsAreRefused) {
  EXPECT_THAT(RefusalOf("0c"), HasSubstr("stray end of group"));
  EXPECT_THAT(RefusalOf("0b"), HasSubstr("a group is not closed"));
  EXPECT_THAT(RefusalOf("0b14"), HasSubstr("groups overlap"));
  EXPECT_THAT(RefusalOf("0b130c14"), HasSubstr("groups overlap"));
  EXPECT_THAT(RefusalOf("0b08"), HasSubstr("cut or too long"));
}

TEST(Fields, FieldNumberZeroIsRefused) {
  for (const char* message : {"0000", "0200", "8000 00", "0b 0000 0c"}) {
    EXPECT_THAT(RefusalOf(message), HasSubstr("field number 0")) << message;
  }
}

TEST(Fields, WireTypesSixAndSevenAreRefused) {
  EXPECT_THAT(RefusalOf("0e00"), HasSubstr("unknown wire type"));
  EXPECT_THAT(RefusalOf("0801 0f00"),
              HasSubstr("does not parse at its byte 3: unknown wire type"));
}

TEST(Fields, TagsOverThirtyTwoBitsAreRefused) {
  EXPECT_THAT(RefusalOf("888080801000"), HasSubstr("bad field tag"));
  EXPECT_THAT(RefusalOf("88808080800001"), HasSubstr("bad field tag"));
}

TEST(Fields, LengthsOverTheEndAreRefused) {
  for (const char* message : {"0a01", "0a0261", "0affffffff0761",
                              "0a808080800861", "0affffffffffffffffff0161"}) {
    EXPECT_THAT(RefusalOf(message), HasSubstr("cut or too long")) << message;
  }
}

TEST(Fields, VarintsOverTenBytesOrSixtyFourBitsAreRefused) {
  EXPECT_THAT(RefusalOf("08 8080808080808080808001"),
              HasSubstr("cut or too long"));
  EXPECT_THAT(RefusalOf("08 ffffffffffffffffff02"),
              HasSubstr("cut or too long"));
}

TEST(Fields, EveryCutInsideAFieldIsRefused) {
  const std::string message =
      FromHex("08ac02 1203616263 190102030405060708 3501020304");
  const std::vector<std::size_t> borders = {0, 3, 8, 17, 22};
  for (std::size_t size = 0; size < message.size(); ++size) {
    const std::string cut = message.substr(0, size);
    if (std::find(borders.begin(), borders.end(), size) == borders.end()) {
      EXPECT_NE(CorruptionOf([&] { ReadAll(cut); }), "accepted") << size;
    } else {
      EXPECT_LT(ReadAll(cut).size(), 4u);
    }
  }
}

TEST(Fields, PositionIsWhereTheNextFieldBegins) {
  const std::string message = FromHex("0801 12026162");
  FieldReader reader(AsBytes(message));
  Field field;
  EXPECT_EQ(reader.position(), 0u);
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(reader.position(), 2u);
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(reader.position(), 6u);
}

TEST(Fields, Int32IsSignExtendedAndLosesNoBits) {
  EXPECT_EQ(ToInt32(0, "shard"), 0);
  EXPECT_EQ(ToInt32(0x7fffffff, "shard"), 0x7fffffff);
  EXPECT_EQ(ToInt32(UINT64_MAX, "shard"), -1);
  EXPECT_EQ(ToInt32(0xffffffff80000000, "shard"),
            std::numeric_limits<std::int32_t>::min());
  // Protobuf would read shard 0 and float32.
  for (const unsigned long long value :
       {1ULL << 32, (1ULL << 32) + 1, 1ULL << 31, (1ULL << 32) - 1}) {
    EXPECT_THAT(
        CorruptionOf([&] { ToInt32(value, "shard"); }),
        HasSubstr("shard " + std::to_string(value) + " does not fit 32 bits"));
  }
}

TEST(Fields, WhatIsPutIsRead) {
  std::string message;
  PutVarintField(&message, 1, UINT64_MAX);
  PutFixed32Field(&message, 6, 0x04030201);
  PutBytesField(&message, 16, "abc");
  EXPECT_EQ(ToHex(AsBytes(message)),
            "08ffffffffffffffffff01"
            "3501020304"
            "820103616263");
  EXPECT_EQ(ReadAll(message),
            (Texts{"1:0:18446744073709551615", "6:5:67305985", "16:2:616263"}));
}

}  // namespace
}  // namespace fastckpt::internal::fields_test
