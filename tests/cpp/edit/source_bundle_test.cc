#include "fastckpt/edit/source_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "testing/bundles.h"
#include "testing/refusal.h"

namespace fastckpt {
namespace {

using ::testing::HasSubstr;

using EntryMap = std::map<std::string, BundleEntry>;

BundleEntry Scalar() { return MakeEntry(DType::kInt32, {}, 0, "1234"); }

class SourceBundleTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const EntryMap& entries,
             const BundleHeader& header = OneShard()) const {
    WriteBundle(folder_, name, entries, "1234", header);
  }

  std::string RefusalOf(const BundleEntry& entry) const {
    Write("m", {{"w", entry}});
    const auto sources = OpenSources({folder_.Path("m")});
    return CorruptionOf([&] { sources[0].CheckEntry(0); });
  }

  const Folder folder_;
};

TEST_F(SourceBundleTest, EntriesKnowTheirFileAndTheirTensor) {
  BundleEntry full = MakeEntry(DType::kInt32, {2}, 0, "");
  full.slices = {{{0, 1}}};
  Write("m", {{"v", full},
              {SliceKey("v", {{0, 1}}), MakeEntry(DType::kInt32, {1}, 0, "1")},
              {"w", Scalar()}});
  const auto sources = OpenSources({folder_.Path("m")});
  EXPECT_EQ(sources[0].TensorName(0), "v");
  EXPECT_EQ(sources[0].TensorName(2), "w");
  EXPECT_EQ(sources[0].DataPath(2), folder_.Path("m.data-00000-of-00001"));
  sources[0].CheckEntry(2);
}

TEST_F(SourceBundleTest, NumbersThatCannotBeMeantAreRefusedByName) {
  BundleEntry entry = Scalar();
  entry.shard_id = 1;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("tensor 'w': shard 1 is none"));
  entry.shard_id = -1;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("shard -1 is none"));
  entry = Scalar();
  entry.offset = -1;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("out of range"));
  entry = Scalar();
  entry.size = -1;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("out of range"));
  entry = Scalar();
  entry.shape.dims.assign(kMaxRank + 1, 1);
  EXPECT_THAT(RefusalOf(entry), HasSubstr("out of range"));
}

TEST_F(SourceBundleTest, SourcesMustShareByteOrderAndVersion) {
  Write("a", {{"a", Scalar()}});
  Write("b", {{"b", Scalar()}}, {7, 0, {1, 0, {}}});
  EXPECT_EQ(OpenSources({folder_.Path("a"), folder_.Path("b")}).size(), 2u);
  for (const BundleHeader& header :
       {BundleHeader{1, 1, {1, 0, {}}}, BundleHeader{1, 0, {2, 0, {}}}}) {
    Write("c", {{"c", Scalar()}}, header);
    EXPECT_THAT(Refusal(ErrorKind::kInvalid,
                        [&] {
                          OpenSources({folder_.Path("a"), folder_.Path("c")});
                        }),
                HasSubstr(folder_.Path("c.index") + ": byte order or version"));
  }
}

TEST_F(SourceBundleTest, ThereMustBeASourceAndItMustBeThere) {
  EXPECT_THAT(Refusal(ErrorKind::kInvalid, [] { OpenSources({}); }),
              HasSubstr("no source"));
  EXPECT_THAT(SystemErrorOf([&] { OpenSources({folder_.Path("missing")}); }),
              HasSubstr("missing.index"));
}

}  // namespace
}  // namespace fastckpt
