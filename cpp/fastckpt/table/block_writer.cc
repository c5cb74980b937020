#include "fastckpt/table/block_writer.h"

#include <algorithm>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {
namespace {

std::size_t SharedPrefix(std::string_view a, std::string_view b) {
  const auto [end, ignored] = std::mismatch(
      a.begin(),
      a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())),
      b.begin());
  return static_cast<std::size_t>(end - a.begin());
}

}  // namespace

BlockWriter::BlockWriter(std::size_t interval)
    : interval_(interval), restarts_{0} {}

void BlockWriter::Add(std::string_view key, std::string_view value) {
  std::size_t shared = 0;
  if (since_restart_ < interval_) {
    shared = SharedPrefix(last_key_, key);
  } else {
    restarts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    since_restart_ = 0;
  }
  const std::string_view suffix = key.substr(shared);
  PutVarint64(&bytes_, shared);
  PutVarint64(&bytes_, suffix.size());
  PutVarint64(&bytes_, value.size());
  bytes_.append(suffix).append(value);
  last_key_.replace(shared, std::string::npos, suffix);
  ++since_restart_;
}

std::size_t BlockWriter::SizeIfFinished() const {
  return bytes_.size() + (restarts_.size() + 1) * sizeof(std::uint32_t);
}

const std::string& BlockWriter::Finish() {
  for (const std::uint32_t restart : restarts_) PutFixed32(&bytes_, restart);
  PutFixed32(&bytes_, static_cast<std::uint32_t>(restarts_.size()));
  return bytes_;
}

void BlockWriter::Clear() {
  bytes_.clear();
  last_key_.clear();
  restarts_.assign(1, 0);
  since_restart_ = 0;
}

}  // namespace fastckpt::internal
