// EntryTable: the entries of an index that is being made.
//
// Entries are kept as the bytes they become, some hundred for each tensor.
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc, BundleWriter;
// FORMAT sections 5.1, 5.2 and 5.8.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fastckpt/platform/output_file.h"
#include "fastckpt/proto/messages.h"

namespace fastckpt::internal {

class EntryTable {
 public:
  // Takes a key for an entry that Set will give. Throws Invalid, naming
  // `tensor`, if it is taken.
  void Claim(const std::string& key, const std::string& tensor);

  // True if slices of a tensor of that name were added.
  bool IsPartitioned(const std::string& name) const {
    return partitioned_.contains(name);
  }

  // Throws Invalid if `part`, the entry of a partitioned tensor, does not go
  // with what is there: a whole tensor of that name, or slices of another dtype
  // or shape.
  void CheckSlices(const std::string& name, const BundleEntry& part) const;
  // Adds the slices that `part` lists and that lie in its shard.
  // REQUIRES: CheckSlices passes.
  void AddSlices(const std::string& name, const BundleEntry& part);

  // Sets the entry of a key that was claimed.
  void Set(const std::string& key, const BundleEntry& entry);

  // Gives a whole tensor, whose entry is set, a second name. Throws Invalid if
  // there is no such tensor, or the name is empty or taken.
  void Alias(const std::string& name, const std::string& of);

  // Writes the index of a bundle of so many shards. Throws System, and Invalid
  // if slices of one tensor overlap.
  void Write(const BundleHeader& header, const OutputFile& file);

 private:
  // A partitioned tensor: its entry without slices, and these with their
  // shards.
  struct Partitioned {
    BundleEntry entry;
    std::vector<std::pair<std::int32_t, SliceSpec>> slices;
  };

  void SetPartitioned(const std::string& name, Partitioned* tensor);

  std::map<std::string, std::string> entries_;
  std::map<std::string, Partitioned> partitioned_;
};

}  // namespace fastckpt::internal
