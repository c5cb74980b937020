#include "fastckpt/edit/merge.h"

#include <algorithm>
#include <map>
#include <memory>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/edit/source_bundle.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt {
namespace {

BundleEntry ToMessage(const BundleIndex& index, std::size_t i) {
  const StoredEntry& stored = index.entry(i);
  const Dims dims = index.dims(i);
  BundleEntry entry;
  entry.dtype = stored.dtype;
  entry.shape.dims.assign(dims.begin(), dims.end());
  entry.shape.rank = dims.size();
  entry.shape.unknown_rank = stored.unknown_rank;
  entry.offset = stored.offset;
  entry.size = stored.size;
  entry.masked_crc32c = index.IsSliced(i) ? 0 : MaskCrc32c(stored.crc32c);
  entry.slices = index.slices(i);
  return entry;
}

class Merger {
 public:
  explicit Merger(const std::vector<std::string>& prefixes)
      : sources_(OpenSources(prefixes)) {
    for (const SourceBundle& source : sources_) {
      for (std::size_t i = 0; i < source.index.entry_count(); ++i) {
        AddEntry(source, i);
      }
    }
  }

  void Write(const std::string& prefix, const WriteOptions& options,
             const Interrupt& interrupted) {
    Commit commit(prefix, IndexName(""));
    const std::vector<std::unique_ptr<OutputFile>> files = MakeFiles(commit);
    BundleHeader header = sources_.front().index.header();
    header.num_shards = static_cast<std::int32_t>(files.size() - 1);
    table_.Write(header, *files.back());
    std::vector<OutputFile*> in_order;
    for (const auto& file : files) in_order.push_back(file.get());
    commit.Finish(in_order, options.sync, options.threads, interrupted);
  }

 private:
  // A data file is numbered when the first new entry refers to it.
  std::int32_t NumberOf(const std::string& path) {
    const auto [known, is_new] = numbers_.try_emplace(path, paths_.size());
    if (is_new) paths_.push_back(path);
    return static_cast<std::int32_t>(known->second);
  }

  // Orders slices by their sources, without numbering a file.
  std::int32_t LastNumber() const {
    return static_cast<std::int32_t>(paths_.size()) - 1;
  }

  void AddEntry(const SourceBundle& source, std::size_t i) {
    source.CheckEntry(i);
    const std::string key(source.index.name(i));
    BundleEntry entry = ToMessage(source.index, i);
    entry.shard_id =
        table_.IsPartitioned(key) ? LastNumber() : NumberOf(source.DataPath(i));
    WithContext(Where{IndexName(source.prefix), {}, {}}, [&] {
      if (!entry.slices.empty()) {
        table_.CheckSlices(key, entry);
        table_.AddSlices(key, entry);
        return;
      }
      table_.Claim(key, source.TensorName(i));
      table_.Set(key, entry);
    });
    if (entry.slices.empty()) Extend(entry);
  }

  // Notes how far the entries reach into their file.
  void Extend(const BundleEntry& entry) {
    const auto shard = static_cast<std::size_t>(entry.shard_id);
    reach_.resize(std::max(reach_.size(), shard + 1));
    // Two numbers below 2^63.
    reach_[shard] =
        std::max(reach_[shard], static_cast<std::uint64_t>(entry.offset) +
                                    static_cast<std::uint64_t>(entry.size));
  }

  // Data files, then the index.
  std::vector<std::unique_ptr<OutputFile>> MakeFiles(const Commit& commit) {
    const std::size_t count = std::max<std::size_t>(paths_.size(), 1);
    reach_.resize(count);
    std::vector<std::unique_ptr<OutputFile>> files;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = DataName("", static_cast<std::int32_t>(i),
                                        static_cast<std::int32_t>(count));
      if (paths_.empty()) {
        files.push_back(commit.Create(name));
        continue;
      }
      DataFile(paths_[i], IoMode::kRead).CheckRange(0, reach_[i]);
      files.push_back(commit.Duplicate(name, paths_[i]));
    }
    files.push_back(commit.Create(IndexName("")));
    return files;
  }

  const std::vector<SourceBundle> sources_;
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> paths_;
  std::vector<std::uint64_t> reach_;
  EntryTable table_;
};

}  // namespace

void MergeBundles(const std::vector<std::string>& sources,
                  const std::string& prefix, const WriteOptions& options,
                  const Interrupt& interrupted) {
  Merger(sources).Write(prefix, options, interrupted);
}

}  // namespace fastckpt
