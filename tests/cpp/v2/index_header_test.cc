#include "fastckpt/v2/index_header.h"

#include <gtest/gtest.h>

#include "fastckpt/proto/messages.h"
#include "fastckpt/table/table_writer.h"
#include "testing/folder.h"

namespace fastckpt::internal::index_header_test {
namespace {

std::string Table(std::int32_t shards) {
  std::string bytes;
  TableWriter table([&](ByteView part) { bytes.append(AsText(part)); });
  BundleHeader header;
  header.num_shards = shards;
  std::string value;
  PutBundleHeader(&value, header);
  table.Add("", value);
  table.Finish();
  return bytes;
}

TEST(IndexHeader, TellsHowManyDataFilesThereAre) {
  const Folder folder;
  folder.Write("m.index", Table(7));
  EXPECT_EQ(CountShards(folder.Path("m.index")), 7);
}

TEST(IndexHeader, OfWhatIsDamagedOrMissingNothingIsKnown) {
  const Folder folder;
  folder.Write("cut", Table(7).substr(1));
  folder.Write("empty", "");
  folder.Write("none", Table(0));
  for (const std::string name : {"cut", "empty", "none", "missing"}) {
    EXPECT_EQ(CountShards(folder.Path(name)), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace fastckpt::internal::index_header_test
