// Slice message: a part of a tensor as a file says it, unchecked; a part of
// other messages, which may list many.
//
// Source: tensorflow/core/framework/tensor_slice.proto.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/tensor/slice.h"

namespace fastckpt::internal {

// What a message may become in memory: a slice or a tensor without contents
// takes two bytes in a file and grows by far more than others do. `times` is
// how much those grow that have contents.
class MessageBudget {
 public:
  // Allows `times` the bytes of the message, and 24 MiB for all.
  explicit MessageBudget(ByteView message, std::size_t times = 2)
      : left_(times * message.size() + kFree) {}

  // Throws Unsupported when more is spent than there is.
  void Spend(std::size_t bytes);

 private:
  static constexpr std::size_t kFree = 24 << 20;

  std::size_t left_;
};

// Adds what `bytes` say, as protobuf merges a message that comes again: its
// dimensions follow those that are there.
void MergeSlice(ByteView bytes, SliceSpec* slice);
// Parses one more slice of a list and spends the memory that it takes.
void AddSlice(ByteView bytes, MessageBudget* budget,
              std::vector<SliceSpec>* slices);
// The message's own bytes, without tag and size.
std::string SliceBytes(const SliceSpec& slice);

}  // namespace fastckpt::internal
