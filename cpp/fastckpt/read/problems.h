// Problems: what many threads find wrong, in an order that does not depend on
// them.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/read/damage_signs.h"

namespace fastckpt::internal {

// By number; the first of each number is kept. Thread-safety: Add and Catch are
// safe to call from many threads.
class Problems {
 public:
  // Keeps the error unless there is one of that number.
  void Add(std::size_t number, const Error& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    by_number_.emplace(number, error);
  }

  // Runs `work` and keeps the Error that leaves it; true if none did.
  template <typename Work>
  bool Catch(std::size_t number, Work&& work) {
    try {
      std::forward<Work>(work)();
      return true;
    } catch (const Error& error) {
      Add(number, error);
      return false;
    }
  }

  // Null if there is none of that number.
  Error* Find(std::size_t number) {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? nullptr : &found->second;
  }

  // True if nothing was wrong; once all threads have ended.
  bool IsEmpty() const { return by_number_.empty(); }

  // Says what the bytes look like of which the error of that number tells.
  void Note(std::size_t number, const Damage& damage) {
    damages_.insert_or_assign(number, damage);
  }

  // Gives another number what is noted of one, if anything is.
  void NoteToo(std::size_t number, std::size_t of) {
    const auto found = damages_.find(of);
    if (found != damages_.end()) Note(number, Damage(found->second));
  }

  // Appends the errors by their numbers, and what is noted of each; they are
  // gone from here.
  void MoveTo(std::vector<Error>* errors,
              std::vector<std::optional<Damage>>* damages) {
    for (auto& [number, error] : by_number_) {
      errors->push_back(std::move(error));
      const auto found = damages_.find(number);
      damages->push_back(found == damages_.end()
                             ? std::nullopt
                             : std::optional(found->second));
    }
    by_number_.clear();
    damages_.clear();
  }

 private:
  std::mutex mutex_;
  std::map<std::size_t, Error> by_number_;
  std::map<std::size_t, Damage> damages_;
};

}  // namespace fastckpt::internal
