#include "fastckpt/proto/checkpoint_state.h"

#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/text_cursor.h"

namespace fastckpt::internal {
namespace {

// Takes one value, or a list of them in brackets.
template <typename Value, typename TakeOne>
void TakeRepeated(TextCursor* cursor, std::vector<Value>* values,
                  TakeOne&& take) {
  if (!cursor->TryTake("[")) {
    values->push_back(take());
  } else if (!cursor->TryTake("]")) {
    values->push_back(take());
    while (!cursor->TryTake("]")) {
      cursor->Take(",");
      values->push_back(take());
    }
  }
}

void TakeField(TextCursor* cursor, CheckpointState* state) {
  const std::string_view name = cursor->TakeName();
  const auto text = [&] { return cursor->TakeString(); };
  const auto number = [&] { return cursor->TakeNumber(); };
  if (name == "model_checkpoint_path") {
    cursor->Take(":");
    state->model_checkpoint_path = text();
  } else if (name == "all_model_checkpoint_paths") {
    cursor->Take(":");
    TakeRepeated(cursor, &state->all_model_checkpoint_paths, text);
  } else if (name == "all_model_checkpoint_timestamps") {
    cursor->Take(":");
    TakeRepeated(cursor, &state->all_model_checkpoint_timestamps, number);
  } else if (name == "last_preserved_timestamp") {
    cursor->Take(":");
    state->last_preserved_timestamp = number();
  } else {
    cursor->SkipContents();
  }
}

void CheckPath(const std::string& path) {
  if (path.find('\0') != std::string::npos) {
    ThrowCorruption("a path holds a zero byte");
  }
}

}  // namespace

CheckpointState ParseCheckpointState(std::string_view text) {
  CheckpointState state;
  TextCursor cursor(text);
  while (!cursor.AtEnd()) {
    TakeField(&cursor, &state);
    cursor.TakeSeparator();
  }
  CheckPath(state.model_checkpoint_path);
  for (const std::string& path : state.all_model_checkpoint_paths) {
    CheckPath(path);
  }
  return state;
}

}  // namespace fastckpt::internal
