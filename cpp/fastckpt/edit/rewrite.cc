#include "fastckpt/edit/rewrite.h"

#include "fastckpt/base/error.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {
namespace {

bool PassOn(const Sources& sources, const Changes* changes,
            const std::string& prefix, const WriteOptions& options,
            const Interrupt& interrupted, const Dealer::PassedOn& passed_on) {
  WriteOptions same_order = options;
  same_order.endianness = sources.front()->index().header().endianness;
  BundleWriter writer(prefix, same_order);
  for (const BundleSource* source : sources) {
    const bool is_done =
        WithContext(Where{IndexName(source->prefix()), {}, {}}, [&] {
          return Dealer(*source, changes, &writer, interrupted, passed_on)
              .Run();
        });
    if (!is_done) return false;
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
    is_done = PassOn(sources, nullptr, prefix, options, interrupted, nullptr);
  });
  return is_done;
}

bool Rewrite(const BundleSource& source, const std::string& prefix,
             const Changes& changes, const WriteOptions& options,
             const Interrupt& interrupted,
             const std::function<void(std::uint64_t)>& passed_on) {
  CheckChanges(source, changes);
  return PassOn({&source}, &changes, prefix, options, interrupted, passed_on);
}

}  // namespace fastckpt::internal
