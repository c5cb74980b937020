// DamageSigns: what stored bytes look like whose checksum is wrong.
//
// A crash of the system leaves whole pages of a file without their contents:
// they read as zeros. What was zeros when it was saved looks the same, but
// rarely begins or ends where a page does.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/data_file.h"

namespace fastckpt::internal {

// The pages that file systems lose, in bytes.
inline constexpr std::uint64_t kPageSize = 4096;

// Pages [begin, end) of nothing but zeros, as many as there are; the last page
// of a file may be short.
struct ZeroPages {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  // Whether other bytes lie right before the first page or behind the last, or
  // the file has no others: what was saved would hardly begin or end there.
  bool is_cut_out = false;

  friend bool operator==(const ZeroPages&, const ZeroPages&) = default;
};

// Stored bytes whose checksum is wrong.
struct Damage {
  std::uint64_t offset = 0;  // in the file
  std::uint64_t size = 0;
  // The byte of the file that alone explains it.
  std::optional<std::uint64_t> wrong_byte;
  std::vector<ZeroPages> zeros;  // those that overlap it, in order
};

// Looks at the bytes of one file, which must outlive it. Ranges may come in any
// order; in ascending order no page is read twice. One thread.
class DamageSigns {
 public:
  explicit DamageSigns(const DataFile& file) : file_(file) {}

  // What is to be seen in [offset, offset + size), and, if its right checksum
  // is known, by that. Throws System; Corruption if the file was cut meanwhile.
  Damage Find(std::uint64_t offset, std::uint64_t size,
              std::optional<std::uint32_t> crc = {});

 private:
  std::uint64_t EndOfPage(std::uint64_t begin) const;
  bool IsZero(std::uint64_t begin, std::uint64_t end);
  bool IsZeroPage(std::uint64_t begin);
  ZeroPages GrowRun(std::uint64_t page);
  void FindZeros(Damage* damage);
  void FindByte(std::uint32_t crc, Damage* damage);

  const DataFile& file_;
  Scratch scratch_;
  std::map<std::uint64_t, ZeroPages> runs_;  // by their ends
  std::optional<std::uint64_t> other_page_;  // the last that is not zeros
  std::uint64_t searched_ = 0;               // bytes gone through for one
};

}  // namespace fastckpt::internal
