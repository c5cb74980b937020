// Checkpoint: an open TensorFlow checkpoint, V2 or V1: what is in it, its
// values, and whether its bytes are sound.
//
//   const auto checkpoint = fastckpt::Checkpoint::Open("model.ckpt-200");
//   for (const fastckpt::TensorInfo& tensor : checkpoint.tensors()) { ... }
//   const std::vector<float> kernel = checkpoint.Read<float>("dense/kernel");
//
// Every method throws fastckpt::Error.
//
// Thread-safety: const methods are safe to call from many threads and in a
// forked child.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/dtype.h"
#include "fastckpt/error.h"

namespace fastckpt {

// What the index says about one tensor.
struct TensorInfo {
  std::string name;  // raw bytes
  DType dtype = DType::kInvalid;
  std::vector<std::int64_t> shape;
  // Of the whole tensor; of strings the stored bytes, which V1 does not tell.
  std::optional<std::uint64_t> size_bytes;
  // Of a V2 tensor that is stored in one piece: the data file it lies in, the
  // offset there in bytes, and the unmasked CRC32C of its bytes.
  std::optional<std::int32_t> shard;
  std::optional<std::int64_t> offset;
  std::optional<std::uint32_t> crc32c;
};

// V1 is one table with the values in it, V2 an index and data files beside it.
enum class Format { kV1, kV2 };

// How files are read.
enum class Io {
  kAuto,  // maps files of local file systems, reads those of others
  kMap,
  kRead,  // pread: for network file systems and files that others may cut
};

// How a checkpoint is opened and read.
struct OpenOptions {
  Io io = Io::kAuto;
  // Checks data against its checksums before it is handed out.
  bool verify = true;
  // How many threads a call may use; 0 for the CPUs of the process.
  std::size_t threads = 0;
  // A V2 index that is larger is refused as kUnsupported.
  std::uint64_t max_index_bytes = std::uint64_t{1} << 30;
};

// What Verify found: every problem, in the order of the tensors.
struct VerifyReport {
  std::uint64_t bytes_checked = 0;
  std::vector<Error> problems;

  // True if nothing is wrong.
  bool ok() const { return problems.empty(); }
};

// Bytes that live as long as their owner does. Read-only.
struct TensorView {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// Holds the files open and keeps the index in memory; moves, does not copy.
class Checkpoint {
 public:
  // Opens a prefix ("model.ckpt-200"); a file of a checkpoint (".index",
  // ".data-00000-of-00001", ".meta"); a state file or a folder with one, or
  // with a single checkpoint; a SavedModel's folder or its "variables"; a V1
  // file, a V1 shard or the prefix of such shards. The literal path is tried
  // first. The whole index is checked, no data file of V2 is touched.
  // Throws kSystem where nothing is there or it cannot be read, kCorruption for
  // what is damaged or no checkpoint, kUnsupported.
  static Checkpoint Open(const std::string& path,
                         const OpenOptions& options = {});

  // What was moved from can only be assigned to or destroyed.
  Checkpoint(Checkpoint&&) noexcept;
  Checkpoint& operator=(Checkpoint&&) noexcept;
  ~Checkpoint();

  // The format on the disk.
  Format format() const;
  // The checkpoint's name as TensorFlow takes it.
  const std::string& prefix() const;

  // All tensors, in byte order of their names; they live as long as this.
  const std::vector<TensorInfo>& tensors() const;
  // The tensor of that name; null where it is not.
  const TensorInfo* Find(std::string_view name) const;

  // Gives a COPY of the values in C order, in the machine's byte order. T is
  // the tensor's type: float, double, a fixed-width integer, std::complex. An
  // unsigned integer of the element's size takes the bits of a type that C++
  // lacks (bool as std::uint8_t, bfloat16, half, quantised types ...).
  // Throws kNotFound, kInvalid where T does not fit, kCorruption, kSystem.
  template <typename T>
  std::vector<T> Read(std::string_view name) const;

  // Copies all values to `out`, which must have exactly their size in bytes.
  // Where it throws for damage a part of `out` may be overwritten.
  void ReadInto(std::string_view name, std::span<std::byte> out) const;

  // Gives the values as a VIEW of the file where the stored bytes are the
  // array's, checked once, else of a copy. A view may be unaligned. Touching a
  // view of a file that somebody cuts ends the process; Io::kRead never views.
  TensorView View(std::string_view name) const;

  // Gives a COPY of a string tensor's elements, in C order.
  std::vector<std::string> ReadStrings(std::string_view name) const;

  // Checks every block of the index and every byte of every tensor.
  VerifyReport Verify() const;

 private:
  struct Impl;
  explicit Checkpoint(std::unique_ptr<Impl> impl);

  // Throws unless values of the tensor can stand in elements of that type;
  // gives how many there are.
  std::size_t CheckType(std::string_view name, DType wanted) const;

  std::unique_ptr<Impl> impl_;
};

// Described where it is declared.
template <typename T>
std::vector<T> Checkpoint::Read(std::string_view name) const {
  static_assert(kDTypeOf<T> != DType::kInvalid,
                "no tensor has elements of this type; see dtype.h");
  std::vector<T> values(CheckType(name, kDTypeOf<T>));
  ReadInto(name, std::as_writable_bytes(std::span(values)));
  return values;
}

}  // namespace fastckpt
