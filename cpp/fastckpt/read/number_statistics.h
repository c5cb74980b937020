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

#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/number_looks.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// A tensor to look at.
struct NumberTensor {
  std::size_t slot;
  NumberForm form;
};

// Looks at tensors on all threads; their bytes are checked by that rule. The
// same to the last bit, however many threads there are. Throws as CopyRegions,
// of several that cannot be read any one's Error.
std::vector<NumberStatistics> DescribeTensors(
    const TensorSource& source, std::span<const NumberTensor> tensors,
    bool with_histogram, CheckRule rule, const RunOptions& options);

// The same of numbers in memory, as those of a tensor in one piece.
NumberStatistics DescribeNumbers(const NumberForm& form, ByteView numbers,
                                 const RunOptions& options);

}  // namespace fastckpt::internal
