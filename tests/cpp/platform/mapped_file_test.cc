#include "fastckpt/platform/mapped_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "testing/folder.h"

namespace fastckpt::internal::mapped_file_test {
namespace {

TEST(MappedFile, ShowsTheFilesBytes) {
  const Folder folder;
  const std::string bytes(100'001, 'm');
  folder.Write("f", bytes);
  const auto mapping = MappedFile::Map(FileReader(folder.Path("f")));
  EXPECT_EQ(AsText(mapping->bytes()), bytes);
}

TEST(MappedFile, EmptyFileIsAnEmptyView) {
  const Folder folder;
  folder.Write("f", "");
  const auto mapping = MappedFile::Map(FileReader(folder.Path("f")));
  EXPECT_TRUE(mapping->bytes().empty());
  EXPECT_EQ(mapping->ResidentBytes(), 0u);
}

TEST(MappedFile, OutlivesDescriptorAndName) {
  const Folder folder;
  folder.Write("f", "still there");
  std::shared_ptr<const MappedFile> mapping;
  {
    const FileReader reader(folder.Path("f"));
    mapping = MappedFile::Map(reader);
  }
  std::filesystem::remove(folder.Path("f"));
  EXPECT_EQ(AsText(mapping->bytes()), "still there");
}

TEST(MappedFile, ResidentBytesAreThoseOfTheFileNotOfItsPages) {
  const Folder folder;
  folder.Write("f", std::string(5000, 'r'));
  const auto mapping = MappedFile::Map(FileReader(folder.Path("f")));
  EXPECT_EQ(AsText(mapping->bytes()).back(), 'r');
  EXPECT_LE(mapping->ResidentBytes(), 5000u);
}

std::uint8_t* Writable(const MappedFile& mapping) {
  return const_cast<std::uint8_t*>(mapping.bytes().data());
}

TEST(MappedFile, WhatIsWrittenPrivatelyIsSeenThereAlone) {
  const Folder folder;
  const std::string bytes(20'000, 'p');
  folder.Write("f", bytes);
  const FileReader reader(folder.Path("f"));
  const auto shared = MappedFile::Map(reader);
  const auto one = MappedFile::MapPrivate(reader);
  const auto other = MappedFile::MapPrivate(reader);
  Writable(*one)[5000] = 'x';
  EXPECT_EQ(one->bytes()[5000], 'x');
  EXPECT_EQ(AsText(other->bytes()), bytes);
  EXPECT_EQ(AsText(shared->bytes()), bytes);
  EXPECT_EQ(AsText(MappedFile::Map(reader)->bytes()), bytes);
}

TEST(MappedFile, EmptyFileIsAnEmptyPrivateView) {
  const Folder folder;
  folder.Write("f", "");
  const auto mapping = MappedFile::MapPrivate(FileReader(folder.Path("f")));
  EXPECT_TRUE(mapping->bytes().empty());
}

}  // namespace
}  // namespace fastckpt::internal::mapped_file_test
