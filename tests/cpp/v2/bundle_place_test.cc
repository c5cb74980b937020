#include "fastckpt/v2/bundle_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "fastckpt/v2/aside_set.h"
#include "testing/bundles.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::bundle_place_test {
namespace {

using ::testing::HasSubstr;

constexpr char kShard[] = "m.data-00000-of-00001";
constexpr char kToken[] = "0123abcd";

std::string Aside(const std::string& plain) {
  return MakeMarkedName(plain, kToken, SaveMark::kAside);
}

class BundlePlaceTest : public ::testing::Test {
 protected:
  BundlePlaceTest() {
    WriteBundle(folder_, "m", {{"w", MakeEntry(DType::kUint8, {3}, 0, "old")}},
                "old");
    identity_ = StatFile(folder_.Path("m.index"));
  }

  void Rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(folder_.Path(from), folder_.Path(to));
  }

  std::string ReadShard() const {
    const auto file = OpenShard({prefix_, identity_, 0, 1}, IoMode::kRead);
    Scratch scratch;
    return std::string(AsText(file->Fetch(0, 3, &scratch)));
  }

  const Folder folder_;
  const std::string prefix_ = folder_.Path("m");
  FileIdentity identity_;
};

TEST_F(BundlePlaceTest, ThePlainIndexComesFirst) {
  const PlacedIndex opened = OpenIndex(prefix_, UINT64_MAX);
  EXPECT_EQ(opened.place.token, "");
  EXPECT_EQ(opened.place.IndexPath(), folder_.Path("m.index"));
  EXPECT_EQ(opened.index.identity(), identity_);
}

TEST_F(BundlePlaceTest, AnIndexAsideIsOpenedWhereItLies) {
  Rename("m.index", Aside("m.index"));
  const PlacedIndex opened = OpenIndex(prefix_, UINT64_MAX);
  EXPECT_EQ(opened.place.token, kToken);
  EXPECT_EQ(opened.place.IndexPath(), folder_.Path(Aside("m.index")));
}

TEST_F(BundlePlaceTest, AMissingIndexIsNamedByItsPlainName) {
  std::filesystem::remove(folder_.Path("m.index"));
  EXPECT_THAT(SystemErrorOf([&] { OpenIndex(prefix_, UINT64_MAX); }),
              HasSubstr("m.index: cannot open"));
}

TEST_F(BundlePlaceTest, TheIndexWantedIsOpenedBesideANewerOne) {
  Rename("m.index", Aside("m.index"));
  folder_.Write("m.index", MakeIndex(OneShard(), {}));
  EXPECT_EQ(OpenIndex(prefix_, UINT64_MAX).index.entry_count(), 0u);
  EXPECT_EQ(OpenIndex(prefix_, UINT64_MAX, &identity_).index.entry_count(), 1u);
}

TEST_F(BundlePlaceTest, AShardIsFoundInEveryStepOfASave) {
  EXPECT_EQ(ReadShard(), "old");
  Rename("m.index", Aside("m.index"));
  EXPECT_EQ(ReadShard(), "old");
  Rename(kShard, Aside(kShard));
  EXPECT_EQ(ReadShard(), "old");
  folder_.Write(kShard, "new");
  EXPECT_EQ(ReadShard(), "old");
  folder_.Write("m.index", MakeIndex(OneShard(), {}));
  EXPECT_EQ(ReadShard(), "old");
}

TEST_F(BundlePlaceTest, AnIndexThatWasReplacedHasNoShard) {
  Rename("m.index", "gone");
  folder_.Write("m.index", MakeIndex(OneShard(), {}));
  EXPECT_THAT(Refusal(ErrorKind::kCorruption, [&] { ReadShard(); }),
              HasSubstr("the index was replaced"));
}

// A listing that is taken while the new index goes from one name to another
// has neither.
TEST_F(BundlePlaceTest, AnIndexThatALookMissesIsTakenForNoneGone) {
  for (const int at : {1, 2, 3}) {
    std::filesystem::remove(folder_.Path("m.index"));
    int pauses = 0;
    const Error error = LostIndex(prefix_, [&] {
      if (++pauses == at) folder_.Write("m.index", MakeIndex(OneShard(), {}));
    });
    EXPECT_EQ(error.kind(), ErrorKind::kCorruption) << error.what();
    EXPECT_EQ(pauses, at);
  }
}

TEST_F(BundlePlaceTest, AnIndexThatNoLookFindsIsGone) {
  std::filesystem::remove(folder_.Path("m.index"));
  int pauses = 0;
  const Error error = LostIndex(prefix_, [&] { ++pauses; });
  EXPECT_EQ(error.system_code(), ENOENT) << error.what();
  EXPECT_EQ(pauses, 3);
  std::filesystem::remove(folder_.Path(kShard));
  EXPECT_EQ(LostIndex(prefix_, [&] { ++pauses; }).system_code(), ENOENT);
  EXPECT_EQ(pauses, 3);  // nothing of the name is there: nothing will come
}

TEST_F(BundlePlaceTest, AnIndexThatIsGoneHasNoShard) {
  std::filesystem::remove(folder_.Path("m.index"));
  EXPECT_THAT(SystemErrorOf([&] { ReadShard(); }),
              HasSubstr("m.index: cannot"));
}

TEST_F(BundlePlaceTest, AShardThatASetLacksIsNamedByBothNames) {
  Rename("m.index", Aside("m.index"));
  std::filesystem::remove(folder_.Path(kShard));
  const std::string said = SystemErrorOf([&] { ReadShard(); });
  EXPECT_THAT(said, HasSubstr(folder_.Path(kShard) + ": cannot open"));
  EXPECT_THAT(said, HasSubstr(folder_.Path(Aside(kShard))));
}

TEST_F(BundlePlaceTest, AShardLiesAsideOrElseUnderItsName) {
  const BundlePlace aside{prefix_, kToken};
  EXPECT_EQ(aside.ShardPath(0, 1), folder_.Path(kShard));
  Rename(kShard, Aside(kShard));
  EXPECT_EQ(aside.ShardPath(0, 1), folder_.Path(Aside(kShard)));
  EXPECT_EQ((BundlePlace{prefix_, {}}.ShardPath(0, 1)), folder_.Path(kShard));
}

}  // namespace
}  // namespace fastckpt::internal::bundle_place_test
