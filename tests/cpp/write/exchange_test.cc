// All interleavings of savers, a reader, a remover and kills, over a folder in
// memory; the code that runs is write/exchange and v2/aside_set.
//
// Each of these single changes of exchange.cc makes a test here fail:
//
//   put back   the index before its data; not at all
//   aside      the data before the index; a V1 file after it, or not at all
//   names      the index before its data; the time of the index not set (seen
//              where there are no locks)
//   forget     not at all, or after the old index was set aside: two sets would
//              lie there, and times decide; where there are no locks
//   sweep      the data before their index, with the lock or without; data of
//              an index that cannot be removed; before the new data or the new
//              index have their names; of the own token only; a data file in
//              the making before its index; others' where there are no locks
//   undo       not at all; old names before the new ones are off them; the
//              index before its data; going on after a step that failed
//   V1 beside  removed at the end, or given its name over a new file of it
//   lock       not taken; let go before the indexes are removed
//
// Of forgetting and the order of sweeping each hides what the lack of the other
// does to the next save: two conditions on every state tell them apart, that an
// index aside has its data and that one set alone counts. That a lock is looked
// at again once it is there is tested in platform/name_lock_test.cc; each look
// of a reader in tests/swap_child.py.
#include "fastckpt/write/exchange.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/shard_name.h"
#include "testing/exchange_model.h"

namespace fastckpt::internal::exchange_test {
namespace {

using model::kNone;
using model::Life;
using model::ModelFolder;
using model::Program;
using model::State;
using model::Violation;
using model::Walk;

// Version 0 is there at first, saver i writes version i + 1.
struct Version {
  int shards = 1;  // 0: a V1 file
};

class ExchangeModel : public ::testing::Test {
 protected:
  static std::string Token(int version) {
    return "0000000" + std::to_string(version);
  }

  // The names of a version's files, last the one that makes it be there.
  std::vector<std::string> NamesOf(int version) const {
    const int shards = versions_[static_cast<std::size_t>(version)].shards;
    std::vector<std::string> names;
    for (int i = 0; i < shards; ++i) names.push_back(DataName("m", i, shards));
    names.push_back(shards == 0 ? "m" : "m.index");
    return names;
  }

  // A file of a version that nobody saves has no index.
  int ShardsOf(int version) const {
    const auto at = static_cast<std::size_t>(version);
    return at < versions_.size() ? versions_[at].shards : 0;
  }

  State First(bool has_old = true) const {
    State state;
    if (has_old) {
      for (const std::string& name : NamesOf(0)) state.files[name] = {0, 0};
      state.newest = 0;
    }
    for (int v = 1; v < static_cast<int>(versions_.size()); ++v) {
      for (const std::string& name : NamesOf(v)) {
        state.files[TemporaryOf(name, v)] = {v, ++state.clock};
      }
    }
    return state;
  }

  static std::string TemporaryOf(const std::string& name, int version) {
    return MakeMarkedName(name, Token(version), SaveMark::kTemporary);
  }

  Program Saver(int version) const {
    return {[this, version](ModelFolder* folder) {
      folder->shards_of = [this](int it) { return ShardsOf(it); };
      std::vector<NewFile> files;
      for (const std::string& name : NamesOf(version)) {
        files.push_back({TemporaryOf(name, version), name});
      }
      Exchange(folder, "m", Token(version)).Run(&files, /*sync=*/true);
    }};
  }

  // Removes as fastckpt.remove_checkpoint does: under the lock, what is aside
  // first, then the plain index, then the data, then what killed savers were
  // writing.
  static void Remover(ModelFolder* folder) {
    folder->is_remover = true;
    const auto lock = folder->Lock(LockNameOf());
    const std::vector<ListedFile> files = folder->ListOnly(
        [](const std::string& name) { return !name.ends_with(".tmp"); });
    for (const std::string& name : AsideRemovalOrder("m", files, false)) {
      folder->Remove(name);
    }
    folder->Remove("m.index");
    for (const ListedFile& file : files) {
      if (file.name.starts_with("m.data-") &&
          !ParseMarkedName("m", file.name)) {
        folder->Remove(file.name);
      }
    }
    Exchange(folder, "m", "0000000f").RemoveAbandoned();
  }

  static std::string LockNameOf() { return "m.fastckpt-lock"; }

  // Reads as DESIGN says, and looks again where a file has vanished or was
  // replaced. After all is open the names must still stand for what was opened:
  // of a checkpoint in place the index first, for it can have been set aside
  // and put back meanwhile; of a set aside the index last, for it never comes
  // again, and while it is there its data are where they belong.
  // `is_thorough` false looks at the index alone.
  Program Reader(bool is_thorough = true) const {
    const auto run = [this, is_thorough](ModelFolder* folder) {
      if (!ReadOnce(folder, is_thorough)) throw model::Restarted{};
    };
    return {run, /*may_be_killed=*/false};
  }

  bool ReadOnce(ModelFolder* folder, bool is_thorough) const {
    const int version = folder->Identity("m.index");
    if (version == kNone) return ReadSet(folder, is_thorough);
    Opened opened;
    if (!OpenData(folder, version, nullptr, &opened)) return false;
    if (folder->Identity("m.index") != version) return false;
    if (is_thorough && !IsUnchanged(folder, nullptr, opened)) return false;
    CheckIsOf(version, opened);
    return true;
  }

  bool ReadSet(ModelFolder* folder, bool is_thorough) const {
    if (folder->Identity("m") != kNone) return true;  // V1, whole by nature
    const auto set =
        FindAsideSet("m", folder->ListOnly([](const std::string& name) {
          return !name.starts_with("m.data-") && !name.ends_with(".tmp");
        }));
    if (!set || set->is_v1()) return true;
    const int version = folder->Identity(set->index);
    Opened opened;
    if (version == kNone || !OpenData(folder, version, &*set, &opened)) {
      return false;
    }
    if (is_thorough && !IsUnchanged(folder, &*set, opened)) return false;
    if (folder->Identity(set->index) != version) return false;
    CheckIsOf(version, opened);
    return true;
  }

  using Opened = std::vector<std::pair<std::string, int>>;

  bool OpenData(ModelFolder* folder, int version, const AsideSet* set,
                Opened* opened) const {
    for (const std::string& plain : NamesOf(version)) {
      if (plain == "m.index") continue;
      std::string name = set ? AsideName(plain, set->token) : plain;
      int data = folder->Identity(name);
      if (data == kNone && set) data = folder->Identity(name = plain);
      if (data == kNone) return false;
      opened->emplace_back(name, data);
    }
    return true;
  }

  static bool IsUnchanged(ModelFolder* folder, const AsideSet* set,
                          const Opened& opened) {
    for (const auto& [name, data] : opened) {
      const bool is_plain = !ParseMarkedName("m", name);
      if (set && is_plain && folder->HasFile(AsideName(name, set->token))) {
        return false;
      }
      if (set && !is_plain) continue;  // nothing else ever has its name
      if (folder->Identity(name) != data) return false;
    }
    return true;
  }

  static void CheckIsOf(int version, const Opened& opened) {
    for (const auto& [name, data] : opened) {
      if (data != version) throw Violation("a reader saw a mixture: " + name);
    }
  }

  static std::string AsideName(const std::string& plain,
                               const std::string& token) {
    return MakeMarkedName(plain, token, SaveMark::kAside);
  }

  // The version that a look at the folder finds, all at once; kNone for none.
  int Find(const State& state) const {
    std::vector<ListedFile> files;
    for (const auto& [name, file] : state.files) {
      files.push_back({name, file.mtime});
    }
    const auto version_of = [&](const std::string& name) {
      const auto found = state.files.find(name);
      return found == state.files.end() ? kNone : found->second.version;
    };
    const auto set = FindAsideSet("m", files);
    std::string last = "m.index";
    if (version_of(last) == kNone) last = set ? set->name() : "m";
    const int version = version_of(last);
    if (version == kNone) return kNone;
    for (const std::string& plain : NamesOf(version)) {
      if (plain == "m" || plain == "m.index") continue;
      std::string name = plain;
      if (set && version_of(AsideName(plain, set->token)) != kNone) {
        name = AsideName(plain, set->token);
      }
      if (version_of(name) != version) return kNone;
    }
    return version;
  }

  // What counts is the version committed last; none once a remover began.
  void CheckNothingIsLost(const State& state, bool has_remover) const {
    const int found = Find(state);
    if (found == state.newest) return;
    if (found == kNone && has_remover) return;
    throw Violation("found " + std::to_string(found) + " of\n" +
                    model::Describe(state));
  }

  // At no moment may an index lie aside without data of its own, under their
  // names aside or plain: whoever chose its set would read those of another.
  void CheckIndexesAsideHaveTheirData(const State& state) const {
    for (const auto& [name, file] : state.files) {
      const auto parts = ParseMarkedName("m", name);
      if (!parts || parts->mark != SaveMark::kAside) continue;
      if (parts->part != CheckpointPart::kIndex) continue;
      for (const std::string& plain : NamesOf(file.version)) {
        if (plain == "m.index") continue;
        auto data = state.files.find(AsideName(plain, parts->token));
        if (data == state.files.end()) data = state.files.find(plain);
        if (data != state.files.end() && data->second.version == file.version) {
          continue;
        }
        throw Violation("no data of " + name + "\n" + model::Describe(state));
      }
    }
  }

  // Clocks go back, and of hosts differ: where there are locks, and all can be
  // removed, no set is ever chosen by its time.
  static void CheckOneSetCounts(const State& state) {
    std::vector<ListedFile> files;
    for (const auto& [name, file] : state.files) {
      files.push_back({name, file.mtime});
    }
    if (!FindAsideSet("m", files) || ListAsideSets("m", files).size() == 1) {
      return;
    }
    throw Violation("times decide\n" + model::Describe(state));
  }

  // A save after all that: it ends, and leaves its files alone.
  void CheckNextSaveTidies(const State& state) const {
    State next = state;
    int last = static_cast<int>(versions_.size()) - 1;
    if (beside_ == last) --last;
    for (const std::string& name : NamesOf(last)) {
      next.files[MakeMarkedName(name, "00000009", SaveMark::kTemporary)] = {
          last, ++next.clock};
    }
    Walk walk({Program{[&](ModelFolder* folder) {
      folder->shards_of = [this](int it) { return ShardsOf(it); };
      std::vector<NewFile> files;
      for (const std::string& name : NamesOf(last)) {
        files.push_back(
            {MakeMarkedName(name, "00000009", SaveMark::kTemporary), name});
      }
      Exchange(folder, "m", "00000009").Run(&files, true);
    }}});
    next.processes.clear();
    next.kills_left = next.faults_left = 0;
    walk.check_end = [&](const State& end) {
      if (beside_ != kNone && !IsBesideInPlace(end)) {
        throw Violation("no V1 file beside\n" + model::Describe(end));
      }
      for (const std::string& name : orphans_) {
        if (!end.files.contains(name)) throw Violation("gone: " + name);
      }
      for (const auto& [name, file] : end.files) {
        if (file.version == kOrphan) continue;
        const bool is_v1 = name == "m";
        if (is_v1 || name.ends_with(".tmp")) continue;
        if (file.version != last || ParseMarkedName("m", name)) {
          throw Violation("left: " + name + "\n" + model::Describe(end));
        }
      }
    };
    walk.Run(std::move(next));
  }

  bool IsBesideInPlace(const State& state) const {
    const auto v1 = state.files.find("m");
    return v1 != state.files.end() && v1->second.version == beside_;
  }

  // Gives what went wrong, "" for nothing.
  std::string Explore(std::vector<Program> programs, State first,
                      bool has_locks = true, bool has_remover = false) {
    Walk walk(std::move(programs));
    walk.has_locks = has_locks;
    walk.third_is_late = versions_.size() > 3;
    walk.may_fail = first.faults_left > 0;
    const bool may_fail = walk.may_fail;
    walk.check = [&, may_fail](const State& state) {
      CheckNothingIsLost(state, has_remover);
      CheckIndexesAsideHaveTheirData(state);
      if (has_locks && !may_fail) CheckOneSetCounts(state);
    };
    if (has_locks) {
      walk.check_end = [&](const State& end) { CheckNextSaveTidies(end); };
    }
    try {
      walk.Run(std::move(first));
    } catch (const Violation& violation) {
      return violation.what();
    }
    return "";
  }

  std::vector<Version> versions_ = {{1}, {1}, {2}};
  int beside_ = kNone;  // a V1 file that nobody saves, beside V2 ones
  // Data files of a number that no index counts.
  std::vector<std::string> orphans_;
  static constexpr int kOrphan = 90;
};

TEST_F(ExchangeModel, TwoSaversAReaderARemoverAndAKill) {
  versions_ = {{1}, {1}, {1}};
  State first = First();
  first.kills_left = 1;
  EXPECT_EQ(
      Explore({Saver(1), Saver(2), Reader(), {Remover}}, first, true, true),
      "");
}

TEST_F(ExchangeModel, ThreeSaversAndTwoKills) {
  versions_ = {{2}, {1}, {2}, {1}};
  State first = First();
  first.kills_left = 2;
  EXPECT_EQ(Explore({Saver(1), Saver(2), Saver(3)}, first), "");
}

TEST_F(ExchangeModel, TwoSaversAReaderAndTwoKills) {
  State first = First();
  first.kills_left = 2;
  EXPECT_EQ(Explore({Saver(1), Saver(2), Reader()}, first), "");
}

TEST_F(ExchangeModel, TwoSaversTwoFaultsAndAKill) {
  State first = First();
  first.kills_left = 1;
  first.faults_left = 2;
  EXPECT_EQ(Explore({Saver(1), Saver(2)}, first), "");
}

TEST_F(ExchangeModel, OneFaultLeavesAllAsItWas) {
  State first = First();
  first.faults_left = 1;
  Walk walk({Saver(2)});
  walk.may_fail = true;
  int failures = 0;
  walk.check_end = [&](const State& end) {
    if (end.processes[0].life != Life::kFailed) return;
    ++failures;
    for (const auto& [name, file] : first.files) {
      ASSERT_TRUE(end.files.contains(name)) << model::Describe(end);
      EXPECT_EQ(end.files.at(name).version, file.version);
    }
    EXPECT_EQ(end.files.size(), first.files.size());
  };
  walk.Run(first);
  EXPECT_GT(failures, 0);
}

TEST_F(ExchangeModel, V1FileBesideHasItsNameAtTheEnd) {
  versions_ = {{1}, {1}, {2}, {0}};
  beside_ = 3;
  State first = First();
  std::erase_if(first.files,
                [](const auto& file) { return file.second.version == 3; });
  first.files["m"] = {beside_, 0};
  first.kills_left = 2;
  EXPECT_EQ(Explore({Saver(1), Saver(2)}, first), "");
}

// They may be all that is left of a checkpoint that has lost its index.
TEST_F(ExchangeModel, DataFilesThatNoIndexCountsStay) {
  for (const bool has_old : {true, false}) {
    orphans_ = {"m.data-00000-of-00003", "m.data-00001-of-00003"};
    State first = First(has_old);
    for (const std::string& name : orphans_) first.files[name] = {kOrphan, 0};
    first.kills_left = 2;
    EXPECT_EQ(Explore({Saver(1), Saver(2), Reader()}, first), "");
  }
}

TEST_F(ExchangeModel, EmptyPlace) {
  State first = First(/*has_old=*/false);
  first.kills_left = 2;
  EXPECT_EQ(Explore({Saver(1), Saver(2), Reader()}, first), "");
}

TEST_F(ExchangeModel, BothFormatsInEachOrder) {
  for (const std::vector<Version>& versions :
       {std::vector<Version>{{1}, {0}, {1}, {1}},
        {{0}, {1}, {1}, {0}},
        {{1}, {0}, {0}, {1}},
        {{0}, {1}, {0}, {1}}}) {
    versions_ = versions;
    State first = First();
    first.kills_left = 2;
    EXPECT_EQ(Explore({Saver(1), Saver(2), Saver(3)}, first), "");
  }
}

// One saver after the other, as is asked for where there are no locks.
TEST_F(ExchangeModel, WithoutLocksNothingOfOthersIsRemoved) {
  versions_ = {{1}, {1}, {2}, {1}};
  State first = First();
  first.kills_left = 2;
  EXPECT_EQ(Explore({Saver(1), Saver(2), Saver(3)}, first, false), "");
}

// Why readers look at the data's names too, after the index: what was set aside
// can come back while they look.
TEST_F(ExchangeModel, ReaderThatLooksAtTheIndexAloneSeesAMixture) {
  versions_ = {{1}, {1}, {1}};
  State first = First();
  first.kills_left = 1;
  EXPECT_NE(Explore({Saver(1), Saver(2), Reader(/*is_thorough=*/false)}, first),
            "");
}

}  // namespace
}  // namespace fastckpt::internal::exchange_test
