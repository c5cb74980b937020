#include "fastckpt/write/file_replacement.h"

#include "fastckpt/base/error.h"
#include "fastckpt/v2/aside_set.h"
#include "fastckpt/write/save_name.h"

namespace fastckpt::internal {

FileReplacement::FileReplacement(const std::string& path,
                                 Directory::Missing missing)
    : name_(SaveNameOf(path)) {
  using Kind = Directory::Kind;
  directory_ = std::make_shared<const Directory>(FolderOf(path), missing);
  const Kind kind = name_.empty() ? Kind::kFolder : directory_->KindOf(name_);
  if (kind == Kind::kFolder) {
    ThrowSystem(std::errc::is_a_directory, "a folder is in the way", path);
  }
  // Renaming over it would put a file in its place for everybody.
  if (kind == Kind::kOther)
    ThrowSystem(std::errc::invalid_argument, "not a regular file", path);
  file_ = std::make_unique<OutputFile>(
      directory_, MakeMarkedName(name_, MakeToken(), SaveMark::kTemporary),
      name_);
}

std::string FileReplacement::path() const {
  return directory_->PathOf(file_->temporary());
}

void FileReplacement::Write(ByteView content) const { WriteAt(0, content); }

void FileReplacement::WriteAt(std::uint64_t offset, ByteView part) const {
  file_->WriteAt(offset, part);
}

void FileReplacement::Finish(bool sync) {
  file_->TakeOver();
  if (sync) file_->Sync();
  file_->Move();
  if (sync) directory_->Sync();
  Sweep();
}

// What cannot be removed is litter for the next time.
void FileReplacement::Sweep() const {
  try {
    for (const std::string& name : directory_->List()) {
      const auto parts = ParseMarkedName(name_, name);
      if (!parts || parts->plain != name_) continue;
      if (parts->mark != SaveMark::kTemporary) continue;
      RemoveAbandoned(*directory_, name);
    }
  } catch (const Error&) {
  }
}

}  // namespace fastckpt::internal
