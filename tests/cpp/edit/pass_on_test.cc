// What merging, resharding and rewriting pass on is what was there: checkpoints
// made at random, read back through the public headers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "fastckpt/edit/merge.h"
#include "fastckpt/edit/rewrite.h"
#include "testing/checkpoints.h"
#include "testing/inputs.h"
#include "testing/random.h"
#include "testing/refusal.h"
#include "testing/sources.h"

namespace fastckpt::internal::pass_on_test {
namespace {

using ::testing::HasSubstr;

using All = std::map<std::string, Values>;

WriteOptions Quick(std::int32_t shards) {
  WriteOptions options;
  options.shards = shards;
  options.sync = false;
  return options;
}

class PassOn : public ::testing::Test {
 protected:
  // Tensors of several dtypes, strings, and one in slices; their names begin
  // with `head`.
  All Write(const std::string& prefix, const std::string& head,
            Random* random) const {
    All all;
    WriterOptions options;
    options.shards = static_cast<std::int32_t>(1 + random->Below(3));
    options.sync = false;
    Writer writer(folder_.Path(prefix), options);
    const DType dtypes[] = {DType::kFloat, DType::kInt8, DType::kComplex128,
                            DType::kString};
    for (std::size_t i = random->Below(7); i > 0; --i) {
      Values values{Numbered(head, i), dtypes[random->Below(4)], {}, {}, {}};
      const std::uint64_t count = random->Below(6);
      values.shape = {static_cast<std::int64_t>(count)};
      values.bytes = random->Bytes(count * ElementSize(values.dtype));
      if (values.dtype == DType::kString) values.elements.resize(count);
      for (std::string& text : values.elements) text = random->Word(9);
      AddTo(&writer, values);
      all[values.name] = values;
    }
    const std::string name = head + "/sliced";
    Values sliced{name, DType::kUint8, {4, 2}, random->Bytes(8), {}};
    for (std::int64_t row = 0; row < 4; row += 2) {
      const auto part =
          BytesOf(sliced.bytes).subspan(static_cast<std::size_t>(2 * row), 4);
      writer.AddSlice(name, DType::kUint8, {2, 2}, part, {4, 2}, {row, 0});
    }
    all[name] = sliced;
    writer.Finish();
    return all;
  }

  void ExpectAll(const std::string& prefix, const All& all) const {
    const Checkpoint checkpoint = Checkpoint::Open(folder_.Path(prefix));
    ASSERT_EQ(checkpoint.tensors().size(), all.size());
    for (const auto& [name, values] : all) {
      ASSERT_NE(checkpoint.Find(name), nullptr) << name;
      const Values found = ReadFrom(checkpoint, name);
      EXPECT_EQ(found.dtype, values.dtype) << name;
      EXPECT_EQ(found.shape, values.shape) << name;
      EXPECT_EQ(found.bytes, values.bytes) << name;
      EXPECT_EQ(found.elements, values.elements) << name;
    }
    EXPECT_TRUE(checkpoint.Verify().ok());
  }

  const Folder folder_;
};

TEST_F(PassOn, ReshardingToAnyNumberOfFilesKeepsEveryTensor) {
  Random random(140);
  for (int i = 0; i < 20; ++i) {
    const All all = Write("old", "t", &random);
    const auto shards = static_cast<std::int32_t>(1 + random.Below(5));
    const OpenSources sources(folder_, {"old"});
    ASSERT_TRUE(
        Reshard(sources.all(), folder_.Path("new"), Quick(shards), nullptr));
    ExpectAll("new", all);
    ExpectAll("old", all);
  }
}

TEST_F(PassOn, MergingJoinsTheTensorsOfAllSources) {
  Random random(141);
  for (int i = 0; i < 20; ++i) {
    All all = Write("a", "a", &random);
    all.merge(Write("b", "b", &random));
    all.merge(Write("c", "c", &random));
    const OpenSources sources(folder_, {"a", "b", "c"});
    MergeBundles(sources.all(), folder_.Path("merged"), Quick(1));
    ExpectAll("merged", all);
    ASSERT_TRUE(
        Reshard(sources.all(), folder_.Path("joined"), Quick(2), nullptr));
    ExpectAll("joined", all);
  }
}

// Each tensor stays, goes, gets another name or two of them.
TEST_F(PassOn, RewritingGivesEachTensorTheNamesThatItIsToHave) {
  Random random(142);
  for (int i = 0; i < 30; ++i) {
    const All all = Write("old", "t", &random);
    Changes changes;
    All expected;
    for (const auto& [name, values] : all) {
      for (std::uint64_t count = random.Below(3); count > 0; --count) {
        const std::string as = name + "/as/" + std::to_string(count);
        changes.names[name].push_back(as);
        expected[as] = values;
      }
    }
    const OpenSources sources(folder_, {"old"});
    ASSERT_TRUE(Rewrite(sources.front(), folder_.Path("new"), changes, Quick(2),
                        nullptr));
    ExpectAll("new", expected);
  }
}

TEST_F(PassOn, NewValuesStandInPlaceOfThoseThatAreStored) {
  Random random(143);
  for (int i = 0; i < 20; ++i) {
    All all = Write("old", "t", &random);
    const std::vector<std::int32_t> ours = {1, -2, 3};
    Changes changes;
    for (auto& [name, values] : all) {
      changes.names[name] = {name};
      if (random.OneIn(2)) continue;
      changes.values[name] = MakeInput(name, DType::kInt32, {3}, ours);
      values = {name, DType::kInt32, {3}, {}, {}};
      values.bytes.assign(reinterpret_cast<const char*>(ours.data()), 12);
    }
    const OpenSources sources(folder_, {"old"});
    ASSERT_TRUE(Rewrite(sources.front(), folder_.Path("new"), changes, Quick(1),
                        nullptr));
    ExpectAll("new", all);
  }
}

TEST_F(PassOn, ProgressEndsWithTheBytesThatAreStored) {
  Random random(144);
  Write("old", "t", &random);
  const OpenSources sources(folder_, {"old"});
  Changes changes;
  std::uint64_t stored = 0;
  const BundleIndex& index = sources.front().index();
  for (std::size_t entry = 0; entry < index.entry_count(); ++entry) {
    stored += static_cast<std::uint64_t>(index.entry(entry).size);
    if (index.entry(entry).is_hidden) continue;
    const std::string name(index.name(entry));
    changes.names[name] = {name};
  }
  Progress progress;
  WriteOptions options = Quick(1);
  options.progress = &progress;
  ASSERT_TRUE(
      Rewrite(sources.front(), folder_.Path("new"), changes, options, nullptr));
  EXPECT_EQ(progress.done, stored);
  EXPECT_EQ(progress.total, stored);
}

TEST_F(PassOn, WhatCannotBeDoneLeavesNoFileBehind) {
  Random random(145);
  Write("old", "t", &random);
  const auto before = folder_.Names();
  const OpenSources sources(folder_, {"old"});
  Changes unknown;
  unknown.names["nobody"] = {"x"};
  EXPECT_THAT(Refusal(ErrorKind::kNotFound,
                      [&] {
                        Rewrite(sources.front(), folder_.Path("new"), unknown,
                                Quick(1), nullptr);
                      }),
              HasSubstr("tensor 'nobody': no tensor of this name"));
  Changes twice;
  twice.names["t/sliced"] = {"same", "same"};
  Refusal(ErrorKind::kInvalid, [&] {
    Rewrite(sources.front(), folder_.Path("new"), twice, Quick(1), nullptr);
  });
  Refusal(ErrorKind::kInvalid, [&] {
    MergeBundles({&sources.front(), &sources.front()}, folder_.Path("new"),
                 Quick(1));
  });
  Refusal(ErrorKind::kInvalid,
          [&] { MergeBundles({}, folder_.Path("new"), Quick(1)); });
  EXPECT_EQ(folder_.Names(), before);
}

// Whatever byte of the data is wrong, no copy of it is made.
TEST_F(PassOn, DamagedDataIsNotPassedOn) {
  Random random(146);
  const std::vector<std::uint8_t> values(40, 7);
  BundleWriter writer(folder_.Path("old"), Quick(1));
  writer.Add({MakeInput("w", DType::kUint8, {40}, values)});
  writer.Finish();
  const std::string name = "old.data-00000-of-00001";
  const std::string right = folder_.Read(name);
  for (std::size_t byte = 0; byte < right.size(); ++byte) {
    std::string wrong = right;
    wrong[byte] ^= static_cast<char>(1u << random.Below(8));
    folder_.Write(name, wrong);
    const OpenSources sources(folder_, {"old"});
    EXPECT_THAT(CorruptionOf([&] {
                  Reshard(sources.all(), folder_.Path("new"), Quick(2),
                          nullptr);
                }),
                HasSubstr("tensor 'w'"));
    EXPECT_FALSE(folder_.Names().contains("new.index"));
  }
}

}  // namespace
}  // namespace fastckpt::internal::pass_on_test
