#include "fastckpt/table/table_writer.h"

#include <algorithm>
#include <utility>

namespace fastckpt::internal {
namespace {

constexpr std::size_t kBlockSize = 262144;
constexpr std::size_t kDataInterval = 16;
constexpr std::size_t kIndexInterval = 1;

unsigned char ByteAt(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// The first i + 1 bytes of the key, the last of them one higher.
std::string Increment(std::string_view key, std::size_t i) {
  std::string result(key.substr(0, i + 1));
  result.back() = static_cast<char>(ByteAt(key, i) + 1);
  return result;
}

}  // namespace

TableWriter::TableWriter(Sink sink)
    : sink_(std::move(sink)), data_(kDataInterval), index_(kIndexInterval) {}

void TableWriter::Add(std::string_view key, std::string_view value) {
  // TensorFlow gives an entry of two blocks' size a block of its own.
  if (has_entries_ && key.size() + value.size() >= 2 * kBlockSize) Flush();
  if (pending_) IndexPending(SeparatorKey(last_key_, key));
  last_key_ = key;
  has_entries_ = true;
  data_.Add(key, value);
  if (data_.SizeIfFinished() >= kBlockSize) Flush();
}

void TableWriter::Finish() {
  Flush();
  BlockWriter metaindex(kDataInterval);
  Footer footer;
  footer.metaindex = WriteBlock(&metaindex);
  if (pending_) IndexPending(SuccessorKey(last_key_));
  footer.index = WriteBlock(&index_);
  std::string tail;
  PutFooter(&tail, footer);
  Emit(tail);
}

void TableWriter::Flush() {
  if (data_.IsEmpty()) return;
  pending_ = WriteBlock(&data_);
}

BlockHandle TableWriter::WriteBlock(BlockWriter* block) {
  const std::string& bytes = block->Finish();
  const BlockHandle handle{offset_, bytes.size()};
  std::string trailer;
  PutTrailer(&trailer, AsBytes(bytes), BlockType::kRaw);
  Emit(bytes);
  Emit(trailer);
  block->Clear();
  return handle;
}

void TableWriter::IndexPending(std::string_view separator) {
  std::string value;
  PutHandle(&value, *pending_);
  index_.Add(separator, value);
  pending_.reset();
}

void TableWriter::Emit(std::string_view bytes) {
  sink_(AsBytes(bytes));
  offset_ += bytes.size();
}

std::string SeparatorKey(std::string_view a, std::string_view b) {
  const std::size_t limit = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < limit && a[i] == b[i]) ++i;
  if (i == limit || ByteAt(a, i) + 1 >= ByteAt(b, i)) return std::string(a);
  return Increment(a, i);
}

std::string SuccessorKey(std::string_view key) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (ByteAt(key, i) != 0xff) return Increment(key, i);
  }
  return std::string(key);
}

}  // namespace fastckpt::internal
