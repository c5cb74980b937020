// Bundles made by hand: an index of any entries, so that a test can break the
// meaning of one while everything round it is right.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/proto/messages.h"
#include "fastckpt/table/table_writer.h"
#include "fastckpt/tensor/dtype.h"
#include "testing/folder.h"

namespace fastckpt::internal {

// An entry for bytes that lie at `offset` of shard 0.
inline BundleEntry MakeEntry(DType dtype, std::vector<std::int64_t> dims,
                             std::int64_t offset, const std::string& bytes) {
  BundleEntry entry;
  entry.dtype = static_cast<std::int32_t>(dtype);
  entry.shape.rank = dims.size();
  entry.shape.dims = std::move(dims);
  entry.offset = offset;
  entry.size = static_cast<std::int64_t>(bytes.size());
  entry.masked_crc32c = MaskCrc32c(Crc32c(AsBytes(bytes)));
  return entry;
}

inline std::string MakeIndex(
    const BundleHeader& header,
    const std::map<std::string, BundleEntry>& entries) {
  std::string file;
  TableWriter table([&](ByteView bytes) { file += AsText(bytes); });
  std::string value;
  PutBundleHeader(&value, header);
  table.Add("", value);
  for (const auto& [key, entry] : entries) {
    value.clear();
    PutBundleEntry(&value, entry);
    table.Add(key, value);
  }
  table.Finish();
  return file;
}

// One little-endian shard.
inline BundleHeader OneShard() { return {1, 0, {1, 0, {}}}; }

// Writes the bundle `name` of one shard that holds `data`.
inline void WriteBundle(const Folder& folder, const std::string& name,
                        const std::map<std::string, BundleEntry>& entries,
                        const std::string& data,
                        const BundleHeader& header = OneShard()) {
  folder.Write(name + ".data-00000-of-00001", data);
  folder.Write(name + ".index", MakeIndex(header, entries));
}

}  // namespace fastckpt::internal
