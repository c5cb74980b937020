#include "fastckpt/edit/rewrite.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/edit/source_bundle.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/v2/shard_name.h"
#include "fastckpt/v2/string_tensor.h"

namespace fastckpt {
namespace {

// Tensors are passed on in batches of about this many bytes.
constexpr std::uint64_t kBatchSize = std::uint64_t{64} << 20;

using PassedOn = std::function<void(std::uint64_t)>;

// Passes the tensors of one source on to a writer: those that `names` has, or
// all if it is null.
class Dealer {
 public:
  Dealer(const SourceBundle& source, const NewNames* names,
         BundleWriter* writer, const Interrupt& interrupted,
         const PassedOn& passed_on)
      : source_(source),
        names_(names),
        writer_(writer),
        interrupted_(interrupted),
        passed_on_(passed_on) {}

  bool Run() {
    FindSlices();
    for (const std::size_t i : InFileOrder()) {
      for (const std::string& name : NamesFor(i)) {
        batch_.push_back(WithContext(Where{{}, {}, source_.TensorName(i)},
                                     [&] { return Take(i, name); }));
        batch_entries_.push_back(i);
        batch_size_ += StoredSize(batch_.back());
        if (batch_size_ >= kBatchSize && !Flush()) return false;
      }
    }
    return Flush();
  }

 private:
  struct Slice {
    std::size_t tensor;
    SliceSpec spec;
  };

  bool IsWanted(std::string_view name) const {
    return names_ == nullptr || names_->find(name) != names_->end();
  }

  // The tensor that an entry is or is a slice of.
  std::string_view OwnerOf(std::size_t i) const {
    const auto slice = slices_.find(i);
    return source_.index.name(slice == slices_.end() ? i
                                                     : slice->second.tensor);
  }

  std::vector<std::string> NamesFor(std::size_t i) const {
    if (names_ == nullptr) return {std::string(OwnerOf(i))};
    return names_->find(OwnerOf(i))->second;
  }

  void FindSlices() {
    const BundleIndex& index = source_.index;
    for (std::size_t i = 0; i < index.entry_count(); ++i) {
      if (!IsWanted(index.name(i))) continue;
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
      if (index.IsSliced(i) || !IsWanted(OwnerOf(i))) continue;
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

  TensorInput Take(std::size_t i, const std::string& name) {
    const StoredEntry& entry = source_.index.entry(i);
    const Dims dims = source_.index.dims(i);
    TensorInput input;
    input.name = name;
    input.dtype = static_cast<DType>(entry.dtype);
    input.dims.assign(dims.begin(), dims.end());
    const auto slice = slices_.find(i);
    if (slice != slices_.end()) {
      const Dims full = source_.index.dims(slice->second.tensor);
      input.placement =
          Placement{{full.begin(), full.end()}, slice->second.spec};
    }
    const DataFile& file = FileOf(i);
    const StoredBytes values{BytesOf(i, file), entry.crc32c, &file.file(),
                             static_cast<std::uint64_t>(entry.offset)};
    CheckSize(input, values.bytes.size());
    WithContext(Where{source_.DataPath(i), {}, {}},
                [&] { CheckElements(input, values); });
    input.values = values;
    return input;
  }

  const DataFile& FileOf(std::size_t i) {
    std::unique_ptr<DataFile>& file = files_[source_.index.entry(i).shard];
    if (file == nullptr) {
      file = std::make_unique<DataFile>(source_.DataPath(i), IoMode::kMap);
    }
    return *file;
  }

  ByteView BytesOf(std::size_t i, const DataFile& file) const {
    const StoredEntry& entry = source_.index.entry(i);
    const auto offset = static_cast<std::uint64_t>(entry.offset);
    const auto size = static_cast<std::uint64_t>(entry.size);
    file.CheckRange(offset, size);
    return file.mapping()->bytes().subspan(static_cast<std::size_t>(offset),
                                           static_cast<std::size_t>(size));
  }

  static void CheckSize(const TensorInput& input, std::uint64_t size) {
    if (ElementSize(input.dtype) == 0) return;
    if (ByteCount(input.dims, input.dtype) == size) return;
    ThrowCorruption(std::to_string(size) + " bytes are stored for shape " +
                    FormatShape(input.dims) + " of " + DTypeName(input.dtype));
  }

  // Checks what the writer does not: values that are no array's bytes.
  void CheckElements(const TensorInput& input,
                     const StoredBytes& values) const {
    if (input.dtype == DType::kString) {
      const bool big_endian = source_.index.header().endianness == 1;
      ParseStrings(values.bytes, ElementCount(input.dims), values.crc32c,
                   big_endian, /*check=*/true);
    } else if (input.dtype == DType::kVariant) {
      CheckVariants(values.bytes, ElementCount(input.dims), values.crc32c);
    }
  }

  bool Flush() {
    bool is_done = false;
    try {
      is_done = writer_->Add(batch_, interrupted_);
    } catch (const Error& error) {
      RethrowAtSource(error);
    }
    passed_ += batch_size_;
    if (is_done && passed_on_) passed_on_(passed_);
    batch_.clear();
    batch_entries_.clear();
    batch_size_ = 0;
    return is_done;
  }

  // What is wrong with a tensor's bytes is said of the file they come from.
  // REQUIRES: called while `error` is handled.
  [[noreturn]] void RethrowAtSource(const Error& error) const {
    if (error.kind() != ErrorKind::kCorruption) throw;
    for (std::size_t k = 0; k < batch_.size(); ++k) {
      if (error.where().tensor != batch_[k].name) continue;
      const std::size_t i = batch_entries_[k];
      Where where{source_.DataPath(i), {}, source_.TensorName(i)};
      if (!batch_[k].placement) {
        where.offset =
            static_cast<std::uint64_t>(source_.index.entry(i).offset);
      }
      ThrowCorruption(error.message(), std::move(where));
    }
    throw;
  }

  const SourceBundle& source_;
  const NewNames* names_;
  BundleWriter* writer_;
  const Interrupt& interrupted_;
  const PassedOn& passed_on_;
  std::map<std::size_t, Slice> slices_;  // by the entry of the part
  std::map<std::int32_t, std::unique_ptr<DataFile>> files_;
  std::vector<TensorInput> batch_;
  std::vector<std::size_t> batch_entries_;  // where each is from
  std::uint64_t batch_size_ = 0;
  std::uint64_t passed_ = 0;
};

bool PassOn(const std::vector<SourceBundle>& sources, const NewNames* names,
            const std::string& prefix, const WriteOptions& options,
            const Interrupt& interrupted, const PassedOn& passed_on) {
  WriteOptions same_order = options;
  same_order.endianness = sources.front().index.header().endianness;
  BundleWriter writer(prefix, same_order);
  for (const SourceBundle& source : sources) {
    const bool is_done =
        WithContext(Where{IndexName(source.prefix), {}, {}}, [&] {
          return Dealer(source, names, &writer, interrupted, passed_on).Run();
        });
    if (!is_done) return false;
  }
  writer.Finish(interrupted);
  return true;
}

}  // namespace

bool Reshard(const std::vector<std::string>& sources, const std::string& prefix,
             const WriteOptions& options, const Interrupt& interrupted) {
  return PassOn(OpenSources(sources), nullptr, prefix, options, interrupted,
                nullptr);
}

bool Rewrite(const std::string& source, const std::string& prefix,
             const NewNames& names, const WriteOptions& options,
             const Interrupt& interrupted, const PassedOn& passed_on) {
  return PassOn(OpenSources({source}), &names, prefix, options, interrupted,
                passed_on);
}

}  // namespace fastckpt
