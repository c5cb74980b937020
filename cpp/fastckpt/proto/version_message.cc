#include "fastckpt/proto/version_message.h"

#include <algorithm>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/fields.h"

namespace fastckpt::internal {
namespace {

// kTensorBundleVersion and TF_CHECKPOINT_VERSION.
constexpr std::int32_t kConsumerVersion = 1;

void ParsePackedInt32s(ByteView bytes, std::vector<std::int32_t>* values) {
  Cursor cursor(bytes);
  while (!cursor.AtEnd()) {
    std::uint64_t value = 0;
    if (!cursor.TakeVarint64(&value)) ThrowCorruption("a packed number is cut");
    values->push_back(ToInt32(value, "version"));
  }
}

}  // namespace

void MergeVersion(ByteView bytes, Version* version) {
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kVarint)) {
      version->producer = ToInt32(field.number_value, "producer");
    } else if (field.Is(2, WireType::kVarint)) {
      version->min_consumer = ToInt32(field.number_value, "min_consumer");
    } else if (field.Is(3, WireType::kVarint)) {
      version->bad_consumers.push_back(ToInt32(field.number_value, "version"));
    } else if (field.Is(3, WireType::kBytes)) {
      ParsePackedInt32s(field.bytes, &version->bad_consumers);
    }
  }
}

std::string VersionBytes(const Version& version) {
  std::string bytes;
  const auto put = [&bytes](std::uint32_t number, std::int32_t value) {
    if (value != 0) {
      PutVarintField(&bytes, number, static_cast<std::uint64_t>(value));
    }
  };
  put(1, version.producer);
  put(2, version.min_consumer);
  if (version.bad_consumers.empty()) return bytes;
  std::string packed;
  for (const std::int32_t bad : version.bad_consumers) {
    PutVarint64(&packed, static_cast<std::uint64_t>(bad));
  }
  PutBytesField(&bytes, 3, packed);
  return bytes;
}

void CheckVersion(const Version& version) {
  if (version.producer < 0) {
    ThrowUnsupported("producer version " + std::to_string(version.producer) +
                     " is below 0");
  }
  if (version.min_consumer > kConsumerVersion) {
    ThrowUnsupported("the file asks for a reader of version " +
                     std::to_string(version.min_consumer) +
                     "; this one is version 1");
  }
  const auto& bad = version.bad_consumers;
  if (std::find(bad.begin(), bad.end(), kConsumerVersion) != bad.end()) {
    ThrowUnsupported(
        "the file names readers of version 1 as unable to read it");
  }
}

}  // namespace fastckpt::internal
