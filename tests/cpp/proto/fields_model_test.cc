// FieldReader against a parser that reads one byte after the other, on every
// first byte and on messages made at random, whole and damaged.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/fields.h"
#include "testing/hex.h"
#include "testing/random.h"
#include "testing/wire.h"

namespace fastckpt::internal::fields_model_test {
namespace {

using Texts = std::vector<std::string>;

// A parser of the encoding's description, without any care for speed.
class PlainParser {
 public:
  explicit PlainParser(std::string_view bytes) : bytes_(bytes) {}

  // The fields outside of groups; nothing where the message is broken.
  std::optional<Texts> Parse() {
    Texts fields;
    while (at_ < bytes_.size()) {
      const auto tag = TakeTag();
      if (!tag || *tag % 8 == 4 || !TakeField(*tag, 1, &fields)) {
        return std::nullopt;
      }
    }
    return fields;
  }

 private:
  static constexpr int kDeepest = 100;

  std::optional<std::uint64_t> TakeVarint(std::size_t most, unsigned bits) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < most && at_ < bytes_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      const unsigned shift = 7 * static_cast<unsigned>(i);
      const std::uint64_t group = byte % 128;
      if (group != 0 && shift >= bits) return std::nullopt;
      if (shift + 7 > bits && shift < bits && group >> (bits - shift) != 0) {
        return std::nullopt;
      }
      if (group != 0) value |= group << shift;
      if (byte < 128) return value;
    }
    return std::nullopt;
  }

  std::optional<std::uint64_t> TakeTag() {
    const auto tag = TakeVarint(5, 32);
    if (!tag || *tag % 8 > 5 || *tag / 8 == 0) return std::nullopt;
    return tag;
  }

  bool TakeField(std::uint64_t tag, int depth, Texts* fields) {
    if (tag % 8 == 3) return SkipGroup(tag / 8, depth);
    std::string value;
    if (tag % 8 == 0) {
      const auto number = TakeVarint(10, 64);
      if (!number) return false;
      value = std::to_string(*number);
    } else {
      std::uint64_t size = tag % 8 == 1 ? 8 : 4;
      if (tag % 8 == 2) {
        const auto length = TakeVarint(10, 64);
        if (!length) return false;
        size = *length;
      }
      if (size > bytes_.size() - at_) return false;
      value = ToHex(AsBytes(bytes_.substr(at_, size)));
      at_ += size;
    }
    if (fields != nullptr) {
      fields->push_back(std::to_string(tag / 8) + "=" + value);
    }
    return true;
  }

  bool SkipGroup(std::uint64_t number, int depth) {
    if (depth > kDeepest) return false;
    while (true) {
      const auto tag = TakeTag();
      if (!tag) return false;
      if (*tag % 8 == 4) return *tag / 8 == number;
      if (!TakeField(*tag, depth + 1, nullptr)) return false;
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

std::string Show(const Field& field) {
  std::string text = std::to_string(field.number) + "=";
  switch (field.type) {
    case WireType::kVarint:
      return text + std::to_string(field.number_value);
    case WireType::kBytes:
      return text + ToHex(field.bytes);
    default: {
      const unsigned size = field.type == WireType::kFixed64 ? 8 : 4;
      const Wire wire = Wire().Little(field.number_value, size);
      return text + ToHex(AsBytes(wire.bytes()));
    }
  }
}

std::optional<Texts> Read(const std::string& message) {
  Texts fields;
  try {
    FieldReader reader(AsBytes(message));
    for (Field field; reader.Next(&field);) fields.push_back(Show(field));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruption) << error.what();
    return std::nullopt;
  }
  return fields;
}

void ExpectAgrees(const std::string& message) {
  EXPECT_EQ(Read(message), PlainParser(message).Parse())
      << ToHex(AsBytes(message));
}

std::uint32_t AnyNumber(Random* random) {
  return 1 + static_cast<std::uint32_t>(random->Magnitude() % 0x1fffffff);
}

Wire AnyMessage(Random* random, int depth) {
  Wire wire;
  for (std::uint64_t count = random->Below(5); count > 0; --count) {
    const std::uint32_t number = AnyNumber(random);
    switch (random->Below(depth > 0 ? 5 : 4)) {
      case 0:
        wire.Varint(number, random->Magnitude());
        break;
      case 1:
        wire.Fixed32(number, static_cast<std::uint32_t>(random->Bits()));
        break;
      case 2:
        wire.Fixed64(number, random->Bits());
        break;
      case 3:
        wire.Bytes(number, random->Bytes(random->Below(200)));
        break;
      default:
        wire.Group(number, AnyMessage(random, depth - 1));
    }
  }
  return wire;
}

TEST(FieldsModel, EveryPairOfFirstBytesIsReadAsThePlainParserReadsIt) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string begin = {static_cast<char>(first),
                                 static_cast<char>(second)};
      ExpectAgrees(begin);
      ExpectAgrees(begin + FromHex("01"));
      ExpectAgrees(begin + FromHex("0102030405060708090a"));
    }
  }
}

TEST(FieldsModel, EveryVarintEdgeIsReadWithAndWithoutAFollower) {
  for (const std::uint64_t value : VarintEdges()) {
    for (const std::uint32_t number : {1u, 15u, 16u, 0x1fffffffu}) {
      Wire wire;
      wire.Varint(number, value);
      ExpectAgrees(wire.bytes());
      const Texts expected = {std::to_string(number) + "=" +
                              std::to_string(value)};
      EXPECT_EQ(Read(wire.bytes()), expected);
      ExpectAgrees(wire.Varint(2, 7).bytes());
    }
  }
}

TEST(FieldsModel, PaddingOfAnyLengthIsReadAsThePlainParserReadsIt) {
  for (unsigned tag_padding = 0; tag_padding < 7; ++tag_padding) {
    for (unsigned padding = 0; padding < 12; ++padding) {
      Wire number;
      number.Raw(8, tag_padding).Raw(5, padding);
      ExpectAgrees(number.bytes());
      Wire bytes;
      bytes.Raw(10, tag_padding).Raw(2, padding).Little(0x6261, 2);
      ExpectAgrees(bytes.bytes());
    }
  }
}

TEST(FieldsModel, LengthsAroundTheEndAreReadAsThePlainParserReadsThem) {
  for (const std::size_t size :
       {0u, 1u, 126u, 127u, 128u, 129u, 16383u, 16384u}) {
    for (const std::size_t claimed : {size - 1, size, size + 1}) {
      Wire wire;
      wire.Tag(1, 2).Raw(claimed);
      ExpectAgrees(wire.bytes() + std::string(size, '\x08'));
    }
  }
}

TEST(FieldsModel, MessagesMadeAtRandomAreReadInFull) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string message = AnyMessage(&random, 3).bytes();
    EXPECT_TRUE(Read(message).has_value()) << ToHex(AsBytes(message));
    ExpectAgrees(message);
  }
}

TEST(FieldsModel, DamagedMessagesAreReadAsThePlainParserReadsThem) {
  Random random(2);
  for (int i = 0; i < 2000; ++i) {
    std::string message = AnyMessage(&random, 3).bytes();
    if (message.empty()) continue;
    message[random.Below(message.size())] ^=
        static_cast<char>(1u << random.Below(8));
    ExpectAgrees(message);
    ExpectAgrees(message.substr(0, random.Below(message.size())));
  }
}

TEST(FieldsModel, RandomBytesAreReadAsThePlainParserReadsThem) {
  Random random(3);
  for (int i = 0; i < 20000; ++i) ExpectAgrees(random.Bytes(random.Below(12)));
}

// Who copies a message field by field must not lose or repeat a byte.
TEST(FieldsModel, FieldsAndGroupsTileTheMessage) {
  Random random(4);
  for (int i = 0; i < 500; ++i) {
    const std::string message = AnyMessage(&random, 3).bytes();
    FieldReader reader(AsBytes(message));
    std::string copy;
    std::size_t begin = 0;
    for (Field field; reader.NextOrGroup(&field); begin = reader.position()) {
      ASSERT_GT(reader.position(), begin);
      copy += message.substr(begin, reader.position() - begin);
    }
    EXPECT_EQ(begin, message.size());
    EXPECT_EQ(copy, message);
  }
}

TEST(FieldsModel, WhatIsPutIsThePlainEncoding) {
  for (const std::uint64_t value : VarintEdges()) {
    for (const std::uint32_t number : {1u, 15u, 16u, 2047u, 2048u}) {
      const auto narrow = static_cast<std::uint32_t>(value);
      const std::string bytes(value % 300, 'x');
      std::string put;
      PutVarintField(&put, number, value);
      PutFixed32Field(&put, number, narrow);
      PutBytesField(&put, number, bytes);
      Wire wire;
      wire.Varint(number, value).Fixed32(number, narrow).Bytes(number, bytes);
      EXPECT_EQ(put, wire.bytes()) << number << " " << value;
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::fields_model_test
