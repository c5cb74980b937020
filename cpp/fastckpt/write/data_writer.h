// DataWriter: moves the values of many tensors into data files.
//
// The places are fixed beforehand, so the work is cut into jobs of some
// megabytes, large tensors into several and small neighbours joined in one, and
// the jobs run on several threads. Each goes through a buffer: values are
// copied there once, whatever their strides; the checksum is of the bytes in
// the buffer, and those are the bytes that are written, so an array that
// somebody changes meanwhile gives a checkpoint that is odd but sound. Bytes of
// another bundle are shared with its file where the file system does that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fastckpt/base/progress.h"
#include "fastckpt/platform/output_file.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/tensor/tensor_input.h"
#include "fastckpt/write/write_buffer.h"

namespace fastckpt::internal {

// Writing to the disk begins whenever this many bytes have gathered.
constexpr std::uint64_t kWritebackSize = std::uint64_t{8} << 20;

struct DataPart {
  const TensorInput* input;
  const OutputFile* file;
  std::uint64_t offset;
  std::uint64_t size;
  std::uint64_t padding;     // zeros behind the values
  std::uint32_t crc32c = 0;  // result
};

// The size of the values as a data file stores them.
std::uint64_t StoredSize(const TensorInput& input);

// Thread-safety: one call at a time.
class DataWriter {
 public:
  // `sync`: the data are to be flushed to the disk later, so the system is
  // asked to begin writing early, or to write past the page cache. `progress`:
  // counts the bytes of values that are done, if it is set.
  DataWriter(std::size_t threads, bool sync, Progress* progress = nullptr)
      : threads_(threads), sync_(sync), progress_(progress) {}

  // Writes all parts and sets their checksums; false if `interrupted` ended the
  // work early. Throws System.
  // REQUIRES: parts of one file follow one another without gaps.
  [[nodiscard]] bool Write(std::vector<DataPart>* parts,
                           const Interrupt& interrupted);

 private:
  const std::size_t threads_;
  const bool sync_;
  Progress* const progress_;
  BufferPool buffers_;
};

}  // namespace fastckpt::internal
