// Object graph: how the objects of a TensorFlow 2 program hold each other, and
// under which keys their values are stored.
//
// The checkpoint has it as the string tensor _CHECKPOINTABLE_OBJECT_GRAPH. The
// program finds its values through it alone, so whoever renames tensors or
// leaves some out has to change it, too. What is not changed is passed on byte
// for byte, fields that nobody here knows among it.
//
// Source: tensorflow/core/protobuf/trackable_object_graph.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

// Texts are views into the message.

// ObjectReference: that an object holds another.
struct HeldObject {
  std::int32_t node = 0;
  std::string_view name;
};

// SerializedTensor: a value of an object, such as VARIABLE_VALUE.
struct ObjectValue {
  std::string_view name;
  std::string_view full_name;
  std::string_view key;
};

// SlotVariableReference: that an optimizer keeps a variable for another.
struct SlotVariable {
  std::int32_t variable = 0;
  std::string_view name;
  std::int32_t slot = 0;
};

// TrackableObject.
struct ObjectNode {
  std::vector<HeldObject> children;
  std::vector<ObjectValue> values;
  std::vector<SlotVariable> slots;
};

// TrackableObjectGraph; the first node is the root.
struct ObjectGraph {
  std::vector<ObjectNode> nodes;
};

// What is to change in an object graph.
struct ObjectGraphEdit {
  // For keys their new ones, or none where the value is left out.
  std::map<std::string, std::optional<std::string>, std::less<>> keys;
  // References that go: {number of the node, number among its children}.
  std::set<std::pair<std::size_t, std::size_t>> cut;
};

// Throws Corruption, also where an object refers to one that is not there, and
// Unsupported for a message that would take far more memory than it has bytes.
ObjectGraph ParseObjectGraph(ByteView bytes);

// The graph with some of it changed. Nodes stay, so that their numbers do; slot
// variables whose node keeps no value are forgotten. Throws as
// ParseObjectGraph, and Invalid for a reference to cut that is not there.
std::string EditObjectGraph(ByteView bytes, const ObjectGraphEdit& edit);

}  // namespace fastckpt::internal
