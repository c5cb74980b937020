// What a piece of work refuses, and how.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {

// The text of the Error that leaves `work`, which must be of that kind.
template <typename Work>
std::string Refusal(ErrorKind kind, Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind))
        << error.what();
    return error.what();
  }
  return "accepted";
}

template <typename Work>
std::string CorruptionOf(Work&& work) {
  return Refusal(ErrorKind::kCorruption, std::forward<Work>(work));
}

template <typename Work>
std::string UnsupportedOf(Work&& work) {
  return Refusal(ErrorKind::kUnsupported, std::forward<Work>(work));
}

template <typename Work>
std::string SystemErrorOf(Work&& work) {
  return Refusal(ErrorKind::kSystem, std::forward<Work>(work));
}

}  // namespace fastckpt::internal
