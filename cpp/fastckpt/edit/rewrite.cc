#include "fastckpt/edit/rewrite.h"

#include <deque>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {
namespace {

bool PassOn(const Sources& sources, const Changes* changes,
            const std::string& prefix, const WriteOptions& options,
            const Interrupt& interrupted) {
  WriteOptions same_order = options;
  same_order.endianness = sources.front()->index().header().endianness;
  BundleWriter writer(prefix, same_order);
  std::deque<Dealer> dealers;  // they stay where they are
  for (const BundleSource* source : sources) {
    const Where where{IndexName(source->prefix()), {}, {}};
    WithContext(where, [&] {
      dealers.emplace_back(*source, changes, &writer, interrupted);
    });
    if (options.progress) options.progress->total += dealers.back().Size();
  }
  // One at a time has its files open.
  for (; !dealers.empty(); dealers.pop_front()) {
    const Where where{IndexName(dealers.front().prefix()), {}, {}};
    if (!WithContext(where, [&] { return dealers.front().Run(); })) {
      return false;
    }
  }
  writer.Finish(interrupted);
  return true;
}

void CheckChanges(const BundleSource& source, const Changes& changes) {
  for (const auto& [name, _] : changes.names) {
    if (source.Find(name)) continue;
    throw Error(ErrorKind::kNotFound, "no tensor of this name",
                Where{IndexName(source.prefix()), {}, name});
  }
  for (const auto& [name, _] : changes.values) {
    const Where where{IndexName(source.prefix()), {}, name};
    if (!changes.names.contains(name)) {
      ThrowInvalid("values are given, but the tensor is left out", where);
    }
    if (source.index().header().endianness != 0) {
      ThrowUnsupported("a big-endian bundle keeps its values as they are",
                       where);
    }
  }
}

}  // namespace

bool Reshard(const Sources& sources, const std::string& prefix,
             const WriteOptions& options, const Interrupt& interrupted) {
  CheckAlike(sources);
  bool is_done = false;
  NamingSources(sources, [&] {
    is_done = PassOn(sources, nullptr, prefix, options, interrupted);
  });
  return is_done;
}

bool Rewrite(const BundleSource& source, const std::string& prefix,
             const Changes& changes, const WriteOptions& options,
             const Interrupt& interrupted) {
  CheckChanges(source, changes);
  return PassOn({&source}, &changes, prefix, options, interrupted);
}

}  // namespace fastckpt::internal
