// Writer: writes a checkpoint, byte for byte what TensorFlow would write.
//
//   fastckpt::Writer writer("out/model.ckpt");
//   writer.Add("w", fastckpt::DType::kFloat, {2, 3}, std::as_bytes(values));
//   writer.Finish();
//
// The checkpoint is complete or not there at all: its files get their names in
// Finish, the index last. What was there under the prefix is there until then.
// Every method throws fastckpt::Error.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/checkpoint.h"
#include "fastckpt/dtype.h"
#include "fastckpt/error.h"

namespace fastckpt {

// How a checkpoint is written.
struct WriterOptions {
  Format format = Format::kV2;
  std::int32_t shards = 1;      // data files (V2)
  std::uint64_t alignment = 1;  // of each tensor's offset in bytes (V2)
  // Flushes everything to the disk before the checkpoint appears.
  bool sync = true;
  std::size_t threads = 0;  // 0 for the CPUs of the process
};

// One checkpoint on its way to its place; moves, does not copy.
class Writer {
 public:
  // Begins files beside the prefix's own; missing folders are made.
  explicit Writer(const std::string& prefix, const WriterOptions& options = {});
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  // Without Finish nothing stays.
  ~Writer();

  // Appends a tensor: dense values in C order, in the machine's byte order,
  // which are copied or written before the call returns. Throws kInvalid for an
  // empty name, one given twice, or a size that is not the shape's;
  // kUnsupported for a type that has no stored form.
  void Add(const std::string& name, DType dtype,
           const std::vector<std::int64_t>& shape,
           std::span<const std::byte> bytes);
  // Appends a string tensor: its elements in C order.
  void AddStrings(const std::string& name,
                  const std::vector<std::int64_t>& shape,
                  std::span<const std::string> elements);
  // Appends a slice of a partitioned tensor: `shape` is the slice's, `begin`
  // where it lies in a tensor of `full_shape`.
  void AddSlice(const std::string& name, DType dtype,
                const std::vector<std::int64_t>& shape,
                std::span<const std::byte> bytes,
                const std::vector<std::int64_t>& full_shape,
                const std::vector<std::int64_t>& begin);

  // Puts the checkpoint in its place. On failure the place is as it was.
  void Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fastckpt
