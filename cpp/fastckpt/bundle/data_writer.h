// DataWriter: moves the values of many tensors into data files.
//
// The places are fixed beforehand, so the work is cut into jobs of some
// megabytes, large tensors into several and small neighbours joined in one, and
// the jobs run on several threads. Each goes through a small buffer: values are
// copied there once, whatever their strides; the checksum is of the bytes in
// the buffer, and those are the bytes that are written, so an array that
// somebody changes meanwhile gives a checkpoint that is odd but sound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fastckpt/io/output_file.h"
#include "fastckpt/io/parallel.h"
#include "fastckpt/tensor/tensor_input.h"

namespace fastckpt {

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

// Writes all parts and sets their checksums; false if `interrupted` ended the
// work early. With `start_writeback` the system is asked to begin writing each
// large job to the disk. Throws System.
// REQUIRES: parts of one file follow one another without gaps.
[[nodiscard]] bool WriteData(std::vector<DataPart>* parts, std::size_t threads,
                             bool start_writeback,
                             const Interrupt& interrupted);

}  // namespace fastckpt
