// A folder in memory, processes that work in it, and all their interleavings.
//
// A process is a function of a ModelFolder. It has no thread: to take one more
// step it is run again from its beginning, the calls it made before answer from
// its log, the next one acts on the folder, and the one after that ends the
// run. So the very code of write/exchange is walked, and a state is a value:
// the files, the logs, who holds the lock. Each state is visited once.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/aside_set.h"
#include "fastckpt/v2/shard_name.h"
#include "fastckpt/write/exchange.h"

namespace fastckpt::internal::model {

constexpr int kNone = -1;

struct File {
  int version = kNone;  // of the checkpoint that it is a part of
  std::int64_t mtime = 0;
};

// What a call answered.
struct Answer {
  int value = 0;  // a version, a truth, or an errno below zero
  std::vector<ListedFile> files;
};

enum class Life { kWaiting, kRunning, kEnded, kFailed, kKilled };

struct Process {
  std::vector<std::shared_ptr<const Answer>> log;
  std::size_t digest = 0;  // of the log
  Life life = Life::kWaiting;
};

struct State {
  std::map<std::string, File> files;
  std::vector<Process> processes;
  int holder = kNone;
  int newest = kNone;  // the version that counts, or none
  std::int64_t clock = 0;
  int kills_left = 0;
  int faults_left = 0;
};

struct Suspended {};
struct Blocked {};
// A process begins anew, and knows nothing of what it saw.
struct Restarted {};

// What is wrong with the protocol.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline std::string Describe(const State& state) {
  std::string text;
  for (const auto& [name, file] : state.files) {
    text += name + " (" + std::to_string(file.version) + ")\n";
  }
  return text + "newest " + std::to_string(state.newest);
}

class ModelFolder : public ExchangeFolder {
 public:
  ModelFolder(State* state, std::size_t me, bool has_locks, bool fails)
      : state_(*state), me_(me), has_locks_(has_locks), fails_(fails) {}

  bool has_acted() const { return has_acted_; }
  bool is_remover = false;
  // How many data files the index of a version counts.
  std::function<int(int version)> shards_of;

  std::unique_ptr<HeldLock> Lock(const std::string&) override {
    Call([&] {
      if (state_.holder != kNone) throw Blocked{};
      state_.holder = static_cast<int>(me_);
      return Answer{};
    });
    return std::make_unique<Held>(this);
  }

  std::vector<ListedFile> List(const std::string&) override {
    return Look([&] { return Answer{0, Ranked()}; }).files;
  }

  // A list of the names alone that the caller looks at: states that differ in
  // others are one to him.
  std::vector<ListedFile> ListOnly(
      const std::function<bool(const std::string&)>& is_wanted) {
    return Look([&] {
             Answer answer{0, Ranked()};
             std::erase_if(answer.files, [&](const ListedFile& file) {
               return !is_wanted(file.name);
             });
             return answer;
           })
        .files;
  }

  bool HasFile(const std::string& name) override {
    return Identity(name) != kNone;
  }

  std::optional<std::int32_t> CountShards(const std::string& name) override {
    const int version = Identity(name);
    const int count = version == kNone ? 0 : shards_of(version);
    if (count == 0) return std::nullopt;
    return count;
  }

  // The version of the file under a name, which is its identity too.
  int Identity(const std::string& name) {
    return Look([&] {
             const auto found = state_.files.find(name);
             return Answer{
                 found == state_.files.end() ? kNone : found->second.version,
                 {}};
           })
        .value;
  }

  void Rename(const std::string& from, const std::string& to) override {
    const int code = Change([&] {
                       const auto found = state_.files.find(from);
                       if (found == state_.files.end())
                         return Answer{-ENOENT, {}};
                       const File file = found->second;
                       state_.files.erase(found);
                       state_.files[to] = file;
                       const bool is_new = from.ends_with(".tmp");
                       if (is_new && (to == "m.index" || to == "m")) {
                         state_.newest = file.version;
                       }
                       return Answer{};
                     }).value;
    if (code < 0) ThrowSystem(-code, "cannot rename", to);
  }

  bool Remove(const std::string& name) override {
    return Change([&] { return Answer{RemoveNow(name), {}}; }).value > 0;
  }

  // Of a save of very many files the data are not marked as used.
  bool RemoveAbandoned(const std::string& name) override {
    return Change([&] {
             const auto found = state_.files.find(name);
             if (found == state_.files.end()) return Answer{};
             const auto maker = static_cast<std::size_t>(found->second.version);
             const bool is_marked = !name.starts_with("m.data-");
             if (!has_locks_ || (is_marked && IsAlive(maker - 1))) {
               return Answer{};
             }
             return Answer{RemoveNow(name), {}};
           }).value > 0;
  }

  void Touch(const std::string& name) override {
    Look([&] {
      const auto found = state_.files.find(name);
      if (found != state_.files.end()) found->second.mtime = ++state_.clock;
      return Answer{};
    });
  }

  void Sync() override {}

 private:
  class Held : public HeldLock {
   public:
    explicit Held(ModelFolder* folder) : folder_(*folder) {}
    ~Held() override { folder_.Unlock(); }
    bool is_held() const override { return folder_.has_locks_; }

   private:
    ModelFolder& folder_;
  };

  template <typename Act>
  const Answer& Call(const Act& act) {
    Process& process = state_.processes[me_];
    if (is_suspended_) throw Suspended{};
    if (position_ < process.log.size()) return *process.log[position_++];
    if (has_acted_) {
      is_suspended_ = true;
      throw Suspended{};
    }
    process.log.push_back(std::make_shared<const Answer>(act()));
    process.digest = Mixed(process.digest, *process.log.back());
    has_acted_ = true;
    ++position_;
    return *process.log.back();
  }

  // Who holds the lock looks in one step with what it did before: those who do
  // not hold it remove only what no look takes for anything.
  template <typename Act>
  const Answer& Look(const Act& act) {
    const bool is_mine = has_locks_ && state_.holder == static_cast<int>(me_);
    if (is_mine && !is_suspended_ &&
        position_ == state_.processes[me_].log.size()) {
      has_acted_ = false;
    }
    return Call(act);
  }

  static std::size_t Mixed(std::size_t digest, const Answer& answer) {
    std::string text = std::to_string(digest) + ' ';
    text += std::to_string(answer.value);
    for (const ListedFile& file : answer.files) {
      text += ' ' + file.name + ' ' + std::to_string(file.mtime);
    }
    return std::hash<std::string>{}(text);
  }

  // A call that the system may refuse.
  template <typename Act>
  const Answer& Change(const Act& act) {
    return Call([&] {
      if (!fails_) return act();
      --state_.faults_left;
      return Answer{-EIO, {}};
    });
  }

  // In a destructor, which cannot end the run: the next call does.
  void Unlock() {
    try {
      Call([&] {
        // Without locks savers of a prefix come one after the other.
        if (has_locks_) state_.holder = kNone;
        return Answer{};
      });
    } catch (const Suspended&) {
    }
  }

  bool IsAlive(std::size_t process) const {
    if (process >= state_.processes.size()) return false;
    const Life life = state_.processes[process].life;
    return life == Life::kWaiting || life == Life::kRunning;
  }

  int RemoveNow(const std::string& name) {
    const auto found = state_.files.find(name);
    if (found == state_.files.end()) return 0;
    const bool is_mine =
        found->second.version == static_cast<int>(me_) + 1 ||
        name.find("-0000000" + std::to_string(me_ + 1)) != std::string::npos;
    if (!has_locks_ && !is_mine && !is_remover) {
      throw Violation("removed without locks: " + name);
    }
    state_.files.erase(found);
    return 1;
  }

  // Times by their order, so that states that differ in hours are one.
  std::vector<ListedFile> Ranked() const {
    std::vector<std::int64_t> times;
    for (const auto& [name, file] : state_.files) times.push_back(file.mtime);
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    std::vector<ListedFile> listed;
    for (const auto& [name, file] : state_.files) {
      const auto rank =
          std::lower_bound(times.begin(), times.end(), file.mtime);
      listed.push_back({name, rank - times.begin()});
    }
    return listed;
  }

  State& state_;
  const std::size_t me_;
  const bool has_locks_;
  const bool fails_;
  std::size_t position_ = 0;
  bool has_acted_ = false;
  bool is_suspended_ = false;
};

struct Program {
  std::function<void(ModelFolder*)> run;
  // Of who changes nothing it is seen nowhere that he died.
  bool may_be_killed = true;
};

class Walk {
 public:
  bool has_locks = true;
  bool third_is_late = false;  // it begins when another is over
  bool may_fail = false;       // a process may end by an Error
  // Throw Violation; of a state they look at the files and what is the newest.
  std::function<void(const State&)> check = [](const State&) {};
  std::function<void(const State&)> check_end = [](const State&) {};

  Walk(std::vector<Program> programs) : programs_(std::move(programs)) {}

  // Gives how many states there are.
  std::size_t Run(State first) {
    first.processes.resize(programs_.size());
    std::vector<State> open = {std::move(first)};
    while (!open.empty()) {
      const State state = std::move(open.back());
      open.pop_back();
      std::string files = FilesKey(state);
      if (!seen_.insert(files + ProcessesKey(state)).second) continue;
      if (checked_.insert(files + std::to_string(state.newest)).second) {
        check(state);
      }
      bool is_end = true;
      for (std::size_t i = 0; i < programs_.size(); ++i) {
        if (IsOver(state.processes[i]) || MustWait(state, i)) continue;
        is_end = false;
        Step(state, i, /*fails=*/false, &open);
        if (state.faults_left > 0) Step(state, i, /*fails=*/true, &open);
        if (state.kills_left > 0 && programs_[i].may_be_killed) {
          Kill(state, i, &open);
        }
      }
      if (is_end && ended_.insert(std::move(files)).second) check_end(state);
    }
    return seen_.size();
  }

 private:
  static bool IsOver(const Process& process) {
    return process.life != Life::kWaiting && process.life != Life::kRunning;
  }

  bool MustWait(const State& state, std::size_t me) const {
    if (!third_is_late || me != 2) return false;
    return !IsOver(state.processes[0]) && !IsOver(state.processes[1]);
  }

  void Step(const State& before, std::size_t me, bool fails,
            std::vector<State>* open) {
    State state = before;
    Process& process = state.processes[me];
    process.life = Life::kRunning;
    ModelFolder folder(&state, me, has_locks, fails);
    try {
      programs_[me].run(&folder);
      process.life = Life::kEnded;
    } catch (const Suspended&) {
    } catch (const Restarted&) {
      process = {};
    } catch (const Blocked&) {
      return;
    } catch (const Error& error) {
      if (!may_fail) {
        throw Violation(std::string("a process failed: ") + error.what() +
                        "\n" + Describe(state));
      }
      process.life = Life::kFailed;
    }
    if (fails && state.faults_left == before.faults_left) return;
    LetGo(&state, me);
    open->push_back(std::move(state));
  }

  void Kill(const State& before, std::size_t me, std::vector<State>* open) {
    State state = before;
    state.processes[me].life = Life::kKilled;
    --state.kills_left;
    LetGo(&state, me);
    open->push_back(std::move(state));
  }

  static void LetGo(State* state, std::size_t me) {
    const bool is_over = IsOver(state->processes[me]);
    if (is_over && state->holder == static_cast<int>(me)) state->holder = kNone;
  }

  static void Put(std::string* key, std::int64_t number) {
    key->append(std::to_string(number)).push_back(' ');
  }

  static std::string FilesKey(const State& state) {
    std::string key;
    std::vector<std::int64_t> times;
    for (const auto& [name, file] : state.files) times.push_back(file.mtime);
    std::sort(times.begin(), times.end());
    for (const auto& [name, file] : state.files) {
      key += name;
      Put(&key, file.version);
      Put(&key, std::lower_bound(times.begin(), times.end(), file.mtime) -
                    times.begin());
    }
    return key;
  }

  static std::string ProcessesKey(const State& state) {
    std::string key;
    const auto put = [&](std::int64_t number) { Put(&key, number); };
    for (const Process& process : state.processes) {
      put(static_cast<int>(process.life));
      if (IsOver(process)) continue;
      key += std::to_string(process.digest);
      key.push_back('\n');
    }
    put(state.holder);
    put(state.newest);
    put(state.kills_left);
    put(state.faults_left);
    return key;
  }

  const std::vector<Program> programs_;
  std::unordered_set<std::string> seen_;
  std::unordered_set<std::string> checked_;
  std::unordered_set<std::string> ended_;
};

}  // namespace fastckpt::internal::model
