#include "fastckpt/table/block_reader.h"

#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kCountSize = 4;

// The entries, without the restart array behind them.
ByteView Entries(ByteView contents) {
  if (contents.size() < kCountSize) {
    ThrowCorruption("a block of " + std::to_string(contents.size()) +
                    " bytes cannot hold its restart count");
  }
  const ByteView before_count = contents.first(contents.size() - kCountSize);
  const auto restarts =
      LoadLittle<std::uint32_t>(contents.last(kCountSize).data());
  if (restarts == 0) ThrowCorruption("the block has no restart");
  if (restarts > before_count.size() / 4) {
    ThrowCorruption("a block of " + std::to_string(contents.size()) +
                    " bytes cannot hold " + std::to_string(restarts) +
                    " restarts");
  }
  return before_count.first(before_count.size() - std::size_t{restarts} * 4);
}

}  // namespace

BlockReader::BlockReader(ByteView contents) : cursor_(Entries(contents)) {}

bool BlockReader::Next() {
  if (cursor_.AtEnd()) return false;
  const std::size_t position = cursor_.position();
  try {
    TakeEntry();
  } catch (const Error& error) {
    ThrowCorruption("entry at byte " + std::to_string(position) +
                    " of the block: " + error.message());
  }
  is_first_ = false;
  return true;
}

void BlockReader::TakeEntry() {
  std::uint32_t shared = 0;
  std::uint32_t non_shared = 0;
  std::uint32_t value_size = 0;
  if (!cursor_.TakeVarint32(&shared) || !cursor_.TakeVarint32(&non_shared) ||
      !cursor_.TakeVarint32(&value_size)) {
    ThrowCorruption("its lengths do not parse");
  }
  ByteView suffix;
  if (!cursor_.TakeBytes(non_shared, &suffix)) {
    ThrowCorruption("a key of " + std::to_string(non_shared) +
                    " more bytes passes the block's end");
  }
  if (!cursor_.TakeBytes(value_size, &value_)) {
    ThrowCorruption("a value of " + std::to_string(value_size) +
                    " bytes passes the block's end");
  }
  if (shared > key_.size()) {
    ThrowCorruption("it shares " + std::to_string(shared) +
                    " bytes with a key of " + std::to_string(key_.size()));
  }
  // What is shared is equal, so the rest decides.
  const auto previous_rest = std::string_view(key_).substr(shared);
  if (!is_first_ && AsText(suffix).compare(previous_rest) <= 0) {
    ThrowCorruption("its key does not rise above " + Quote(key_));
  }
  key_.resize(shared);
  key_.append(AsText(suffix));
}

}  // namespace fastckpt::internal
