// Every kind of damage to a checkpoint, and what a program outside is told:
// which decision it can take, the file, the tensor, and what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "testing/bundles.h"
#include "testing/checkpoints.h"
#include "testing/folder.h"

namespace fastckpt::damage_test {
namespace {

using internal::BundleEntry;
using internal::BundleHeader;
using internal::Folder;
using internal::MakeEntry;
using internal::OneShard;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kW = "wwwwwwww";  // two floats
const std::string kData = "m.data-00000-of-00001";

using Entries = std::map<std::string, BundleEntry>;

// Two tensors: "v" and "w", one after the other.
Entries Sound() {
  return {{"v", MakeEntry(DType::kInt32, {1}, 0, "vvvv")},
          {"w", MakeEntry(DType::kFloat, {2}, 4, kW)}};
}

std::optional<Error> ErrorOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

// What is changed in an entry, and what reading it says.
struct EntryCase {
  const char* name;
  std::function<void(BundleEntry*)> change;
  ErrorKind kind;
  const char* told;
};

class EntryDamage : public ::testing::TestWithParam<EntryCase> {
 protected:
  EntryDamage() {
    Entries entries = Sound();
    GetParam().change(&entries["w"]);
    WriteBundle(folder_, "m", entries, "vvvv" + kW);
  }

  const Folder folder_;
};

void SetRank(BundleEntry* entry, std::size_t rank) {
  entry->shape.dims.assign(rank, 1);
  entry->shape.dims.front() = 2;
  entry->shape.rank = rank;
}

INSTANTIATE_TEST_SUITE_P(
    Each, EntryDamage,
    ::testing::Values(
        EntryCase{"TypeZero", [](auto* e) { e->dtype = 0; },
                  ErrorKind::kCorruption, "dtype 0 cannot stand"},
        EntryCase{"TypeNegative", [](auto* e) { e->dtype = -1; },
                  ErrorKind::kCorruption, "dtype -1 cannot stand"},
        EntryCase{"TypeOfAReference", [](auto* e) { e->dtype = 101; },
                  ErrorKind::kCorruption, "dtype 101 cannot stand"},
        EntryCase{"TypeResource", [](auto* e) { e->dtype = 20; },
                  ErrorKind::kUnsupported, "dtype resource"},
        EntryCase{"TypeVariant", [](auto* e) { e->dtype = 21; },
                  ErrorKind::kUnsupported, "dtype variant"},
        EntryCase{"TypeOfLater", [](auto* e) { e->dtype = 34; },
                  ErrorKind::kUnsupported, "newer than this library"},
        EntryCase{"TypeOfAnotherSize", [](auto* e) { e->dtype = 2; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"ShapeNegative", [](auto* e) { e->shape.dims[0] = -2; },
                  ErrorKind::kCorruption, "negative dimension"},
        EntryCase{"ShapeWithoutEnd",
                  [](auto* e) { e->shape.dims[0] = INT64_MAX; },
                  ErrorKind::kCorruption, "more than 2^63-1"},
        EntryCase{"ShapeLarger", [](auto* e) { e->shape.dims[0] = 3; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"ShapeOfUnknownRank",
                  [](auto* e) { e->shape.unknown_rank = true; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"RankOverNumpys", [](auto* e) { SetRank(e, 65); },
                  ErrorKind::kUnsupported, "NumPy ends at 64"},
        EntryCase{"RankOverTensorFlows", [](auto* e) { SetRank(e, 255); },
                  ErrorKind::kCorruption, "more than 254 dimensions"},
        EntryCase{"SizeSmaller", [](auto* e) { e->size = 4; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"SizeNegative", [](auto* e) { e->size = -8; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"PlaceNegative", [](auto* e) { e->offset = -1; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"PlaceBehindTheEnd", [](auto* e) { e->offset = 5; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"PlaceThatWraps", [](auto* e) { e->offset = INT64_MAX; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"PlaceOfAnother", [](auto* e) { e->offset = 0; },
                  ErrorKind::kCorruption, "stored checksum"},
        EntryCase{"ShardOverTheCount", [](auto* e) { e->shard_id = 1; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"ShardNegative", [](auto* e) { e->shard_id = -1; },
                  ErrorKind::kCorruption, ""},
        EntryCase{"Checksum", [](auto* e) { e->masked_crc32c ^= 1; },
                  ErrorKind::kCorruption, "copy it again"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(EntryDamage, ReadingNamesTheTensorAndAFileOfTheCheckpoint) {
  const auto checkpoint = Checkpoint::Open(folder_.Path("m"));
  const auto read = ErrorOf([&] { ReadFrom(checkpoint, "v"); });
  EXPECT_FALSE(read) << read->what();  // the other is as it was
  const auto viewed = ErrorOf([&] { checkpoint.View("w"); });
  ASSERT_TRUE(viewed);
  EXPECT_EQ(viewed->kind(), GetParam().kind) << viewed->what();
  EXPECT_EQ(viewed->where().tensor, "w");
  EXPECT_THAT(viewed->where().path, HasSubstr(folder_.Path("m")));
  EXPECT_THAT(viewed->what(), HasSubstr(GetParam().told));
}

TEST_P(EntryDamage, EveryWayOfReadingSaysTheSame) {
  const auto checkpoint = Checkpoint::Open(folder_.Path("m"));
  const auto viewed = ErrorOf([&] { checkpoint.View("w"); });
  ASSERT_TRUE(viewed);
  std::string out(8, '\0');
  const auto copied = ErrorOf([&] {
    if (checkpoint.Find("w")->dtype == DType::kFloat) {
      checkpoint.Read<float>("w");
    } else {
      checkpoint.ReadInto("w", std::as_writable_bytes(std::span(out)));
    }
  });
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->kind(), viewed->kind());
  EXPECT_STREQ(copied->what(), viewed->what());
}

TEST_P(EntryDamage, VerifyTellsOneProblemAndChecksTheOther) {
  const VerifyReport report = Checkpoint::Open(folder_.Path("m")).Verify();
  const bool is_variant = GetParam().name == std::string("TypeVariant");
  if (is_variant) {
    // Its bytes are no variant's, which are checked though nobody reads them.
    EXPECT_FALSE(report.ok());
    return;
  }
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].where().tensor, "w");
  EXPECT_GE(report.bytes_checked, 4u);
}

TEST_P(EntryDamage, TheEntryIsListedAsItStands) {
  const auto checkpoint = Checkpoint::Open(folder_.Path("m"));
  ASSERT_EQ(checkpoint.tensors().size(), 2u);
  EXPECT_NE(checkpoint.Find("w"), nullptr);
}

// What is done to the files, and what opening says.
struct FileCase {
  const char* name;
  std::function<void(const Folder&)> damage;
  ErrorKind kind;
  const char* file;
  const char* told;
};

void Change(const Folder& folder, const std::string& name,
            const std::function<void(std::string*)>& change) {
  std::string bytes = folder.Read(name);
  change(&bytes);
  folder.Write(name, bytes);
}

void Reindex(const Folder& folder, const BundleHeader& header) {
  folder.Write("m.index", MakeIndex(header, Sound()));
}

class FileDamage : public ::testing::TestWithParam<FileCase> {
 protected:
  FileDamage() {
    WriteBundle(folder_, "m", Sound(), "vvvv" + kW);
    GetParam().damage(folder_);
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(
    Each, FileDamage,
    ::testing::Values(
        FileCase{"IndexWithAFlippedBit",
                 [](const Folder& f) {
                   Change(f, "m.index", [](auto* b) { (*b)[9] ^= 1; });
                 },
                 ErrorKind::kCorruption, "m.index", "stored checksum 0x"},
        FileCase{"IndexCutByAByte",
                 [](const Folder& f) {
                   Change(f, "m.index", [](auto* b) { b->pop_back(); });
                 },
                 ErrorKind::kCorruption, "m.index", "magic number"},
        FileCase{"IndexCutToItsFooter",
                 [](const Folder& f) {
                   Change(f, "m.index",
                          [](auto* b) { b->erase(0, b->size() - 48); });
                 },
                 ErrorKind::kCorruption, "m.index", "does not fit a file"},
        FileCase{"IndexWithMoreBehind",
                 [](const Folder& f) {
                   Change(f, "m.index", [](auto* b) { *b += '\0'; });
                 },
                 ErrorKind::kCorruption, "m.index", "magic number"},
        FileCase{"IndexEmpty", [](const Folder& f) { f.Write("m.index", ""); },
                 ErrorKind::kCorruption, "m.index", "too short to be a table"},
        FileCase{"IndexOfZeros",
                 [](const Folder& f) {
                   f.Write("m.index", std::string(1000, '\0'));
                 },
                 ErrorKind::kCorruption, "m.index", "magic number"},
        FileCase{"IndexForLaterReaders",
                 [](const Folder& f) {
                   Reindex(f, {1, 0, {9, 9, {}}});
                 },
                 ErrorKind::kUnsupported, "m.index", "reader of version 9"},
        FileCase{"IndexOfAnotherByteOrder",
                 [](const Folder& f) {
                   Reindex(f, {1, 2, {1, 0, {}}});
                 },
                 ErrorKind::kCorruption, "m.index", "byte order 2"},
        FileCase{"IndexWithoutShards",
                 [](const Folder& f) {
                   Reindex(f, {0, 0, {1, 0, {}}});
                 },
                 ErrorKind::kCorruption, "m.index", "counts 0 shards"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_P(FileDamage, OpeningNamesTheFileAndWhatIsWrong) {
  const auto error = ErrorOf([&] { Checkpoint::Open(folder_.Path("m")); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), GetParam().kind) << error->what();
  EXPECT_EQ(error->where().path, folder_.Path(GetParam().file));
  EXPECT_THAT(error->message(), HasSubstr(GetParam().told));
}

class DataDamage : public ::testing::TestWithParam<Io> {
 protected:
  DataDamage() { WriteBundle(folder_, "m", Sound(), "vvvv" + kW); }

  Checkpoint Open() const {
    OpenOptions options;
    options.io = GetParam();
    return Checkpoint::Open(folder_.Path("m"), options);
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, DataDamage,
                         ::testing::Values(Io::kMap, Io::kRead));

TEST_P(DataDamage, AFlippedBitIsToldWithItsTensorAndItsFile) {
  const Checkpoint checkpoint = Open();
  Change(folder_, kData, [](auto* bytes) { bytes->back() ^= 1; });
  const auto error = ErrorOf([&] { ReadFrom(checkpoint, "w"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kCorruption);
  EXPECT_EQ(error->where().tensor, "w");
  EXPECT_EQ(error->where().path, folder_.Path(kData));
  EXPECT_EQ(error->where().offset, 4u);
  EXPECT_THAT(error->message(),
              AllOf(HasSubstr("stored checksum 0x"), HasSubstr("computed 0x"),
                    HasSubstr("copy it again")));
}

TEST_P(DataDamage, ACutFileIsToldAndLeavesWhatIsBeforeTheCut) {
  folder_.Write(kData, "vvvv" + kW.substr(1));
  const Checkpoint checkpoint = Open();
  EXPECT_EQ(ReadFrom(checkpoint, "v").bytes, "vvvv");
  const auto error = ErrorOf([&] { ReadFrom(checkpoint, "w"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kCorruption);
  EXPECT_EQ(error->where().path, folder_.Path(kData));
}

TEST_P(DataDamage, AMissingFileIsTheSystemsErrorWithItsCode) {
  std::filesystem::remove(folder_.Path(kData));
  const Checkpoint checkpoint = Open();
  const auto error = ErrorOf([&] { ReadFrom(checkpoint, "w"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kSystem);
  EXPECT_EQ(error->system_code(), ENOENT);
  EXPECT_EQ(error->where().path, folder_.Path(kData));
}

TEST_P(DataDamage, WhatAnotherSetOfShardsSaysIsTold) {
  std::filesystem::rename(folder_.Path(kData),
                          folder_.Path("m.data-00000-of-00002"));
  const Checkpoint checkpoint = Open();
  const auto error = ErrorOf([&] { ReadFrom(checkpoint, "w"); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("the index counts 1 shards, but files "
                                       "of a set of 2 lie beside it"));
}

TEST_P(DataDamage, AnUncheckedReadGivesWhatIsThere) {
  Change(folder_, kData, [](auto* bytes) { bytes->back() = 'x'; });
  OpenOptions options;
  options.io = GetParam();
  options.verify = false;
  const auto checkpoint = Checkpoint::Open(folder_.Path("m"), options);
  EXPECT_EQ(ReadFrom(checkpoint, "w").bytes, kW.substr(1) + "x");
  EXPECT_FALSE(checkpoint.Verify().ok());
}

TEST_P(DataDamage, AnIndexOverTheLimitIsUnsupportedAndNamesTheOption) {
  OpenOptions options;
  options.io = GetParam();
  const auto size = std::filesystem::file_size(folder_.Path("m.index"));
  options.max_index_bytes = size;
  EXPECT_EQ(Checkpoint::Open(folder_.Path("m"), options).tensors().size(), 2u);
  options.max_index_bytes = size - 1;
  const auto error =
      ErrorOf([&] { Checkpoint::Open(folder_.Path("m"), options); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(error->message(), HasSubstr("max_index_bytes"));
}

// A set of slices that leaves a hole, overlaps, or lacks the entry of one.
TEST_P(DataDamage, SlicesThatDoNotMakeTheTensorAreDamageOfThatTensor) {
  const std::vector<std::vector<internal::SliceSpec>> lists = {
      {{{0, 1}}, {{2, 2}}}, {{{0, 3}}, {{2, 2}}}, {{{0, 5}}}, {{{0, 2}}}};
  for (const auto& slices : lists) {
    Entries entries = Sound();
    BundleEntry whole = MakeEntry(DType::kFloat, {4}, 0, "");
    whole.masked_crc32c = 0;
    whole.slices = slices;
    entries["s"] = whole;
    for (const auto& spec : slices) {
      if (slices.size() == 1) continue;  // the slice's own entry is missing
      const std::string bytes(static_cast<std::size_t>(4 * spec[0].length),
                              'w');
      entries[internal::SliceKey("s", spec)] =
          MakeEntry(DType::kFloat, {spec[0].length}, 4, bytes);
    }
    WriteBundle(folder_, "m", entries, "vvvv" + std::string(100, 'w'));
    const Checkpoint checkpoint = Open();
    EXPECT_EQ(ReadFrom(checkpoint, "w").bytes, kW);
    const auto error = ErrorOf([&] { checkpoint.Read<float>("s"); });
    ASSERT_TRUE(error) << internal::FormatSlice(slices[0]);
    EXPECT_EQ(error->kind(), ErrorKind::kCorruption) << error->what();
    EXPECT_EQ(error->where().tensor, "s");
  }
}

}  // namespace
}  // namespace fastckpt::damage_test
