#include "fastckpt/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/files/resolve.h"
#include "fastckpt/platform/filesystem.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/read/checkpoint_reader.h"
#include "fastckpt/tensor/shape.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt {
namespace {

using internal::Checking;
using internal::CheckpointFiles;
using internal::CheckpointReader;
using internal::IoMode;
using internal::Quote;
using internal::TensorFacts;
using internal::ThrowInvalid;

IoMode ModeFor(Io io, const CheckpointFiles& files) {
  if (io == Io::kMap) return IoMode::kMap;
  if (io == Io::kRead) return IoMode::kRead;
  const std::string& file =
      files.is_v1 ? files.v1_files.front() : internal::IndexName(files.prefix);
  return internal::IsNetworkFilesystem(internal::FilesystemOf(file))
             ? IoMode::kRead
             : IoMode::kMap;
}

std::unique_ptr<CheckpointReader> OpenIn(IoMode mode,
                                         const CheckpointFiles& files,
                                         const OpenOptions& options) {
  const Checking verify = options.verify ? Checking::kOnce : Checking::kNever;
  if (files.is_v1) {
    return CheckpointReader::OpenV1(files.v1_files, mode, verify);
  }
  return CheckpointReader::OpenBundle(files.prefix, mode, verify,
                                      options.max_index_bytes);
}

// Data may lie elsewhere than the index, where links lead.
std::unique_ptr<CheckpointReader> OpenReader(const CheckpointFiles& files,
                                             const OpenOptions& options) {
  const IoMode mode = ModeFor(options.io, files);
  auto reader = OpenIn(mode, files, options);
  if (options.io != Io::kAuto || mode == IoMode::kRead) return reader;
  const auto lies_on = internal::FilesystemsOf(reader->source().DataPaths());
  if (std::ranges::none_of(lies_on, internal::IsNetworkFilesystem)) {
    return reader;
  }
  return OpenIn(IoMode::kRead, files, options);
}

TensorInfo InfoOf(const TensorFacts& facts) {
  TensorInfo info;
  info.name = facts.name;
  info.dtype = facts.dtype;
  info.shape.assign(facts.dims.begin(), facts.dims.end());
  if (facts.has_size) info.size_bytes = facts.size;
  if (facts.has_place) {
    info.shard = facts.shard;
    info.offset = facts.offset;
    info.crc32c = facts.crc32c;
  }
  return info;
}

// True for types whose values C++ has no type for: their bits go out as an
// unsigned integer.
bool GoesAsBits(DType dtype) {
  switch (dtype) {
    case DType::kFloat:
    case DType::kDouble:
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kInt64:
    case DType::kUint8:
    case DType::kUint16:
    case DType::kUint32:
    case DType::kUint64:
    case DType::kComplex64:
    case DType::kComplex128:
      return false;
    default:
      return ElementSize(dtype) > 0;
  }
}

bool IsUnsigned(DType dtype) {
  return dtype == DType::kUint8 || dtype == DType::kUint16 ||
         dtype == DType::kUint32 || dtype == DType::kUint64;
}

// Where the elements of a box begin in the whole tensor, row by row.
class BoxRows {
 public:
  BoxRows(const internal::Box& box, internal::Dims dims)
      : box_(box), strides_(internal::ContiguousStrides(dims, 1)) {}

  // The place in C order of the n-th element of the box.
  std::size_t PlaceOf(std::size_t n) const {
    std::size_t place = 0;
    for (std::size_t d = box_.extent.size(); d-- > 0;) {
      const auto extent = static_cast<std::size_t>(box_.extent[d]);
      const std::size_t at = n % extent;
      n /= extent;
      place += (static_cast<std::size_t>(box_.begin[d]) + at) *
               static_cast<std::size_t>(strides_[d]);
    }
    return place;
  }

 private:
  const internal::Box& box_;
  std::vector<std::int64_t> strides_;
};

void TakeElements(const internal::StringPiece& piece, internal::Dims dims,
                  std::vector<std::string>* out) {
  const BoxRows rows(piece.box, dims);
  std::size_t offset = 0;
  for (std::size_t n = 0; n < piece.sizes.size(); ++n) {
    const auto size = static_cast<std::size_t>(piece.sizes[n]);
    (*out)[rows.PlaceOf(n)] =
        std::string(internal::AsText(piece.bytes.subspan(offset, size)));
    offset += size;
  }
}

}  // namespace

struct Checkpoint::Impl {
  std::unique_ptr<CheckpointReader> reader;
  Format format = Format::kV2;
  std::string prefix;
  internal::RunOptions run;
  std::vector<TensorInfo> tensors;
  std::vector<std::size_t> slots;  // of each tensor

  const TensorInfo* Find(std::string_view name) const {
    const auto at = std::ranges::lower_bound(
        tensors, name, {},
        [](const TensorInfo& info) { return std::string_view(info.name); });
    return at != tensors.end() && at->name == name ? &*at : nullptr;
  }

  const TensorInfo& Get(std::string_view name) const {
    if (const TensorInfo* info = Find(name)) return *info;
    throw Error(ErrorKind::kNotFound,
                "the checkpoint has no tensor of this name",
                Where{prefix, {}, std::string(name)});
  }

  std::size_t SlotOf(std::string_view name) const {
    return slots[static_cast<std::size_t>(&Get(name) - tensors.data())];
  }

  // Throws what is wrong with a tensor's entry before its shape is believed.
  std::size_t CheckedSlotOf(std::string_view name) const {
    const std::size_t slot = SlotOf(name);
    internal::WithName(reader->source(), slot,
                       [&] { reader->source().CheckMeaning(slot); });
    return slot;
  }
};

Checkpoint Checkpoint::Open(const std::string& path,
                            const OpenOptions& options) {
  const CheckpointFiles files = internal::ResolveCheckpoint(path);
  auto impl = std::make_unique<Impl>();
  impl->format = files.is_v1 ? Format::kV1 : Format::kV2;
  impl->prefix = files.prefix;
  impl->reader = OpenReader(files, options);
  impl->run.threads =
      options.threads == 0 ? internal::AvailableThreads() : options.threads;
  const internal::TensorSource& source = impl->reader->source();
  for (std::size_t slot = 0; slot < source.slot_count(); ++slot) {
    if (!source.IsTensor(slot)) continue;
    impl->tensors.push_back(InfoOf(source.Facts(slot)));
    impl->slots.push_back(slot);
  }
  return Checkpoint(std::move(impl));
}

Checkpoint::Checkpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;
Checkpoint::~Checkpoint() = default;

Format Checkpoint::format() const { return impl_->format; }

const std::string& Checkpoint::prefix() const { return impl_->prefix; }

const std::vector<TensorInfo>& Checkpoint::tensors() const {
  return impl_->tensors;
}

const TensorInfo* Checkpoint::Find(std::string_view name) const {
  return impl_->Find(name);
}

std::size_t Checkpoint::CheckType(std::string_view name, DType wanted) const {
  const TensorInfo& info = impl_->Get(name);
  const bool as_bits = IsUnsigned(wanted) && GoesAsBits(info.dtype) &&
                       ElementSize(info.dtype) == ElementSize(wanted);
  if (info.dtype != wanted && !as_bits) {
    ThrowInvalid(
        "the tensor is " + DTypeName(info.dtype) + ", not " + DTypeName(wanted),
        Where{impl_->prefix, {}, info.name});
  }
  impl_->CheckedSlotOf(name);
  return static_cast<std::size_t>(internal::ElementCount(info.shape));
}

void Checkpoint::ReadInto(std::string_view name,
                          std::span<std::byte> out) const {
  const std::size_t slot = impl_->CheckedSlotOf(name);
  const TensorInfo& info = impl_->Get(name);
  const Where where{impl_->prefix, {}, info.name};
  if (ElementSize(info.dtype) == 0) {
    ThrowInvalid("values of " + DTypeName(info.dtype) +
                     " are no array's bytes; strings have ReadStrings",
                 where);
  }
  const std::uint64_t size = internal::ByteCount(info.shape, info.dtype);
  if (out.size() != size) {
    ThrowInvalid("it takes " + std::to_string(size) + " bytes, not " +
                     std::to_string(out.size()),
                 where);
  }
  const internal::ReadRequest request{
      slot,
      internal::WholeRegion(info.shape),
      {reinterpret_cast<std::uint8_t*>(out.data()),
       internal::ContiguousStrides(info.shape, ElementSize(info.dtype))}};
  impl_->reader->Read({&request, 1}, impl_->run);
}

TensorView Checkpoint::View(std::string_view name) const {
  const std::size_t slot = impl_->CheckedSlotOf(name);
  const TensorInfo& info = impl_->Get(name);
  if (ElementSize(info.dtype) == 0) {
    ThrowInvalid("values of " + DTypeName(info.dtype) + " have no view",
                 Where{impl_->prefix, {}, info.name});
  }
  const auto taken =
      impl_->reader->Take({&slot, 1}, impl_->run, /*may_wait=*/true);
  const internal::ArrayBytes& bytes = taken->front();
  return {std::as_bytes(std::span(bytes.data, bytes.size)), bytes.owner};
}

std::vector<std::string> Checkpoint::ReadStrings(std::string_view name) const {
  const TensorInfo& info = impl_->Get(name);
  if (info.dtype != DType::kString) {
    ThrowInvalid("the tensor is " + DTypeName(info.dtype) + ", not string",
                 Where{impl_->prefix, {}, info.name});
  }
  const std::size_t slot = impl_->CheckedSlotOf(name);
  // The pieces are there before anything is sized by the shape.
  const auto pieces = impl_->reader->Strings(slot, impl_->reader->RuleOf({}));
  std::vector<std::string> elements(
      static_cast<std::size_t>(internal::ElementCount(info.shape)));
  for (const internal::StringPiece& piece : pieces) {
    TakeElements(piece, info.shape, &elements);
  }
  return elements;
}

VerifyReport Checkpoint::Verify() const {
  internal::VerifyResult result = impl_->reader->Verify(impl_->run);
  return {result.bytes_checked, std::move(result.problems)};
}

}  // namespace fastckpt
