// Input: a dtype, an element count, then the message to parse as each kind.
#include <functional>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/messages.h"
#include "fastckpt/proto/saved_slices.h"
#include "fastckpt/proto/shape_message.h"
#include "fastckpt/proto/tensor_proto.h"
#include "fuzz_target.h"
#include "require.h"

namespace fastckpt::internal {
namespace {

void Try(const std::function<void()>& parse) {
  try {
    parse();
  } catch (const Error&) {
  }
}

void ParseTensor(ByteView message, DType dtype, std::int64_t count) {
  const std::int64_t dims[] = {count};
  const ByteView pieces[] = {message.first(message.size() / 2),
                             message.subspan(message.size() / 2)};
  const ByteView whole[] = {message};
  Try([&] { DecodeStrings(whole, dims); });
  Try([&] { DecodeValues(pieces, dtype, dims); });
  Try([&] {
    const auto packed =
        FindPackedArray(whole, dtype, static_cast<std::uint64_t>(count));
    const auto values = DecodeValues(whole, dtype, dims);
    Require(packed.empty() || packed.size() == values.size(),
            "a packed array has the size of the values");
  });
}

}  // namespace
}  // namespace fastckpt::internal

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fastckpt::internal;
  if (size < 2 || size > kMaxFuzzInput) return 0;
  const ByteView message = ByteView(data, size).subspan(2);
  BundleEntry entry;
  Try([&] { ParseBundleHeader(message); });
  Try([&] { ParseBundleEntry(message, &entry); });
  Try([&] { ParseShapeMessage(message); });
  Try([&] { ParseSavedTensorSlices(message); });
  ParseTensor(message, static_cast<fastckpt::DType>(data[0]), data[1]);
  return 0;
}
