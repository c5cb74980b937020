#include "fastckpt/read/checked_blocks.h"

namespace fastckpt::internal {

CheckedBlocks::CheckedBlocks(const V1Reader& reader, IoMode mode)
    : reader_(reader), mode_(mode) {
  for (std::size_t i = 0; i < reader.file_count(); ++i) {
    states_.emplace_back(reader.table(i).block_count());
  }
}

Block CheckedBlocks::Read(const BlockPlace& place, bool check, FileStamp stamp,
                          BlockScratch* scratch) {
  const TableReader& table = reader_.table(place.file);
  if (!check) return table.ReadUnchecked(place.block, scratch);
  CheckState& state = states_[place.file][place.block];
  // What is read again is checked again: other bytes may come.
  if (mode_ == IoMode::kRead) {
    return state.Note(stamp,
                      [&] { return table.ReadBlock(place.block, scratch); });
  }
  while (true) {
    const CheckState::Claim claim = state.TryClaim(stamp);
    if (claim == CheckState::Claim::kDone) {
      return table.ReadUnchecked(place.block, scratch);
    }
    if (claim == CheckState::Claim::kBusy) {
      state.Wait();
      continue;
    }
    try {
      const Block contents = table.ReadBlock(place.block, scratch);
      state.Finish(/*is_right=*/true, stamp);
      return contents;
    } catch (...) {
      state.Finish(/*is_right=*/false, stamp);
      throw;
    }
  }
}

}  // namespace fastckpt::internal
