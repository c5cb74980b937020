// The grammars of file names as regular expressions, on whole names and on all
// that one letter more, less or other makes of them.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/aside_set.h"
#include "fastckpt/v2/shard_name.h"
#include "fastckpt/write/save_name.h"

namespace fastckpt::internal::names_model_test {
namespace {

// The names themselves and every one that differs by a letter or by two that
// changed places.
std::set<std::string> NearMisses(const std::vector<std::string>& names) {
  constexpr std::string_view kLetters = "09afAx.-/ odm";
  std::set<std::string> misses(names.begin(), names.end());
  for (const std::string& name : names) {
    for (std::size_t at = 0; at <= name.size(); ++at) {
      misses.insert(name.substr(0, at));
      misses.insert(name.substr(at));
      for (const char letter : kLetters) {
        std::string other = name;
        misses.insert(other.insert(at, 1, letter));
        if (at == name.size()) continue;
        other = name;
        other[at] = letter;
        misses.insert(other);
      }
      if (at == name.size()) continue;
      std::string other = name;
      misses.insert(other.erase(at, 1));
      if (at == 0) continue;
      other = name;
      std::swap(other[at - 1], other[at]);
      misses.insert(other);
    }
  }
  return misses;
}

const std::vector<std::string> kMarked = {
    "m.fastckpt-0123abcd.tmp",
    "m.fastckpt-0123abcd.old",
    "m.index.fastckpt-0123abcd.old",
    "m.index.fastckpt-99999999.tmp",
    "m.data-00000-of-00001.fastckpt-0123abcd.old",
    "m.data-123456-of-234567.fastckpt-ffffffff.tmp",
};

const std::vector<std::string> kPlain = {"m",
                                         "m.index",
                                         "m.data-00000-of-00001",
                                         "m.data-123456-of-234567",
                                         "m.fastckpt-lock",
                                         "m-00000-of-00002"};

// TensorFlow pads to five digits and no further: one name for each number.
const std::string kData =
    R"(\.data-(\d{5}|[1-9]\d{5,8})-of-(\d{5}|[1-9]\d{5,8}))";

// Whether two numbers that a pattern found are a shard and more than it.
bool IsBelow(const std::string& shard, const std::string& count) {
  return std::stol(shard) < std::stol(count);
}

// What stands before the mark of a V1 file must be no part of another.
bool IsPart(const std::string& base) {
  static const std::regex index(R"((.|\n)*\.index)");
  static const std::regex data("(.|\\n)*" + kData);
  std::smatch match;
  if (std::regex_match(base, index)) return true;
  return std::regex_match(base, match, data) && IsBelow(match[2], match[3]);
}

TEST(NamesModel, MarkedNamesAreThoseOfTheGrammarForAnyBase) {
  const std::string mark = R"(\.fastckpt-([0-9a-f]{8})\.(tmp|old))";
  std::size_t matched = 0;
  for (const std::string base :
       {"m", "m.index", "m.data-00000-of-00001", "x"}) {
    const std::regex grammar(
        "(" + std::regex_replace(base, std::regex("\\."), "\\.") +
        R"()(\.index|)" + kData + ")?" + mark);
    for (const std::string& name : NearMisses(kMarked)) {
      std::smatch match;
      const bool is_marked = std::regex_match(name, match, grammar) &&
                             (match[2].matched || !IsPart(base)) &&
                             (!match[3].matched || IsBelow(match[3], match[4]));
      const auto parsed = ParseMarkedName(base, name);
      ASSERT_EQ(parsed.has_value(), is_marked) << base << " " << name;
      if (!parsed) continue;
      ++matched;
      EXPECT_EQ(parsed->token, match[5]);
      EXPECT_EQ(parsed->mark == SaveMark::kAside, match[6] == "old");
      EXPECT_EQ(parsed->plain, base + match[2].str());
      EXPECT_EQ(MakeMarkedName(parsed->plain, parsed->token, parsed->mark),
                name);
    }
  }
  EXPECT_GT(matched, 300u);
}

TEST(NamesModel, DataSuffixesAreThoseOfTheGrammar) {
  const std::regex grammar(kData);
  for (const std::string& name :
       NearMisses({".data-00000-of-00001", ".data-123456-of-234567"})) {
    std::smatch match;
    const bool is_data =
        std::regex_match(name, match, grammar) && IsBelow(match[1], match[2]);
    EXPECT_EQ(IsDataSuffix(name), is_data) << name;
  }
}

TEST(NamesModel, ShardNamesAreThoseThatTensorFlowWouldGive) {
  const std::regex grammar(
      R"((.*)-(\d{5}|[1-9]\d{5,8})-of-(\d{5}|[1-9]\d{5,8}))");
  std::size_t matched = 0;
  for (const std::string& name : NearMisses(
           {"m-00000-of-00001", "m.data-00009-of-00010", "m-99999-of-100000",
            "a-of-b-00000-of-00001", "m-100000-of-999999999"})) {
    std::smatch match;
    bool is_name = std::regex_match(name, match, grammar);
    is_name = is_name && std::stol(match[2]) < std::stol(match[3]);
    const auto parsed = ParseShardName(name);
    ASSERT_EQ(parsed.has_value(), is_name) << name;
    if (!parsed) continue;
    ++matched;
    EXPECT_EQ(parsed->stem, match[1]);
    EXPECT_EQ(parsed->shard, std::stol(match[2]));
    EXPECT_EQ(parsed->num_shards, std::stol(match[3]));
    EXPECT_EQ(parsed->Format(), name);
  }
  EXPECT_GT(matched, 100u);
}

TEST(NamesModel, NumbersOfShardsEndWithThirtyTwoBits) {
  EXPECT_TRUE(ParseShardName("m-2147483646-of-2147483647"));
  EXPECT_FALSE(ParseShardName("m-2147483647-of-2147483648"));
  EXPECT_FALSE(ParseShardName("m-00000-of-4294967297"));
}

TEST(NamesModel, NamesOfShardsAreReadBackForEveryWidth) {
  for (const std::int32_t shard : {0, 1, 9, 99999, 100000, INT32_MAX - 1}) {
    for (const std::int32_t count : {1, 2, 99999, 100000, INT32_MAX}) {
      if (shard >= count) continue;
      const std::string name = DataName("dir.d/m", shard, count);
      const auto parsed = ParseShardName(name);
      ASSERT_TRUE(parsed) << name;
      EXPECT_EQ(parsed->stem, "dir.d/m.data");
      EXPECT_EQ(parsed->shard, shard);
      EXPECT_EQ(parsed->num_shards, count);
      EXPECT_TRUE(IsDataSuffix(name.substr(7)));
    }
  }
}

// Every way to cut a name in two gives a base it may belong to; at most one is
// that of an index or V1 file set aside.
TEST(NamesModel, TheBaseOfAnAsideIsTheOneForWhichItParses) {
  std::set<std::string> names = NearMisses(kMarked);
  for (const std::string& name : std::set<std::string>(names)) {
    names.insert(name + ".fastckpt-0123abcd.old");
    names.insert("a.index" + name);
  }
  for (const std::string& name : names) {
    std::vector<std::string> bases;
    for (std::size_t size = 1; size < name.size(); ++size) {
      const auto parsed = ParseMarkedName(name.substr(0, size), name);
      if (!parsed || parsed->mark != SaveMark::kAside) continue;
      if (parsed->part == CheckpointPart::kData) continue;
      bases.push_back(name.substr(0, size));
    }
    ASSERT_LE(bases.size(), 1u) << name;
    const auto base = BaseOfAside(name);
    ASSERT_EQ(base.has_value(), bases.size() == 1) << name;
    if (base) {
      EXPECT_EQ(*base, bases[0]);
    }
  }
}

// A name that a save could give to a file of its own is no checkpoint's.
TEST(NamesModel, NamesToSaveUnderAreAllThatNoSaveGives) {
  std::vector<std::string> all = kMarked;
  all.insert(all.end(), kPlain.begin(), kPlain.end());
  for (const std::string& name : NearMisses(all)) {
    if (name.find('/') != std::string::npos) continue;
    bool is_ours = name.ends_with(".fastckpt-lock");
    for (std::size_t size = 1; size < name.size(); ++size) {
      is_ours = is_ours || ParseMarkedName(name.substr(0, size), name);
    }
    try {
      EXPECT_EQ(SaveNameOf("folder/" + name), name);
      EXPECT_FALSE(is_ours) << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      EXPECT_TRUE(is_ours) << name;
    }
  }
}

TEST(NamesModel, APathIsItsFolderAndItsName) {
  for (const std::string folder : {"", "/", "a", "a/b", "/a", "..", "a//b"}) {
    for (const std::string name : {"", "m", "m.index", ".", "a.b"}) {
      const bool needs_slash = !folder.empty() && !folder.ends_with('/');
      const std::string path = folder + (needs_slash ? "/" : "") + name;
      EXPECT_EQ(BaseOf(path), name) << path;
      EXPECT_EQ(std::string(FolderPartOf(path)) + name, path);
      EXPECT_EQ(FolderOf(path), folder) << path;
    }
  }
}

TEST(NamesModel, TokensAreEightHexadecimalDigits) {
  const std::regex grammar("[0-9a-f]{8}");
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(std::regex_match(MakeToken(), grammar));
  }
}

}  // namespace
}  // namespace fastckpt::internal::names_model_test
