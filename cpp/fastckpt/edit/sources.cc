#include "fastckpt/edit/sources.h"

#include <string>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {
namespace {

// What two bundles must have in common.
std::string Kind(BundleHeader header) {
  header.num_shards = 0;
  std::string bytes;
  PutBundleHeader(&bytes, header);
  return bytes;
}

// "'one.index' and 'two.index'"; empty if fewer than two have the tensor.
std::string WhoHas(const Sources& sources, const std::string& tensor) {
  std::string text;
  int count = 0;
  for (const BundleSource* source : sources) {
    if (!source->index().Find(tensor)) continue;
    if (count++ > 0) text += " and ";
    text += Quote(IndexName(source->prefix()));
  }
  return count > 1 ? text : "";
}

}  // namespace

void CheckAlike(const Sources& sources) {
  if (sources.empty()) ThrowInvalid("there is no source");
  const std::string first = Kind(sources.front()->index().header());
  for (const BundleSource* source : sources) {
    if (Kind(source->index().header()) == first) continue;
    ThrowInvalid("byte order or version is not that of " +
                     Quote(IndexName(sources.front()->prefix())),
                 Where{IndexName(source->prefix()), {}, {}});
  }
}

void CheckEntry(const BundleSource& source, std::size_t slot) {
  const Where where{IndexName(source.prefix()), {}, TensorName(source, slot)};
  WithContext(where, [&] {
    CheckRank(source.index().entry(slot).rank);
    if (!source.index().IsSliced(slot)) source.CheckPlace(slot);
  });
}

std::string TensorName(const BundleSource& source, std::size_t slot) {
  std::string name;
  SliceSpec spec;
  const std::string_view key = source.index().name(slot);
  const bool is_slice =
      source.index().entry(slot).is_hidden && ParseSliceKey(key, &name, &spec);
  return is_slice ? name : std::string(key);
}

std::unique_ptr<DataFile> OpenShard(const BundleSource& source,
                                    std::size_t slot) {
  source.CheckIndexUnchanged();
  std::unique_ptr<DataFile> file = source.OpenShard(slot, IoMode::kRead);
  // A save between the two would have put its own index in place.
  source.CheckIndexUnchanged();
  return file;
}

void NamingSources(const Sources& sources, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalid || !error.where().tensor) throw;
    const std::string who = WhoHas(sources, *error.where().tensor);
    if (who.empty()) throw;
    throw Error(error.kind(), error.message() + "; it is in " + who,
                error.where(), error.system_code());
  }
}

}  // namespace fastckpt::internal
