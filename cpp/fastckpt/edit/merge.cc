#include "fastckpt/edit/merge.h"

#include <algorithm>
#include <map>
#include <memory>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {
namespace {

// So many new files stay open, which keeps others from taking them for litter.
constexpr std::size_t kMaxUnsettledFiles = 64;

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

// A data file of a source, how far the entries reach into it, and what it was
// when it was opened.
struct SourceFile {
  const BundleSource* source;
  std::size_t slot;
  std::uint64_t reach = 0;
  FileIdentity identity;
};

class Merger {
 public:
  explicit Merger(const Sources& sources) : sources_(sources) {
    CheckAlike(sources_);
    for (const BundleSource* source : sources_) {
      for (std::size_t i = 0; i < source->index().entry_count(); ++i) {
        AddEntry(*source, i);
      }
    }
  }

  void Write(const std::string& prefix, const WriteOptions& options,
             const Interrupt& interrupted) {
    Commit commit(prefix, IndexName(""));
    // Stays open all the while: by it the others are known to be in the making.
    const std::unique_ptr<OutputFile> index = commit.Create(IndexName(""));
    if (options.progress) options.progress->total += ReachOfAll();
    const std::vector<std::unique_ptr<OutputFile>> files =
        MakeFiles(commit, options, interrupted);
    CheckUnchanged();
    BundleHeader header = sources_.front()->index().header();
    header.num_shards = static_cast<std::int32_t>(files.size());
    table_.Write(header, *index);
    std::vector<OutputFile*> in_order;
    for (const auto& file : files) in_order.push_back(file.get());
    in_order.push_back(index.get());
    if (options.progress) options.progress->on_whole();
    commit.Finish(in_order, options.sync, options.threads, interrupted);
  }

 private:
  // A data file is numbered when the first new entry refers to it.
  std::int32_t NumberOf(const BundleSource& source, std::size_t slot) {
    const auto [known, is_new] =
        numbers_.try_emplace(source.ShardPath(slot), files_.size());
    if (is_new) files_.push_back({&source, slot, 0, {}});
    return static_cast<std::int32_t>(known->second);
  }

  // Orders slices by their sources, without numbering a file.
  std::int32_t LastNumber() const {
    return static_cast<std::int32_t>(files_.size()) - 1;
  }

  void AddEntry(const BundleSource& source, std::size_t i) {
    CheckEntry(source, i);
    const std::string key(source.index().name(i));
    BundleEntry entry = ToMessage(source.index(), i);
    entry.shard_id =
        table_.IsPartitioned(key) ? LastNumber() : NumberOf(source, i);
    WithContext(Where{IndexName(source.prefix()), {}, {}}, [&] {
      if (!entry.slices.empty()) {
        table_.CheckSlices(key, entry);
        table_.AddSlices(key, entry);
        return;
      }
      table_.Claim(key, TensorName(source, i));
      table_.Set(key, entry);
    });
    if (entry.slices.empty()) Extend(entry);
  }

  // Notes how far the entries reach into their file.
  void Extend(const BundleEntry& entry) {
    SourceFile& file = files_[static_cast<std::size_t>(entry.shard_id)];
    // Two numbers below 2^63.
    file.reach =
        std::max(file.reach, static_cast<std::uint64_t>(entry.offset) +
                                 static_cast<std::uint64_t>(entry.size));
  }

  std::vector<std::unique_ptr<OutputFile>> MakeFiles(
      const Commit& commit, const WriteOptions& options,
      const Interrupt& interrupted) {
    const std::size_t count = std::max<std::size_t>(files_.size(), 1);
    std::vector<std::unique_ptr<OutputFile>> files;
    for (std::size_t i = 0; i < count; ++i) {
      if (interrupted && interrupted()) throw Interrupted{};
      const std::string name = DataName("", static_cast<std::int32_t>(i),
                                        static_cast<std::int32_t>(count));
      files.push_back(files_.empty() ? commit.Create(name)
                                     : Duplicate(commit, name, &files_[i]));
      if (i >= kMaxUnsettledFiles) files.back()->Settle(options.sync);
      if (options.progress && i < files_.size()) {
        options.progress->done += files_[i].reach;
      }
    }
    return files;
  }

  std::uint64_t ReachOfAll() const {
    std::uint64_t sum = 0;
    for (const SourceFile& file : files_) sum += file.reach;
    return sum;
  }

  static std::unique_ptr<OutputFile> Duplicate(const Commit& commit,
                                               const std::string& name,
                                               SourceFile* file) {
    const std::unique_ptr<DataFile> data = OpenShard(*file->source, file->slot);
    data->CheckRange(0, file->reach);
    file->identity = data->file().identity();
    return commit.Duplicate(name, data->file());
  }

  // What was linked or copied is what belongs to the indexes: they, and the
  // data files under their names, are still those that were opened.
  void CheckUnchanged() const {
    for (const BundleSource* source : sources_) source->CheckIndexUnchanged();
    for (const SourceFile& file : files_) {
      const std::string path = file.source->ShardPath(file.slot);
      if (StatFile(path) == file.identity) continue;
      ThrowCorruption(
          "the file was replaced or changed while it was merged; "
          "merge again",
          Where{path, {}, {}});
    }
  }

  const Sources& sources_;
  std::map<std::string, std::size_t> numbers_;  // by path
  std::vector<SourceFile> files_;
  EntryTable table_;
};

}  // namespace

void MergeBundles(const Sources& sources, const std::string& prefix,
                  const WriteOptions& options, const Interrupt& interrupted) {
  NamingSources(sources,
                [&] { Merger(sources).Write(prefix, options, interrupted); });
}

}  // namespace fastckpt::internal
