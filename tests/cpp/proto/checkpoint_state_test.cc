#include "fastckpt/proto/checkpoint_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "testing/refusal.h"

namespace fastckpt::internal::checkpoint_state_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(CheckpointStateTest, ReadsWhatTensorFlowWrites) {
  const CheckpointState state = ParseCheckpointState(
      "model_checkpoint_path: \"m-2\"\n"
      "all_model_checkpoint_paths: \"m-1\"\n"
      "all_model_checkpoint_paths: \"m-2\"\n"
      "all_model_checkpoint_timestamps: 1700000000.25\n"
      "all_model_checkpoint_timestamps: 1700000001.5\n"
      "last_preserved_timestamp: 1699999999.0\n");
  EXPECT_EQ(state.model_checkpoint_path, "m-2");
  EXPECT_THAT(state.all_model_checkpoint_paths, ElementsAre("m-1", "m-2"));
  EXPECT_THAT(state.all_model_checkpoint_timestamps,
              ElementsAre(1700000000.25, 1700000001.5));
  EXPECT_EQ(state.last_preserved_timestamp, 1699999999.0);
}

TEST(CheckpointStateTest, TakesListsAndSkipsWhatNobodyKnows) {
  const CheckpointState state = ParseCheckpointState(
      "unknown { a: 1 } all_model_checkpoint_paths: ['a', \"b\"] "
      "all_model_checkpoint_paths: [] model_checkpoint_path: 'x'; "
      "model_checkpoint_path: 'y'");
  EXPECT_EQ(state.model_checkpoint_path, "y");
  EXPECT_THAT(state.all_model_checkpoint_paths, ElementsAre("a", "b"));
  EXPECT_THAT(state.all_model_checkpoint_timestamps, IsEmpty());
}

TEST(CheckpointStateTest, WhatIsNotSetIsEmpty) {
  for (const char* text : {"", "# nothing", "all_model_checkpoint_paths: 'a'",
                           "model_checkpoint_path: ''"}) {
    EXPECT_EQ(ParseCheckpointState(text).model_checkpoint_path, "");
  }
}

TEST(CheckpointStateTest, RefusesZeroBytesInPaths) {
  EXPECT_THAT(CorruptionOf([&] {
                ParseCheckpointState("model_checkpoint_path: 'a\\0b'");
              }),
              HasSubstr("a zero byte"));
}

TEST(CheckpointStateTest, RefusesValuesOfAnotherKind) {
  for (const char* text :
       {"model_checkpoint_path: 5", "model_checkpoint_path: ['a']",
        "model_checkpoint_path 'a'", "last_preserved_timestamp: 'a'",
        "all_model_checkpoint_paths: ['a' 5]"}) {
    EXPECT_THAT(CorruptionOf([&] { ParseCheckpointState(text); }),
                HasSubstr("expected"))
        << text;
  }
}

}  // namespace
}  // namespace fastckpt::internal::checkpoint_state_test
