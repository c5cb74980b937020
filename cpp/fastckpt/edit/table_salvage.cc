#include "fastckpt/edit/table_salvage.h"

#include "fastckpt/base/error.h"
#include "fastckpt/table/block_reader.h"
#include "fastckpt/table/block_scan.h"
#include "fastckpt/table/table_writer.h"
#include "fastckpt/write/file_replacement.h"

namespace fastckpt::internal {
namespace {

class Copier {
 public:
  Copier(ByteView file, TableWriter* table) : file_(file), table_(*table) {}

  // Entries of blocks that do not go on from those before are left out.
  void Add(const BlockHandle& handle) {
    Scratch scratch;
    const auto begin = static_cast<std::size_t>(handle.offset);
    const auto size = static_cast<std::size_t>(handle.size);
    BlockReader reader(
        OpenBlock(file_.subspan(begin, size + kTrailerSize), &scratch));
    while (reader.Next()) {
      if (count_ == 0 && !reader.key().empty()) {
        ThrowCorruption("the block that says what is in the file is damaged");
      }
      if (count_ > 0 && reader.key() <= last_) continue;
      table_.Add(reader.key(), AsText(reader.value()));
      last_ = reader.key();
      ++count_;
    }
  }

  bool IsEmpty() const { return count_ == 0; }

 private:
  const ByteView file_;
  TableWriter& table_;
  std::string last_;
  std::size_t count_ = 0;
};

}  // namespace

TableSalvage SalvageTable(const std::string& path, const std::string& to,
                          const Interrupt& interrupted) {
  return WithContext(Where{path, {}, {}}, [&] {
    const DataFile file(path, IoMode::kRead);
    if (file.size() > kMaxSalvagedTable) {
      ThrowUnsupported("a file of " + std::to_string(file.size()) +
                       " bytes is over the limit of " +
                       std::to_string(kMaxSalvagedTable) +
                       ", up to which damaged V1 files are read");
    }
    Scratch scratch;
    const ByteView bytes =
        file.Fetch(0, static_cast<std::size_t>(file.size()), &scratch);
    const ScannedTable table = ScanTable(bytes, interrupted);
    TableSalvage done;
    done.is_whole = table.is_whole;
    if (!table.how.empty()) {
      done.repairs.push_back(path + ": its blocks were found by " + table.how);
    }
    FileReplacement result(to, Directory::Missing::kRefuse);
    std::uint64_t end = 0;
    TableWriter writer([&](ByteView part) {
      result.WriteAt(end, part);
      end += part.size();
    });
    Copier copier(bytes, &writer);
    for (const ScannedBlock& block : table.blocks) {
      if (block.is_sound) {
        copier.Add(block.handle);
      } else {
        done.is_whole = false;
      }
    }
    if (copier.IsEmpty()) ThrowCorruption("no block of the file is sound");
    writer.Finish();
    result.Finish(/*sync=*/false);
    return done;
  });
}

}  // namespace fastckpt::internal
