// NumberStatistics: what can be said of the numbers of tensors: their moments,
// and how many lie in each bin of a histogram.
//
// Small tensors and numbers of one byte are looked at once. The bins of others
// are known only when all was seen, and then they are read again.
//
// Thread-safety: every function may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fastckpt/codec/bins.h"
#include "fastckpt/codec/moments.h"
#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// What numbers are: of a type that HasMoments, or of one byte each, and then
// `bytes` are the 256 numbers that these stand for, and outlive the call.
struct NumberForm {
  DType dtype = DType::kInvalid;
  const double* bytes = nullptr;
};

struct NumberStatistics {
  Moments moments;
  // As many counts as bins. None of both unless they were asked for.
  Bins bins;
  std::vector<std::uint64_t> counts;
};

// A tensor to look at.
struct NumberTensor {
  std::size_t slot;
  NumberForm form;
};

// Looks at tensors on all threads; their bytes are checked by that rule. The
// same to the last bit, however many threads there are. Throws as CopyRegions.
std::vector<NumberStatistics> DescribeTensors(
    const TensorSource& source, std::span<const NumberTensor> tensors,
    bool with_histogram, CheckRule rule, const RunOptions& options);

// The same of numbers in memory, as those of a tensor in one piece.
NumberStatistics DescribeNumbers(const NumberForm& form, ByteView numbers,
                                 const RunOptions& options);

}  // namespace fastckpt::internal
