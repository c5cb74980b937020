#include "fastckpt/writer.h"

#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/tensor/shape.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"

namespace fastckpt {
namespace {

using internal::ThrowInvalid;

internal::WriteOptions OptionsOf(const WriterOptions& options) {
  internal::WriteOptions out;
  out.shards = options.shards;
  out.alignment = options.alignment;
  out.sync = options.sync;
  out.threads =
      options.threads == 0 ? internal::AvailableThreads() : options.threads;
  return out;
}

// Counts of a caller's shape; a bad one is the caller's error, not a file's.
std::uint64_t CountOf(const std::string& name,
                      const std::vector<std::int64_t>& shape) {
  try {
    return internal::ElementCount(shape);
  } catch (const Error& error) {
    ThrowInvalid(error.message(), Where{{}, {}, name});
  }
}

internal::TensorInput InputOf(const std::string& name, DType dtype,
                              const std::vector<std::int64_t>& shape,
                              std::span<const std::byte> bytes) {
  const std::uint64_t count = CountOf(name, shape);
  const std::size_t item_size = ElementSize(dtype);
  // Divided, since a product might not fit.
  const bool fits = item_size != 0 && bytes.size() % item_size == 0 &&
                    bytes.size() / item_size == count;
  if (item_size != 0 && !fits) {
    ThrowInvalid("shape " + internal::FormatShape(shape) + " of " +
                     DTypeName(dtype) + " does not take " +
                     std::to_string(bytes.size()) + " bytes",
                 Where{{}, {}, name});
  }
  internal::StridedArray array;
  array.data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  array.dims = shape;
  array.item_size = item_size == 0 ? 1 : item_size;
  array.strides = internal::ContiguousStrides(shape, array.item_size);
  return internal::ArrayInput(name, dtype, std::move(array));
}

}  // namespace

struct Writer::Impl {
  std::unique_ptr<internal::BundleWriter> v2;
  std::unique_ptr<internal::V1Writer> v1;

  void Add(internal::TensorInput input) {
    if (input.dtype != DType::kString && ElementSize(input.dtype) == 0) {
      internal::ThrowUnsupported(
          "values of dtype " + DTypeName(input.dtype) + " cannot be written",
          Where{{}, {}, input.name});
    }
    const std::vector<internal::TensorInput> inputs{std::move(input)};
    if (v2) v2->Add(inputs);
    if (v1) v1->Add(inputs);
  }
};

Writer::Writer(const std::string& prefix, const WriterOptions& options)
    : impl_(std::make_unique<Impl>()) {
  if (options.format == Format::kV1) {
    impl_->v1 = std::make_unique<internal::V1Writer>(prefix, options.sync);
  } else {
    impl_->v2 =
        std::make_unique<internal::BundleWriter>(prefix, OptionsOf(options));
  }
}

Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

void Writer::Add(const std::string& name, DType dtype,
                 const std::vector<std::int64_t>& shape,
                 std::span<const std::byte> bytes) {
  if (dtype == DType::kString) {
    ThrowInvalid("strings are added by AddStrings", Where{{}, {}, name});
  }
  impl_->Add(InputOf(name, dtype, shape, bytes));
}

void Writer::AddStrings(const std::string& name,
                        const std::vector<std::int64_t>& shape,
                        std::span<const std::string> elements) {
  if (CountOf(name, shape) != elements.size()) {
    ThrowInvalid("shape " + internal::FormatShape(shape) + " does not take " +
                     std::to_string(elements.size()) + " strings",
                 Where{{}, {}, name});
  }
  internal::TensorInput input;
  input.name = name;
  input.dtype = DType::kString;
  input.dims = shape;
  input.values = internal::StringValues(elements.begin(), elements.end());
  impl_->Add(std::move(input));
}

void Writer::AddSlice(const std::string& name, DType dtype,
                      const std::vector<std::int64_t>& shape,
                      std::span<const std::byte> bytes,
                      const std::vector<std::int64_t>& full_shape,
                      const std::vector<std::int64_t>& begin) {
  if (dtype == DType::kString) {
    ThrowInvalid("slices of strings are not written", Where{{}, {}, name});
  }
  if (begin.size() != shape.size() || full_shape.size() != shape.size()) {
    ThrowInvalid("slice, begin and full shape have different ranks",
                 Where{{}, {}, name});
  }
  internal::TensorInput input = InputOf(name, dtype, shape, bytes);
  input.placement =
      internal::PlacementAt(full_shape, {begin.begin(), begin.end()}, shape);
  impl_->Add(std::move(input));
}

void Writer::Finish() {
  if (impl_->v2) impl_->v2->Finish();
  if (impl_->v1) impl_->v1->Finish();
}

}  // namespace fastckpt
