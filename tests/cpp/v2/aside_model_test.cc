// Folders of every state that saves and kills leave behind, made at random: the
// sets found in them are those of a plain model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "fastckpt/v2/aside_set.h"
#include "fastckpt/v2/shard_name.h"
#include "testing/random.h"

namespace fastckpt::internal::aside_model_test {
namespace {

using Files = std::vector<ListedFile>;

const char* const kTokens[] = {"00000001", "00000002", "0000000a"};

Files AnyFolder(Random* random) {
  Files files;
  const auto maybe = [&](const std::string& name) {
    if (random->OneIn(2)) files.push_back({name, random->Between(1, 4)});
  };
  for (const std::string token : kTokens) {
    for (const char* end : {".old", ".tmp"}) {
      for (const char* plain :
           {"m", "m.index", "m.data-00000-of-00002", "m.data-00001-of-00002",
            "m-1.index", "m.index.index"}) {
        maybe(plain + (".fastckpt-" + token) + end);
      }
    }
  }
  for (const char* name : {"m.data-00000-of-00002", "m-1.index", "n", "m.x"}) {
    maybe(name);
  }
  if (random->OneIn(4)) maybe("m.index");
  if (random->OneIn(4)) maybe("m");
  std::ranges::reverse(files);
  return files;
}

bool Has(const Files& files, const std::string& name) {
  return std::ranges::any_of(
      files, [&](const ListedFile& file) { return file.name == name; });
}

std::int64_t TimeOf(const Files& files, const std::string& name) {
  return std::ranges::find(files, name, &ListedFile::name)->mtime;
}

struct PlainSet {
  std::string token;
  bool is_v1;
  std::int64_t mtime;
};

// A token with an index or V1 file aside is a set; the newest comes first, of
// equals that of the higher token.
std::vector<PlainSet> PlainSets(const Files& files) {
  std::vector<PlainSet> sets;
  for (const std::string token : kTokens) {
    const std::string index = "m.index.fastckpt-" + token + ".old";
    const std::string v1 = "m.fastckpt-" + token + ".old";
    if (Has(files, index)) {
      sets.push_back({token, false, TimeOf(files, index)});
    } else if (Has(files, v1)) {
      sets.push_back({token, true, TimeOf(files, v1)});
    }
  }
  std::ranges::sort(sets, [](const PlainSet& a, const PlainSet& b) {
    return std::tie(a.mtime, a.token) > std::tie(b.mtime, b.token);
  });
  return sets;
}

bool HasPlainName(const Files& files) {
  return Has(files, "m") || Has(files, "m.index");
}

TEST(AsideModel, SetsAreThoseOfThePlainModelInItsOrder) {
  Random random(90);
  for (int i = 0; i < 3000; ++i) {
    const Files files = AnyFolder(&random);
    const std::vector<PlainSet> expected = PlainSets(files);
    const std::vector<AsideSet> sets = ListAsideSets("m", files);
    ASSERT_EQ(sets.size(), expected.size());
    for (std::size_t s = 0; s < sets.size(); ++s) {
      EXPECT_EQ(sets[s].token, expected[s].token);
      EXPECT_EQ(sets[s].is_v1(), expected[s].is_v1);
      EXPECT_EQ(sets[s].mtime, expected[s].mtime);
      EXPECT_TRUE(Has(files, sets[s].name()));
    }
    const auto counting = FindAsideSet("m", files);
    ASSERT_EQ(counting.has_value(), !HasPlainName(files) && !sets.empty());
    if (counting) {
      EXPECT_EQ(counting->token, sets[0].token);
    }
  }
}

TEST(AsideModel, AShardIsTheSetsOwnWhereThatIsThere) {
  Random random(91);
  for (int i = 0; i < 500; ++i) {
    const Files files = AnyFolder(&random);
    for (const AsideSet& set : ListAsideSets("m", files)) {
      EXPECT_TRUE(std::ranges::is_sorted(set.data));
      for (const std::int32_t shard : {0, 1}) {
        const std::string plain = DataName("m", shard, 2);
        const std::string aside = plain + ".fastckpt-" + set.token + ".old";
        EXPECT_EQ(ShardInSet(set, "m", shard, 2),
                  Has(files, aside) ? aside : plain);
        EXPECT_EQ(std::ranges::count(set.data, aside),
                  Has(files, aside) ? 1 : 0);
      }
    }
  }
}

// The checkpoint that a reader would take: token and format, or nothing.
std::optional<std::string> Counting(const Files& files) {
  const auto set = FindAsideSet("m", files);
  if (!set) return std::nullopt;
  return set->name();
}

// While names aside go one by one nothing older comes to count, and no set
// counts that lost a shard.
TEST(AsideModel, NoStepOfARemovalLetsAnotherSetCount) {
  Random random(92);
  for (int i = 0; i < 2000; ++i) {
    for (const bool is_v1 : {false, true}) {
      Files files = AnyFolder(&random);
      const Files before = files;
      const auto first = Counting(files);
      const std::vector<std::string> order =
          AsideRemovalOrder("m", files, is_v1);
      bool is_first_there = true;
      for (const std::string& name : order) {
        ASSERT_TRUE(Has(files, name)) << "twice, or not there: " << name;
        std::erase_if(files, [&](const auto& f) { return f.name == name; });
        is_first_there = is_first_there && (!first || name != *first);
        const auto now = Counting(files);
        if (is_first_there) {
          EXPECT_EQ(now, first);
          continue;
        }
        if (now) {
          EXPECT_NE(*now, *first);
        }
      }
    }
  }
}

TEST(AsideModel, ARemovalTakesNothingButNamesAside) {
  Random random(93);
  for (int i = 0; i < 500; ++i) {
    const Files files = AnyFolder(&random);
    for (const bool is_v1 : {false, true}) {
      for (const std::string& name : AsideRemovalOrder("m", files, is_v1)) {
        const auto parsed = ParseMarkedName("m", name);
        ASSERT_TRUE(parsed) << name;
        EXPECT_EQ(parsed->mark, SaveMark::kAside);
      }
    }
  }
}

// With a plain name there all that is aside is litter, of both formats.
TEST(AsideModel, BesideAPlainNameAllThatIsAsideGoes) {
  Random random(94);
  for (int i = 0; i < 1000; ++i) {
    Files files = AnyFolder(&random);
    if (!HasPlainName(files)) files.push_back({"m.index", 9});
    std::size_t aside = 0;
    for (const ListedFile& file : files) {
      const auto parsed = ParseMarkedName("m", file.name);
      if (parsed && parsed->mark == SaveMark::kAside) ++aside;
    }
    EXPECT_EQ(AsideRemovalOrder("m", files, false).size(), aside);
    EXPECT_EQ(AsideRemovalOrder("m", files, true).size(), aside);
  }
}

// The order of a listing is the file system's: it must not matter.
TEST(AsideModel, TheOrderOfAListingDoesNotMatter) {
  Random random(95);
  for (int i = 0; i < 500; ++i) {
    Files files = AnyFolder(&random);
    const auto counting = Counting(files);
    const auto order = AsideRemovalOrder("m", files, false);
    for (std::size_t f = 1; f < files.size(); ++f) {
      std::swap(files[f], files[random.Below(f + 1)]);
    }
    EXPECT_EQ(Counting(files), counting);
    EXPECT_EQ(AsideRemovalOrder("m", files, false), order);
  }
}

}  // namespace
}  // namespace fastckpt::internal::aside_model_test
