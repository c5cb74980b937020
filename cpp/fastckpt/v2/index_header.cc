#include "fastckpt/v2/index_header.h"

#include <limits>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/proto/messages.h"
#include "fastckpt/table/table_reader.h"

namespace fastckpt::internal {

std::optional<std::int32_t> CountShards(const std::string& path) {
  std::optional<std::int32_t> count;
  try {
    const DataFile file(path, IoMode::kRead);
    const TableReader table(file, std::numeric_limits<std::uint64_t>::max());
    if (table.block_count() == 0) return std::nullopt;
    BlockScratch scratch;
    bool is_first = true;
    table.VisitBlock(0, table.ReadBlock(0, &scratch),
                     [&](std::string_view key, ByteView value) {
                       if (is_first && key.empty()) {
                         count = ParseBundleHeader(value).num_shards;
                       }
                       is_first = false;
                     });
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!count || *count <= 0) return std::nullopt;
  return count;
}

}  // namespace fastckpt::internal
