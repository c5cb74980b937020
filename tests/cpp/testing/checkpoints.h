// Checkpoints through the public headers alone, as a program outside uses them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/checkpoint.h"
#include "fastckpt/writer.h"

namespace fastckpt {

// A tensor's values as its bytes, or its elements where it is of strings.
struct Values {
  std::string name;
  DType dtype = DType::kUint8;
  std::vector<std::int64_t> shape;
  std::string bytes;
  std::vector<std::string> elements;
};

inline std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline void AddTo(Writer* writer, const Values& values) {
  if (values.dtype == DType::kString) {
    writer->AddStrings(values.name, values.shape, values.elements);
  } else {
    writer->Add(values.name, values.dtype, values.shape, BytesOf(values.bytes));
  }
}

inline void Save(const std::string& prefix, const std::vector<Values>& all,
                 WriterOptions options = {}) {
  options.sync = false;
  Writer writer(prefix, options);
  for (const Values& values : all) AddTo(&writer, values);
  writer.Finish();
}

// Reads a tensor whole, whatever it holds.
inline Values ReadFrom(const Checkpoint& checkpoint, std::string_view name) {
  const TensorInfo& info = *checkpoint.Find(name);
  Values values{info.name, info.dtype, info.shape, {}, {}};
  if (info.dtype == DType::kString) {
    values.elements = checkpoint.ReadStrings(name);
    return values;
  }
  values.bytes.resize(static_cast<std::size_t>(*info.size_bytes));
  checkpoint.ReadInto(name, std::as_writable_bytes(std::span(values.bytes)));
  return values;
}

}  // namespace fastckpt
