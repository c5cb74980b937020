#include "fastckpt/v1/v1_reader.h"

#include <algorithm>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/fields.h"
#include "fastckpt/table/block_reader.h"

namespace fastckpt::internal {
namespace {

// An index block this large would name tens of millions of blocks.
constexpr std::uint64_t kMaxIndexBlock = std::uint64_t{1} << 30;

// The value at the empty key. `scratch` keeps its memory.
ByteView ReadFirstValue(const TableReader& table, BlockScratch* scratch) {
  ByteView first;
  bool found = false;
  if (table.block_count() > 0) {
    if (table.handle(0).size > kMaxIndexBlock) {
      ThrowUnsupported("a first block of " +
                       std::to_string(table.handle(0).size) +
                       " bytes is too large for a list of tensors");
    }
    const Block block = table.ReadBlock(0, scratch);
    bool is_first = true;
    table.VisitBlock(0, block, [&](std::string_view key, ByteView value) {
      if (is_first && key.empty()) {
        first = value;
        found = true;
      }
      is_first = false;
    });
  }
  if (!found) ThrowCorruption("the table has no record at the empty key");
  return first;
}

// The list of tensors, which is the first record of the first block.
SavedMeta ReadMeta(const TableReader& table) {
  return WithContext(Where{{}, 0, {}}, [&] {
    BlockScratch scratch;
    SavedTensorSlices record =
        ParseSavedTensorSlices(ReadFirstValue(table, &scratch));
    if (!record.has_meta) {
      ThrowCorruption(
          "the record at the empty key is not that of a V1 "
          "checkpoint; a V2 index is opened by its prefix");
    }
    CheckVersion(record.meta.version);
    return std::move(record.meta);
  });
}

// `other` is the file of a's first slice.
void CheckSameTensor(const V1Tensor& a, const SavedSliceMeta& b,
                     std::uint32_t file, const std::string& other) {
  if (std::any_of(a.slices.begin(), a.slices.end(),
                  [&](const V1Slice& slice) { return slice.file == file; })) {
    ThrowCorruption("the tensor is listed twice");
  }
  if (a.dtype != b.dtype || a.shape.dims != b.shape.dims) {
    ThrowCorruption(
        "two shards disagree about the tensor's dtype or shape: "
        "this one and " +
        Quote(other));
  }
}

}  // namespace

V1Reader::File::File(std::unique_ptr<DataFile> file)
    : data(std::move(file)),
      table(*data, kMaxIndexBlock),
      places(table.block_count()) {}

V1Reader::File::~File() {
  for (const auto& place : places) delete place.load();
}

V1Reader::V1Reader(const std::vector<std::string>& paths, IoMode mode)
    : V1Reader(paths, [mode](const std::string& path) {
        return std::make_unique<DataFile>(path, mode);
      }) {}

V1Reader::V1Reader(const std::vector<std::string>& paths,
                   const OpenFile& open) {
  constexpr int kLooks = 4;
  for (int look = 0; look < kLooks; ++look) {
    Open(paths, open);
    if (IsUnchanged()) return;
  }
  ThrowSystem(std::errc::device_or_resource_busy,
              "the shards were replaced each of the " + std::to_string(kLooks) +
                  " times they were opened; try again",
              paths.front());
}

// All files had their names at one moment: after the last was opened.
bool V1Reader::IsUnchanged() const {
  if (files_.size() == 1 || files_.front()->data->remote()) return true;
  return std::all_of(files_.begin(), files_.end(), [](const auto& file) {
    return IsFileAt(file->data->path(), file->data->file().identity());
  });
}

void V1Reader::Open(const std::vector<std::string>& paths,
                    const OpenFile& open) {
  files_.clear();
  tensors_.clear();
  for (const std::string& path : paths) {
    files_.push_back(std::make_unique<File>(open(path)));
    const auto file = static_cast<std::uint32_t>(files_.size() - 1);
    WithContext(Where{path, {}, {}}, [&] { AddMeta(file); });
  }
}

void V1Reader::AddMeta(std::uint32_t file) {
  SavedMeta meta = ReadMeta(table(file));
  // Found by name among the tensors of the files before this one only; a name
  // that comes twice in one file shows when the new ones are sorted in.
  const std::size_t known_count = tensors_.size();
  for (SavedSliceMeta& tensor : meta.tensors) {
    const std::string name = tensor.name;
    WithContext(Where{{}, {}, name},
                [&] { AddTensor(std::move(tensor), file, known_count); });
  }
  SortTensors();
}

void V1Reader::SortTensors() {
  std::sort(tensors_.begin(), tensors_.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < tensors_.size(); ++i) {
    if (tensors_[i - 1].name != tensors_[i].name) continue;
    ThrowCorruption("the tensor is listed twice",
                    Where{{}, {}, tensors_[i].name});
  }
}

void V1Reader::AddTensor(SavedSliceMeta&& meta, std::uint32_t file,
                         std::size_t known_count) {
  if (meta.slices.empty()) ThrowCorruption("the tensor lists no slice");
  std::optional<std::size_t> known = FindAmong(meta.name, known_count);
  if (known) {
    const V1Tensor& tensor = tensors_[*known];
    CheckSameTensor(tensor, meta, file,
                    this->file(tensor.slices.front().file).path());
  } else {
    known = tensors_.size();
    tensors_.push_back({meta.name, meta.dtype, meta.shape, {}});
  }
  for (SliceSpec& spec : meta.slices) {
    tensors_[*known].slices.push_back({std::move(spec), file});
  }
}

std::optional<std::size_t> V1Reader::Find(std::string_view name) const {
  return FindAmong(name, tensors_.size());
}

std::optional<std::size_t> V1Reader::FindAmong(std::string_view name,
                                               std::size_t count) const {
  const auto end = tensors_.begin() + static_cast<std::ptrdiff_t>(count);
  const auto found =
      std::lower_bound(tensors_.begin(), end, name,
                       [](const V1Tensor& tensor, std::string_view wanted) {
                         return std::string_view(tensor.name) < wanted;
                       });
  if (found == end || found->name != name) return std::nullopt;
  return static_cast<std::size_t>(found - tensors_.begin());
}

std::optional<RangeRequest> V1Reader::ReadRange(const V1Tensor& tensor,
                                                const V1Slice& slice) const {
  const RemoteFile* remote = file(slice.file).remote();
  if (remote == nullptr) return std::nullopt;
  const TableReader& table = this->table(slice.file);
  const auto block = table.FindBlock(SliceKey(tensor.name, slice.spec));
  if (!block) return std::nullopt;  // which reading it says
  const BlockHandle& handle = table.handle(*block);
  return RangeRequest{remote->number(), handle.offset,
                      handle.size + kTrailerSize};
}

std::size_t V1Reader::BlockOf(const V1Tensor& tensor,
                              const V1Slice& slice) const {
  const auto block =
      table(slice.file).FindBlock(SliceKey(tensor.name, slice.spec));
  if (!block) {
    ThrowCorruption(
        "the record of slice " + FormatSlice(slice.spec) + " is missing",
        Where{file(slice.file).path(), {}, tensor.name});
  }
  return *block;
}

V1Record V1Reader::FindRecord(const V1Tensor& tensor, const V1Slice& slice,
                              std::size_t block_index, const Block& block,
                              std::shared_ptr<const void> owner) const {
  const RecordPlaces& places = PlacesOf(slice.file, block_index, block);
  std::string found;
  for (const ByteView value :
       places.Find(SliceKey(tensor.name, slice.spec), block.contents)) {
    SavedTensorSlices record = ParseSavedTensorSlices(value);
    if (!record.has_data) ThrowCorruption("the record holds no data");
    if (record.data.name == tensor.name && record.data.slice == slice.spec) {
      return {std::move(owner), std::move(record.data.data)};
    }
    found = "the record is that of tensor " + Quote(record.data.name) +
            ", slice " + FormatSlice(record.data.slice);
  }
  if (!found.empty()) ThrowCorruption(found);
  ThrowCorruption("the record of slice " + FormatSlice(slice.spec) +
                  " is missing");
}

const RecordPlaces& V1Reader::PlacesOf(std::size_t file, std::size_t index,
                                       const Block& block) const {
  auto& place = files_[file]->places[index];
  const RecordPlaces* known = place.load(std::memory_order_acquire);
  if (known) return *known;
  auto made = std::make_unique<RecordPlaces>(table(file), index, block);
  if (place.compare_exchange_strong(known, made.get())) return *made.release();
  return *known;  // another thread was faster
}

bool IsV1Table(const DataFile& file) {
  const TableReader table(file, kMaxIndexBlock);
  BlockScratch scratch;
  return WithContext(Where{file.path(), 0, {}}, [&] {
    FieldReader reader(ReadFirstValue(table, &scratch));
    for (Field field; reader.Next(&field);) {
      if (field.Is(1, WireType::kBytes)) return true;
    }
    return false;
  });
}

}  // namespace fastckpt::internal
