#include "fastckpt/read/damage_signs.h"

#include <algorithm>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/codec/crc32c_search.h"

namespace fastckpt::internal {
namespace {

// A shorter rest of a file may well have been saved as zeros.
constexpr std::uint64_t kMinZeros = 16;
// As many bytes of a page tell mostly that it is not zeros.
constexpr std::uint64_t kGlance = 64;
// How far saved zeros beside a page may reach up to it: numbers begin and end
// with some.
constexpr std::uint64_t kEdge = 16;
// How many bytes of one file are searched for a wrong one: a fraction of a
// second.
constexpr std::uint64_t kMaxSearched = 64 << 20;

}  // namespace

Damage DamageSigns::Find(std::uint64_t offset, std::uint64_t size,
                         std::optional<std::uint32_t> crc) {
  file_.CheckRange(offset, size);
  Damage damage{offset, size, {}, {}};
  if (size == 0) return damage;
  FindZeros(&damage);
  if (crc) FindByte(*crc, &damage);
  return damage;
}

std::uint64_t DamageSigns::EndOfPage(std::uint64_t begin) const {
  return begin + std::min(kPageSize, file_.size() - begin);
}

bool DamageSigns::IsZero(std::uint64_t begin, std::uint64_t end) {
  const ByteView bytes =
      file_.Read(begin, static_cast<std::size_t>(end - begin), &scratch_);
  return std::all_of(bytes.begin(), bytes.end(), [](auto b) { return b == 0; });
}

bool DamageSigns::IsZeroPage(std::uint64_t begin) {
  if (other_page_ == begin) return false;
  const std::uint64_t end = EndOfPage(begin);
  const std::uint64_t glance = begin + std::min(kGlance, end - begin);
  if (IsZero(begin, glance) && IsZero(glance, end)) return true;
  other_page_ = begin;
  return false;
}

// Gives all of the zero pages around one, and remembers them.
ZeroPages DamageSigns::GrowRun(std::uint64_t page) {
  ZeroPages run{page, EndOfPage(page), false};
  while (run.begin > 0 && IsZeroPage(run.begin - kPageSize)) {
    run.begin -= kPageSize;
  }
  while (run.end < file_.size() && IsZeroPage(run.end)) {
    run.end = EndOfPage(run.end);
  }
  const bool is_first = run.begin == 0;
  const bool is_last = run.end == file_.size();
  const auto edge = std::min(kEdge, file_.size() - run.end);
  run.is_cut_out = (is_first && is_last) ||
                   (!is_first && !IsZero(run.begin - kEdge, run.begin)) ||
                   (!is_last && !IsZero(run.end, run.end + edge));
  runs_.emplace(run.end, run);
  return run;
}

void DamageSigns::FindZeros(Damage* damage) {
  const std::uint64_t end = damage->offset + damage->size;
  std::uint64_t page = damage->offset / kPageSize * kPageSize;
  while (page < end) {
    const auto known = runs_.upper_bound(page);
    const bool is_known = known != runs_.end() && known->second.begin <= page;
    if (!is_known && !IsZeroPage(page)) {
      page += kPageSize;
      continue;
    }
    const ZeroPages run = is_known ? known->second : GrowRun(page);
    if (run.end - run.begin >= kMinZeros) damage->zeros.push_back(run);
    page = std::max(run.end, page + 1);
  }
}

void DamageSigns::FindByte(std::uint32_t crc, Damage* damage) {
  if (damage->size > kMaxWrongBitInput) return;
  if (searched_ + damage->size > kMaxSearched) return;
  searched_ += damage->size;
  const ByteView bytes = file_.Read(
      damage->offset, static_cast<std::size_t>(damage->size), &scratch_);
  const auto found = FindWrongByte(Crc32c(bytes) ^ crc, bytes.size());
  if (found) damage->wrong_byte = damage->offset + *found;
}

}  // namespace fastckpt::internal
