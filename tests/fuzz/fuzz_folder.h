// FuzzFolder: a folder for the files of an input, in memory where that can be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

class FuzzFolder {
 public:
  // The one folder of this program; it goes when the program ends.
  static FuzzFolder& Get();
  FuzzFolder(const FuzzFolder&) = delete;
  FuzzFolder& operator=(const FuzzFolder&) = delete;

  // Writes a file, anew each time, and gives its path.
  std::string Write(std::string_view name, ByteView bytes);
  std::string PathOf(std::string_view name) const;

 private:
  FuzzFolder();
  ~FuzzFolder();

  std::string path_;
};

}  // namespace fastckpt::internal
