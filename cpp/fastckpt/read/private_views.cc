#include "fastckpt/read/private_views.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <unordered_map>

namespace fastckpt::internal {
namespace {

// A file's private mapping, made for the first view of it.
class PrivateFile {
 public:
  explicit PrivateFile(const DataFile* file) : file_(file) {}

  void Move(ArrayBytes* view) {
    if (!mapping_) mapping_ = MappedFile::MapPrivate(file_->file());
    const ByteView bytes = mapping_->bytes();
    const auto offset = view->data - file_->mapping()->bytes().data();
    *view = {bytes.data() + offset, view->size, mapping_, bytes.size()};
  }

 private:
  const DataFile* file_;
  std::shared_ptr<const MappedFile> mapping_;
};

using PrivateFiles = std::unordered_map<const void*, PrivateFile>;

PrivateFiles FilesByMapping(const std::vector<const DataFile*>& files) {
  PrivateFiles found;
  for (const DataFile* file : files) {
    if (file->mapping()) {
      found.emplace(file->mapping().get(), PrivateFile(file));
    }
  }
  return found;
}

bool IsAligned(const ArrayBytes& view, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(view.data) % alignment == 0;
}

// In the order of their bytes; mappings do not overlap.
std::vector<std::size_t> InOrder(const std::vector<ArrayBytes>& views) {
  std::vector<std::size_t> order(views.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto one, auto other) {
    return std::less<>()(views[one].data, views[other].data);
  });
  return order;
}

}  // namespace

std::vector<std::size_t> MakePrivate(const std::vector<const DataFile*>& files,
                                     std::span<const std::size_t> alignments,
                                     std::vector<ArrayBytes>* views) {
  PrivateFiles by_mapping = FilesByMapping(files);
  std::vector<std::size_t> left;
  // Where the last one that was moved ended: those that follow begin no earlier
  // than it began.
  const std::uint8_t* reach = nullptr;
  for (const std::size_t i : InOrder(*views)) {
    ArrayBytes& view = (*views)[i];
    const auto file = by_mapping.find(view.owner.get());
    if (file == by_mapping.end() || !IsAligned(view, alignments[i]) ||
        std::less<>()(view.data, reach)) {
      left.push_back(i);
      continue;
    }
    reach = view.data + view.size;
    file->second.Move(&view);
  }
  std::sort(left.begin(), left.end());
  return left;
}

}  // namespace fastckpt::internal
