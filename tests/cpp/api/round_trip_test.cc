// What is written through the public headers is what is read through them: for
// every dtype, shape, format, count of shards and way of reading.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "fastckpt/version.h"
#include "testing/checkpoints.h"
#include "testing/folder.h"
#include "testing/random.h"
#include "testing/refusal.h"

namespace fastckpt::round_trip_test {
namespace {

using internal::Folder;
using internal::Random;
using internal::Refusal;
using ::testing::HasSubstr;

// The dtypes that V1 has a field for.
bool HasV1Form(DType dtype) {
  switch (dtype) {
    case DType::kBfloat16:
    case DType::kQint16:
    case DType::kQuint16:
      return false;
    default:
      return static_cast<std::int32_t>(dtype) < 24;
  }
}

std::vector<DType> StoredTypes(Format format) {
  std::vector<DType> dtypes;
  for (std::int32_t number = 1; number <= 33; ++number) {
    const auto dtype = static_cast<DType>(number);
    if (ElementSize(dtype) == 0 && dtype != DType::kString) continue;
    if (format == Format::kV2 || HasV1Form(dtype)) dtypes.push_back(dtype);
  }
  return dtypes;
}

Values AnyValues(DType dtype, const std::vector<std::int64_t>& shape,
                 Random* random) {
  Values values{DTypeName(dtype), dtype, shape, {}, {}};
  std::size_t count = 1;
  for (const std::int64_t dim : shape) count *= static_cast<std::size_t>(dim);
  if (dtype == DType::kString) {
    values.elements.resize(count);
    for (std::string& element : values.elements) {
      element = random->Bytes(random->Below(20));
    }
    return values;
  }
  values.bytes = random->Bytes(count * ElementSize(dtype));
  for (char& byte : values.bytes) {
    // Types below a byte have no more bits; a bool is 0 or 1.
    if (dtype == DType::kBool) byte &= 1;
    if (DTypeName(dtype).find("int2") == 0 || dtype == DType::kUint2) byte &= 3;
    if (dtype == DType::kInt4 || dtype == DType::kUint4 ||
        dtype == DType::kFloat4E2m1fn) {
      byte &= 15;
    }
  }
  return values;
}

void ExpectSame(const Values& a, const Values& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.dtype, b.dtype) << a.name;
  EXPECT_EQ(a.shape, b.shape) << a.name;
  EXPECT_TRUE(a.bytes == b.bytes) << a.name;
  EXPECT_EQ(a.elements, b.elements) << a.name;
}

struct Way {
  Format format;
  Io io;
  std::int32_t shards;
  std::uint64_t alignment;
};

class RoundTrip : public ::testing::TestWithParam<Way> {
 protected:
  Checkpoint Written(const std::vector<Values>& all) const {
    WriterOptions options;
    options.format = GetParam().format;
    options.shards = GetParam().shards;
    options.alignment = GetParam().alignment;
    Save(folder_.Path("m"), all, options);
    OpenOptions open;
    open.io = GetParam().io;
    return Checkpoint::Open(folder_.Path("m"), open);
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(Ways, RoundTrip,
                         ::testing::Values(Way{Format::kV1, Io::kMap, 1, 1},
                                           Way{Format::kV1, Io::kRead, 1, 1},
                                           Way{Format::kV2, Io::kAuto, 1, 1},
                                           Way{Format::kV2, Io::kMap, 3, 1},
                                           Way{Format::kV2, Io::kRead, 2, 16},
                                           Way{Format::kV2, Io::kMap, 1,
                                               4096}));

TEST_P(RoundTrip, EveryDtypeComesBackInEveryShape) {
  Random random(130);
  std::vector<Values> all;
  for (const DType dtype : StoredTypes(GetParam().format)) {
    for (const std::vector<std::int64_t>& shape :
         {std::vector<std::int64_t>{}, {1}, {7}, {2, 3}, {2, 1, 5}}) {
      Values values = AnyValues(dtype, shape, &random);
      values.name +=
          "/" + std::to_string(shape.size()) + "/" + std::to_string(all.size());
      all.push_back(values);
    }
  }
  const Checkpoint checkpoint = Written(all);
  ASSERT_EQ(checkpoint.tensors().size(), all.size());
  for (const Values& values : all) {
    ExpectSame(ReadFrom(checkpoint, values.name), values);
  }
  EXPECT_TRUE(checkpoint.Verify().ok());
}

TEST_P(RoundTrip, EmptyTensorsKeepTheirShape) {
  Random random(131);
  std::vector<Values> all;
  for (const DType dtype : StoredTypes(GetParam().format)) {
    Values values = AnyValues(dtype, {3, 0, 2}, &random);
    all.push_back(values);
  }
  const Checkpoint checkpoint = Written(all);
  for (const Values& values : all) {
    ExpectSame(ReadFrom(checkpoint, values.name), values);
  }
  EXPECT_TRUE(checkpoint.Verify().ok());
}

TEST_P(RoundTrip, NamesOfAnyBytesAreFoundAndNoOthers) {
  Random random(132);
  std::map<std::string, Values> all;
  for (int i = 0; i < 200; ++i) {
    const std::string name = random.Word(6);
    if (name.empty()) continue;
    all[name] = {name, DType::kUint8, {4}, random.Bytes(4), {}};
  }
  std::vector<Values> in_any_order;
  for (const auto& [name, values] : all) in_any_order.push_back(values);
  std::ranges::reverse(in_any_order);
  const Checkpoint checkpoint = Written(in_any_order);
  auto expected = all.begin();
  for (const TensorInfo& tensor : checkpoint.tensors()) {
    EXPECT_EQ(tensor.name, (expected++)->first);
  }
  for (int i = 0; i < 500; ++i) {
    const std::string name = random.Word(6);
    EXPECT_EQ(checkpoint.Find(name) != nullptr, all.contains(name));
  }
  for (const auto& [name, values] : all) {
    ExpectSame(ReadFrom(checkpoint, name), values);
  }
}

TEST_P(RoundTrip, AViewIsWhatIsCopied) {
  Random random(133);
  std::vector<Values> all;
  for (const DType dtype : StoredTypes(GetParam().format)) {
    if (dtype == DType::kString) continue;
    all.push_back(AnyValues(dtype, {5, 3}, &random));
  }
  const Checkpoint checkpoint = Written(all);
  for (const Values& values : all) {
    const TensorView view = checkpoint.View(values.name);
    ASSERT_EQ(view.bytes.size(), values.bytes.size());
    EXPECT_EQ(std::memcmp(view.bytes.data(), values.bytes.data(),
                          values.bytes.size()),
              0)
        << values.name;
  }
}

TEST_P(RoundTrip, RowsOfAPartitionedTensorComeTogetherInAnyOrder) {
  Random random(134);
  for (int i = 0; i < 20; ++i) {
    const std::string bytes = random.Bytes(6 * 4);
    std::vector<std::int64_t> cuts = {0, 6};
    for (std::uint64_t count = random.Below(4); count > 0; --count) {
      cuts.push_back(random.Between(1, 5));
    }
    std::ranges::sort(cuts);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<std::size_t> order(cuts.size() - 1);
    for (std::size_t p = 0; p < order.size(); ++p) {
      order[p] = p;
      std::swap(order[p], order[random.Below(p + 1)]);
    }
    WriterOptions options;
    options.format = GetParam().format;
    options.shards = GetParam().shards;
    options.sync = false;
    Writer writer(folder_.Path("m"), options);
    for (const std::size_t p : order) {
      const std::int64_t rows = cuts[p + 1] - cuts[p];
      writer.AddSlice(
          "v", DType::kUint8, {rows, 4},
          BytesOf(bytes).subspan(static_cast<std::size_t>(4 * cuts[p]),
                                 static_cast<std::size_t>(4 * rows)),
          {6, 4}, {cuts[p], 0});
    }
    writer.Finish();
    const Checkpoint checkpoint = Checkpoint::Open(folder_.Path("m"));
    ASSERT_EQ(checkpoint.tensors().size(), 1u);
    EXPECT_EQ(ReadFrom(checkpoint, "v").bytes, bytes);
    EXPECT_TRUE(checkpoint.Verify().ok());
  }
}

// Types of C++ and the dtypes whose values they hold, or whose bits.
template <typename T>
void ExpectReadable(const Checkpoint& checkpoint, const Values& values) {
  const bool is_typed = kDTypeOf<T> == values.dtype;
  const bool has_cpp_type =
      values.dtype == DType::kFloat || values.dtype == DType::kDouble ||
      values.dtype == DType::kInt8 || values.dtype == DType::kInt16 ||
      values.dtype == DType::kInt32 || values.dtype == DType::kInt64 ||
      values.dtype == DType::kComplex64 || values.dtype == DType::kComplex128 ||
      values.dtype == DType::kUint8 || values.dtype == DType::kUint16 ||
      values.dtype == DType::kUint32 || values.dtype == DType::kUint64;
  const bool as_bits = std::is_unsigned_v<T> && !has_cpp_type &&
                       ElementSize(values.dtype) == sizeof(T);
  std::vector<T> read;
  const std::string refusal = Refusal(
      ErrorKind::kInvalid, [&] { read = checkpoint.Read<T>(values.name); });
  if (!is_typed && !as_bits) {
    EXPECT_THAT(refusal, HasSubstr("the tensor is " + DTypeName(values.dtype) +
                                   ", not " + DTypeName(kDTypeOf<T>)));
    return;
  }
  ASSERT_EQ(refusal, "accepted") << values.name;
  ASSERT_EQ(read.size() * sizeof(T), values.bytes.size());
  EXPECT_EQ(std::memcmp(read.data(), values.bytes.data(), values.bytes.size()),
            0);
}

TEST_P(RoundTrip, EachCppTypeReadsItsDtypeOrTheBitsOfOneThatCppLacks) {
  Random random(135);
  std::vector<Values> all;
  for (const DType dtype : StoredTypes(GetParam().format)) {
    if (dtype == DType::kString) continue;
    all.push_back(AnyValues(dtype, {3}, &random));
  }
  const Checkpoint checkpoint = Written(all);
  for (const Values& values : all) {
    ExpectReadable<float>(checkpoint, values);
    ExpectReadable<double>(checkpoint, values);
    ExpectReadable<std::int8_t>(checkpoint, values);
    ExpectReadable<std::int16_t>(checkpoint, values);
    ExpectReadable<std::int32_t>(checkpoint, values);
    ExpectReadable<std::int64_t>(checkpoint, values);
    ExpectReadable<std::uint8_t>(checkpoint, values);
    ExpectReadable<std::uint16_t>(checkpoint, values);
    ExpectReadable<std::uint32_t>(checkpoint, values);
    ExpectReadable<std::uint64_t>(checkpoint, values);
    ExpectReadable<std::complex<float>>(checkpoint, values);
    ExpectReadable<std::complex<double>>(checkpoint, values);
  }
}

// V1 has no field for some types; the message says what has.
TEST(V1RoundTrip, TypesWithoutAFieldAreRefusedWithWhatToDo) {
  const Folder folder;
  Random random(136);
  WriterOptions options;
  options.format = Format::kV1;
  Writer writer(folder.Path("m"), options);
  for (const DType dtype : StoredTypes(Format::kV2)) {
    const Values values = AnyValues(dtype, {2}, &random);
    const std::string refusal =
        Refusal(ErrorKind::kUnsupported, [&] { AddTo(&writer, values); });
    EXPECT_EQ(refusal == "accepted", HasV1Form(dtype)) << values.name;
    if (!HasV1Form(dtype)) {
      EXPECT_THAT(refusal, HasSubstr("tensor '" + values.name +
                                     "': V1 files have no field"));
      EXPECT_THAT(refusal, HasSubstr("write format v2"));
    }
  }
}

TEST(PublicHeaders, NamesOfTypesFindThem) {
  for (std::int32_t number = 1; number <= 33; ++number) {
    const auto dtype = static_cast<DType>(number);
    EXPECT_EQ(FindDType(DTypeName(dtype)), dtype);
  }
  EXPECT_EQ(FindDType("float"), DType::kInvalid);
  EXPECT_EQ(FindDType(""), DType::kInvalid);
}

TEST(PublicHeaders, ACppTypeHasOneDtypeOfItsSize) {
  EXPECT_EQ(ElementSize(kDTypeOf<float>), sizeof(float));
  EXPECT_EQ(ElementSize(kDTypeOf<std::int16_t>), 2u);
  EXPECT_EQ(ElementSize(kDTypeOf<std::complex<double>>), 16u);
  EXPECT_EQ(kDTypeOf<bool>, DType::kInvalid);
  EXPECT_EQ(kDTypeOf<std::string>, DType::kInvalid);
}

TEST(PublicHeaders, AnErrorIsAValueThatTellsItsParts) {
  Error error(ErrorKind::kSystem, "cannot open", {"a/m", 12, "w"}, 2);
  const Error copy = error;
  error.AddContext({"other", 99, "v"});
  for (const Error& told : {error, copy}) {
    EXPECT_EQ(told.kind(), ErrorKind::kSystem);
    EXPECT_EQ(told.message(), "cannot open");
    EXPECT_EQ(told.where().path, "a/m");
    EXPECT_EQ(told.where().offset, 12u);
    EXPECT_EQ(told.where().tensor, "w");
    EXPECT_EQ(told.system_code(), 2);
    EXPECT_STREQ(told.what(), "a/m: tensor 'w': at offset 12: cannot open");
  }
}

}  // namespace
}  // namespace fastckpt::round_trip_test
