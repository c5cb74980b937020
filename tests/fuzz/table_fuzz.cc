// Input: a table file.
#include <string>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/table/table_reader.h"
#include "fuzz_folder.h"
#include "fuzz_target.h"
#include "require.h"
#include "table_mutator.h"

namespace fastckpt::internal {
namespace {

using Records = std::vector<std::pair<std::string, std::string>>;

// The records of one block, which must all be found where they are.
Records ReadBlock(const TableReader& table, std::size_t block) {
  Records records;
  BlockScratch scratch;
  table.VisitBlock(block, table.ReadBlock(block, &scratch),
                   [&](std::string_view key, ByteView value) {
                     records.emplace_back(key, AsText(value));
                   });
  for (const auto& record : records) {
    Require(table.FindBlock(record.first) == block,
            "a search finds the block of each key");
  }
  return records;
}

Records ReadRecords(const std::string& path, IoMode mode) {
  const DataFile file(path, mode);
  const TableReader table(file, 1 << 20);
  Records records;
  for (std::size_t block = 0; block < table.block_count(); ++block) {
    for (auto& record : ReadBlock(table, block)) {
      Require(records.empty() || records.back().first < record.first,
              "keys rise");
      records.push_back(std::move(record));
    }
  }
  return records;
}

// Nothing where the table is refused.
Records TryReadRecords(const std::string& path, IoMode mode) {
  try {
    return ReadRecords(path, mode);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace
}  // namespace fastckpt::internal

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fastckpt::internal;
  if (size > kMaxFuzzInput) return 0;
  const std::string path = FuzzFolder::Get().Write("table", {data, size});
  Require(
      TryReadRecords(path, IoMode::kMap) == TryReadRecords(path, IoMode::kRead),
      "both ways of reading give the same records");
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                    std::size_t max_size, unsigned seed) {
  return fastckpt::internal::MutateTableInput(data, size, max_size, seed);
}
