#include "fastckpt/proto/object_graph.h"

#include "fastckpt/base/error.h"
#include "fastckpt/proto/fields.h"
#include "fastckpt/proto/slice_message.h"

namespace fastckpt::internal {
namespace {

// Numbers of fields; tests compare them with TensorFlow's descriptor.
constexpr std::uint32_t kNodes = 1;          // of TrackableObjectGraph
constexpr std::uint32_t kChildren = 1;       // of TrackableObject
constexpr std::uint32_t kAttributes = 2;     // of TrackableObject
constexpr std::uint32_t kSlots = 3;          // of TrackableObject
constexpr std::uint32_t kCheckpointKey = 3;  // of SerializedTensor

// A reference with a name of one letter takes nine bytes and grows by 2.7, a
// node with two of them by less than 6. Only nodes without anything grow more.
constexpr std::size_t kGrowth = 8;

HeldObject ParseHeldObject(ByteView bytes) {
  HeldObject held;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kVarint)) {
      held.node = ToInt32(field.number_value, "node_id");
    } else if (field.Is(2, WireType::kBytes)) {
      held.name = AsText(field.bytes);
    }
  }
  return held;
}

ObjectValue ParseObjectValue(ByteView bytes) {
  ObjectValue value;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kBytes)) {
      value.name = AsText(field.bytes);
    } else if (field.Is(2, WireType::kBytes)) {
      value.full_name = AsText(field.bytes);
    } else if (field.Is(kCheckpointKey, WireType::kBytes)) {
      value.key = AsText(field.bytes);
    }
  }
  return value;
}

SlotVariable ParseSlotVariable(ByteView bytes) {
  SlotVariable slot;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kVarint)) {
      slot.variable = ToInt32(field.number_value, "original_variable_node_id");
    } else if (field.Is(2, WireType::kBytes)) {
      slot.name = AsText(field.bytes);
    } else if (field.Is(3, WireType::kVarint)) {
      slot.slot = ToInt32(field.number_value, "slot_variable_node_id");
    }
  }
  return slot;
}

template <typename Item>
void Append(const Item& item, MessageBudget* budget, std::vector<Item>* items) {
  budget->Spend(sizeof item);
  items->push_back(item);
}

ObjectNode ParseNode(ByteView bytes, MessageBudget* budget) {
  ObjectNode node;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(kChildren, WireType::kBytes)) {
      Append(ParseHeldObject(field.bytes), budget, &node.children);
    } else if (field.Is(kAttributes, WireType::kBytes)) {
      Append(ParseObjectValue(field.bytes), budget, &node.values);
    } else if (field.Is(kSlots, WireType::kBytes)) {
      Append(ParseSlotVariable(field.bytes), budget, &node.slots);
    }
  }
  return node;
}

void CheckReference(std::int32_t node, std::size_t count) {
  if (node < 0 || static_cast<std::size_t>(node) >= count) {
    ThrowCorruption("the object graph refers to object " +
                    std::to_string(node) + " of " + std::to_string(count));
  }
}

void CheckReferences(const ObjectGraph& graph) {
  const std::size_t count = graph.nodes.size();
  for (const ObjectNode& node : graph.nodes) {
    for (const HeldObject& held : node.children) {
      CheckReference(held.node, count);
    }
    for (const SlotVariable& slot : node.slots) {
      CheckReference(slot.variable, count);
      CheckReference(slot.slot, count);
    }
  }
}

// Writes a graph anew: field by field, each as it stood or else changed.
class Editor {
 public:
  Editor(const ObjectGraph& graph, const ObjectGraphEdit& edit)
      : graph_(graph), edit_(edit) {
    for (const auto& [node, child] : edit.cut) {
      if (node >= graph.nodes.size() ||
          child >= graph.nodes[node].children.size()) {
        ThrowInvalid("the object graph has no reference " +
                     std::to_string(child) + " of object " +
                     std::to_string(node));
      }
    }
  }

  std::string EditGraph(ByteView bytes) const {
    std::size_t node = 0;
    return CopyFields(bytes, [&](const Field& field, std::string* out) {
      if (!field.Is(kNodes, WireType::kBytes)) return false;
      const std::string edited = EditNode(field.bytes, node++);
      if (edited == AsText(field.bytes)) return false;
      PutBytesField(out, kNodes, edited);
      return true;
    });
  }

 private:
  // Copies a message; `replace` says of a field whether it has put something,
  // or nothing, in its place.
  template <typename Replace>
  static std::string CopyFields(ByteView bytes, Replace&& replace) {
    std::string out;
    FieldReader reader(bytes);
    std::size_t begin = 0;
    for (Field field; reader.NextOrGroup(&field); begin = reader.position()) {
      if (replace(field, &out)) continue;
      out += AsText(bytes.subspan(begin, reader.position() - begin));
    }
    return out;
  }

  std::string EditNode(ByteView bytes, std::size_t node) const {
    std::size_t child = 0;
    return CopyFields(bytes, [&](const Field& field, std::string* out) {
      if (field.Is(kChildren, WireType::kBytes)) {
        return edit_.cut.contains({node, child++});
      }
      if (field.Is(kAttributes, WireType::kBytes)) {
        return EditValue(field.bytes, out);
      }
      return field.Is(kSlots, WireType::kBytes) && IsForgotten(field.bytes);
    });
  }

  bool EditValue(ByteView bytes, std::string* out) const {
    const std::string_view key = ParseObjectValue(bytes).key;
    const auto found = edit_.keys.find(key);
    if (found == edit_.keys.end() || found->second == key) return false;
    if (found->second)
      PutBytesField(out, kAttributes, Rekey(bytes, *found->second));
    return true;
  }

  // The last key counts, so there is no need for others.
  static std::string Rekey(ByteView bytes, std::string_view key) {
    std::string out = CopyFields(bytes, [](const Field& field, std::string*) {
      return field.Is(kCheckpointKey, WireType::kBytes);
    });
    PutBytesField(&out, kCheckpointKey, key);
    return out;
  }

  // A slot variable that had values and keeps none.
  bool IsForgotten(ByteView bytes) const {
    const std::int32_t slot = ParseSlotVariable(bytes).slot;
    const ObjectNode& node = graph_.nodes[static_cast<std::size_t>(slot)];
    for (const ObjectValue& value : node.values) {
      const auto found = edit_.keys.find(value.key);
      if (found == edit_.keys.end() || found->second) return false;
    }
    return !node.values.empty();
  }

  const ObjectGraph& graph_;
  const ObjectGraphEdit& edit_;
};

}  // namespace

ObjectGraph ParseObjectGraph(ByteView bytes) {
  ObjectGraph graph;
  MessageBudget budget(bytes, kGrowth);
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(kNodes, WireType::kBytes)) {
      Append(ObjectNode(), &budget, &graph.nodes);
      graph.nodes.back() = ParseNode(field.bytes, &budget);
    }
  }
  CheckReferences(graph);
  return graph;
}

std::string EditObjectGraph(ByteView bytes, const ObjectGraphEdit& edit) {
  const ObjectGraph graph = ParseObjectGraph(bytes);
  return Editor(graph, edit).EditGraph(bytes);
}

}  // namespace fastckpt::internal
