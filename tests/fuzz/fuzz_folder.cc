#include "fuzz_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "require.h"

namespace fastckpt::internal {
namespace {

const char* Parent() {
  return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
}

}  // namespace

FuzzFolder& FuzzFolder::Get() {
  static FuzzFolder folder;
  return folder;
}

FuzzFolder::FuzzFolder()
    : path_(std::string(Parent()) + "/fastckpt-fuzz-XXXXXX") {
  Require(mkdtemp(path_.data()) != nullptr, "there is room for a folder");
}

FuzzFolder::~FuzzFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string FuzzFolder::PathOf(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

std::string FuzzFolder::Write(std::string_view name, ByteView bytes) {
  std::string path = PathOf(name);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << AsText(bytes) << std::flush;
  Require(file.good(), "there is room for the files of an input");
  return path;
}

}  // namespace fastckpt::internal
