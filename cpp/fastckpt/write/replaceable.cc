#include "fastckpt/write/replaceable.h"

#include <filesystem>
#include <system_error>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/table/table_format.h"
#include "fastckpt/v1/v1_reader.h"

namespace fastckpt::internal {
namespace {

// Every table of a checkpoint begins with the empty key, shared length 0 and
// length 0; a file of which blocks were never written begins with zeros.
constexpr std::size_t kBeginSize = 2;

bool IsV1(const DataFile& file) {
  try {
    return IsV1Table(file);
  } catch (const Error&) {
    return false;
  }
}

bool EndsLikeTable(const DataFile& file) {
  if (file.size() < sizeof kTableMagic) return false;
  Scratch scratch;
  return HasTableMagic(file.Read(file.size() - sizeof kTableMagic,
                                 sizeof kTableMagic, &scratch));
}

bool BeginsLikeTable(const DataFile& file) {
  if (file.size() < kBeginSize) return true;
  Scratch scratch;
  const ByteView begin = file.Read(0, kBeginSize, &scratch);
  return begin[0] == 0 && begin[1] == 0;
}

// What the file is that a checkpoint's may not replace; empty if it may.
std::string NameOther(const std::string& path, CheckpointPart part) {
  const DataFile file(path, IoMode::kRead);
  const bool is_table = EndsLikeTable(file);
  if (is_table && IsV1(file)) return "a V1 checkpoint";
  if (part != CheckpointPart::kIndex) return "";
  return is_table || BeginsLikeTable(file) ? "" : "no checkpoint's index";
}

bool IsLink(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_symlink(path, error);
}

}  // namespace

void CheckMayReplace(const Directory& directory, const std::string& name,
                     const std::string& path, CheckpointPart part) {
  using Kind = Directory::Kind;
  const Kind kind = directory.KindOf(name);
  const std::string shown = directory.PathOf(name);
  if (kind == Kind::kFolder) {
    ThrowSystem(std::errc::is_a_directory, "a folder is in the way", shown);
  }
  if (kind == Kind::kOther)
    ThrowSystem(std::errc::invalid_argument, "not a regular file", shown);
  if (kind == Kind::kNone || part == CheckpointPart::kV1) return;
  std::string other;
  try {
    if (!IsLink(path)) other = NameOther(path, part);
  } catch (const Error&) {
    return;  // whoever may not read it may still replace it
  }
  if (other.empty()) return;
  ThrowInvalid(Quote(shown) + " is " + other +
               ", which a V2 checkpoint of this name would replace; give "
               "another name, or remove the file first");
}

}  // namespace fastckpt::internal
