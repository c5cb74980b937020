#include "fastckpt/bundle/bundle_reshard.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/bundle/shard_name.h"
#include "fastckpt/bundle/source_bundle.h"
#include "fastckpt/bundle/string_tensor.h"
#include "fastckpt/io/data_file.h"

namespace fastckpt {
namespace {

// Tensors are passed on in batches of about this many bytes.
constexpr std::uint64_t kBatchSize = std::uint64_t{64} << 20;

// Passes the tensors of one source on to a writer.
class Dealer {
 public:
  Dealer(const SourceBundle& source, BundleWriter* writer,
         const Interrupt& interrupted)
      : source_(source), writer_(writer), interrupted_(interrupted) {}

  bool Run() {
    FindSlices();
    for (const std::size_t i : InFileOrder()) {
      batch_.push_back(WithContext(Where{{}, {}, source_.TensorName(i)},
                                   [&] { return Take(i); }));
      batch_size_ += StoredSize(batch_.back());
      if (batch_size_ >= kBatchSize && !Flush()) return false;
    }
    return Flush();
  }

 private:
  struct Slice {
    std::size_t tensor;
    SliceSpec spec;
  };

  void FindSlices() {
    const BundleIndex& index = source_.index;
    for (std::size_t i = 0; i < index.entry_count(); ++i) {
      for (SliceSpec& spec : index.slices(i)) {
        const auto part = index.Find(SliceKey(index.name(i), spec));
        if (!part) {
          ThrowCorruption("slice " + FormatSlice(spec) + " is missing",
                          Where{{}, {}, std::string(index.name(i))});
        }
        slices_[*part] = {i, std::move(spec)};
      }
    }
  }

  std::vector<std::size_t> InFileOrder() const {
    const BundleIndex& index = source_.index;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < index.entry_count(); ++i) {
      if (index.IsSliced(i)) continue;
      source_.CheckEntry(i);
      order.push_back(i);
    }
    // What takes no room lies before what begins at the same place.
    const auto place = [&](std::size_t i) {
      const StoredEntry& entry = index.entry(i);
      return std::tuple(entry.shard, entry.offset, entry.size);
    };
    std::ranges::stable_sort(order, {}, place);
    return order;
  }

  TensorInput Take(std::size_t i) {
    const StoredEntry& entry = source_.index.entry(i);
    const Dims dims = source_.index.dims(i);
    TensorInput input;
    input.name = source_.index.name(i);
    input.dtype = static_cast<DType>(entry.dtype);
    input.dims.assign(dims.begin(), dims.end());
    const auto slice = slices_.find(i);
    if (slice != slices_.end()) {
      const Dims full = source_.index.dims(slice->second.tensor);
      input.name = source_.index.name(slice->second.tensor);
      input.placement =
          Placement{{full.begin(), full.end()}, slice->second.spec};
    }
    const StoredBytes values{BytesOf(i), entry.crc32c};
    CheckStored(input, values);
    input.values = values;
    return input;
  }

  ByteView BytesOf(std::size_t i) {
    const StoredEntry& entry = source_.index.entry(i);
    std::unique_ptr<DataFile>& file = files_[entry.shard];
    if (file == nullptr) {
      file = std::make_unique<DataFile>(source_.DataPath(i), IoMode::kMap);
    }
    const auto offset = static_cast<std::uint64_t>(entry.offset);
    const auto size = static_cast<std::uint64_t>(entry.size);
    file->CheckRange(offset, size);
    return file->mapping()->bytes().subspan(static_cast<std::size_t>(offset),
                                            static_cast<std::size_t>(size));
  }

  // What the writer does not: the size, and the checksum of values that are no
  // array's bytes.
  void CheckStored(const TensorInput& input, const StoredBytes& values) const {
    const bool big_endian = source_.index.header().endianness == 1;
    if (input.dtype == DType::kString) {
      ParseStrings(values.bytes, ElementCount(input.dims), values.crc32c,
                   big_endian, /*check=*/true);
    } else if (input.dtype == DType::kVariant) {
      CheckVariants(values.bytes, ElementCount(input.dims), values.crc32c);
    } else if (ByteCount(input.dims, input.dtype) != values.bytes.size()) {
      ThrowCorruption(std::to_string(values.bytes.size()) +
                      " bytes are stored for shape " + FormatShape(input.dims) +
                      " of " + DTypeName(input.dtype));
    }
  }

  bool Flush() {
    const bool is_done = writer_->Add(batch_, interrupted_);
    batch_.clear();
    batch_size_ = 0;
    return is_done;
  }

  const SourceBundle& source_;
  BundleWriter* writer_;
  const Interrupt& interrupted_;
  std::map<std::size_t, Slice> slices_;  // by the entry of the part
  std::map<std::int32_t, std::unique_ptr<DataFile>> files_;
  std::vector<TensorInput> batch_;
  std::uint64_t batch_size_ = 0;
};

}  // namespace

bool Reshard(const std::vector<std::string>& sources, const std::string& prefix,
             const WriteOptions& options, const Interrupt& interrupted) {
  const std::vector<SourceBundle> opened = OpenSources(sources);
  WriteOptions same_order = options;
  same_order.endianness = opened.front().index.header().endianness;
  BundleWriter writer(prefix, same_order);
  for (const SourceBundle& source : opened) {
    const bool is_done =
        WithContext(Where{IndexName(source.prefix), {}, {}},
                    [&] { return Dealer(source, &writer, interrupted).Run(); });
    if (!is_done) return false;
  }
  writer.Finish();
  return true;
}

}  // namespace fastckpt
