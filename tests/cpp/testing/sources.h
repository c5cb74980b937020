// Bundles opened to be passed on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fastckpt/read/bundle_source.h"
#include "testing/folder.h"

namespace fastckpt::internal {

class OpenSources {
 public:
  OpenSources(const Folder& folder, const std::vector<std::string>& names,
              IoMode mode = IoMode::kMap) {
    for (const std::string& name : names) {
      owned_.push_back(
          std::make_unique<BundleSource>(folder.Path(name), mode, UINT64_MAX));
      all_.push_back(owned_.back().get());
    }
  }

  const std::vector<const BundleSource*>& all() const { return all_; }
  const BundleSource& front() const { return *all_.front(); }

 private:
  std::vector<std::unique_ptr<const BundleSource>> owned_;
  std::vector<const BundleSource*> all_;
};

}  // namespace fastckpt::internal
