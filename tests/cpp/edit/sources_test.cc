#include "fastckpt/edit/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "testing/bundles.h"
#include "testing/refusal.h"
#include "testing/sources.h"

namespace fastckpt::internal::sources_test {
namespace {

using ::testing::HasSubstr;

using EntryMap = std::map<std::string, BundleEntry>;

BundleEntry Scalar() { return MakeEntry(DType::kInt32, {}, 0, "1234"); }

class SourcesTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const EntryMap& entries,
             const BundleHeader& header = OneShard()) const {
    WriteBundle(folder_, name, entries, "1234", header);
  }

  std::string RefusalOf(const BundleEntry& entry) const {
    Write("m", {{"w", entry}});
    const OpenSources sources(folder_, {"m"});
    return CorruptionOf([&] { CheckEntry(sources.front(), 0); });
  }

  const Folder folder_;
};

TEST_F(SourcesTest, EntriesKnowTheirTensor) {
  BundleEntry full = MakeEntry(DType::kInt32, {2}, 0, "");
  full.slices = {{{0, 1}}};
  Write("m", {{"v", full},
              {SliceKey("v", {{0, 1}}), MakeEntry(DType::kInt32, {1}, 0, "1")},
              {"w", Scalar()}});
  const OpenSources sources(folder_, {"m"});
  EXPECT_EQ(TensorName(sources.front(), 0), "v");
  EXPECT_EQ(TensorName(sources.front(), 2), "w");
  CheckEntry(sources.front(), 2);
}

TEST_F(SourcesTest, NumbersThatCannotBeMeantAreRefusedByName) {
  BundleEntry entry = Scalar();
  entry.shard_id = 1;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("tensor 'w': shard 1 of 1"));
  entry.shard_id = -1;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("shard -1 of 1"));
  entry = Scalar();
  entry.offset = -1;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("no place in a file"));
  entry = Scalar();
  entry.size = -1;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("no place in a file"));
  entry = Scalar();
  entry.shape.dims.assign(kMaxRank + 1, 1);
  EXPECT_THAT(RefusalOf(entry), HasSubstr("more than 254 dimensions"));
}

TEST_F(SourcesTest, SourcesMustShareByteOrderAndVersion) {
  Write("a", {{"a", Scalar()}});
  Write("b", {{"b", Scalar()}}, {7, 0, {1, 0, {}}});
  CheckAlike(OpenSources(folder_, {"a", "b"}).all());
  for (const BundleHeader& header :
       {BundleHeader{1, 1, {1, 0, {}}}, BundleHeader{1, 0, {2, 0, {}}}}) {
    Write("c", {{"c", Scalar()}}, header);
    EXPECT_THAT(Refusal(ErrorKind::kInvalid,
                        [&] {
                          CheckAlike(OpenSources(folder_, {"a", "c"}).all());
                        }),
                HasSubstr(folder_.Path("c.index") + ": byte order or version"));
  }
}

TEST_F(SourcesTest, ThereMustBeASource) {
  EXPECT_THAT(Refusal(ErrorKind::kInvalid, [] { CheckAlike({}); }),
              HasSubstr("no source"));
}

TEST_F(SourcesTest, WhatIsWrongWithATensorNamesItsSources) {
  Write("a", {{"w", Scalar()}});
  Write("b", {{"x", Scalar()}});
  Write("c", {{"w", Scalar()}});
  const OpenSources sources(folder_, {"a", "b", "c"});
  const auto refusal_about = [&](const std::string& tensor) {
    return Refusal(ErrorKind::kInvalid, [&] {
      NamingSources(sources.all(), [&] {
        ThrowInvalid("twice", Where{{}, {}, tensor});
      });
    });
  };
  EXPECT_THAT(refusal_about("w"),
              HasSubstr("twice; it is in '" + folder_.Path("a.index") +
                        "' and '" + folder_.Path("c.index") + "'"));
  EXPECT_THAT(refusal_about("x"), ::testing::EndsWith("twice"));
}

}  // namespace
}  // namespace fastckpt::internal::sources_test
