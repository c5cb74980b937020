// Object graphs made at random: read as they were written, and edited as a
// plain model of the edit has it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fastckpt/proto/object_graph.h"
#include "testing/hex.h"
#include "testing/random.h"
#include "testing/refusal.h"
#include "testing/wire.h"

namespace fastckpt::internal::object_graph_model_test {
namespace {

using ::testing::HasSubstr;

// The graph, with texts that the test owns.
struct Child {
  std::int32_t node;
  std::string name;
};
struct Value {
  std::string name, full_name, key;
};
struct Slot {
  std::int32_t variable;
  std::string name;
  std::int32_t slot;
};
struct Node {
  std::vector<Child> children;
  std::vector<Value> values;
  std::vector<Slot> slots;
  std::string unknown;  // fields that nobody here knows
};
using Graph = std::vector<Node>;

std::uint64_t AsVarint(std::int32_t value) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}

std::string PlainNode(const Node& node) {
  Wire wire;
  for (const Child& child : node.children) {
    Wire inner;
    inner.Optional(1, AsVarint(child.node)).Bytes(2, child.name);
    wire.Bytes(1, inner.bytes());
  }
  for (const Value& value : node.values) {
    Wire inner;
    inner.Bytes(1, value.name).Bytes(2, value.full_name).Bytes(3, value.key);
    wire.Bytes(2, inner.bytes());
  }
  for (const Slot& slot : node.slots) {
    Wire inner;
    inner.Optional(1, AsVarint(slot.variable)).Bytes(2, slot.name);
    wire.Bytes(3, inner.Optional(3, AsVarint(slot.slot)).bytes());
  }
  return wire.bytes() + node.unknown;
}

std::string PlainGraph(const Graph& graph) {
  Wire wire;
  for (const Node& node : graph) wire.Bytes(1, PlainNode(node));
  return wire.bytes();
}

Graph AnyGraph(Random* random) {
  Graph graph(1 + random->Below(6));
  const auto any_node = [&] {
    return static_cast<std::int32_t>(random->Below(graph.size()));
  };
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (std::uint64_t count = random->Below(3); count > 0; --count) {
      graph[i].children.push_back({any_node(), random->Word(4)});
    }
    for (std::uint64_t count = random->Below(3); count > 0; --count) {
      graph[i].values.push_back(
          {"V", random->Word(4), "key" + std::to_string(random->Below(6))});
    }
    for (std::uint64_t count = random->Below(3); count > 0; --count) {
      graph[i].slots.push_back({any_node(), random->Word(4), any_node()});
    }
    if (random->OneIn(2)) {
      Wire unknown;
      unknown.Varint(40, 1).Group(41, Wire().Bytes(1, "x")).Fixed64(42, 7);
      graph[i].unknown = unknown.bytes();
    }
  }
  return graph;
}

TEST(ObjectGraphModel, GraphsAreReadAsTheyWereWritten) {
  Random random(20);
  for (int i = 0; i < 500; ++i) {
    const Graph graph = AnyGraph(&random);
    const std::string bytes = PlainGraph(graph);
    const ObjectGraph parsed = ParseObjectGraph(AsBytes(bytes));
    ASSERT_EQ(parsed.nodes.size(), graph.size());
    for (std::size_t n = 0; n < graph.size(); ++n) {
      ASSERT_EQ(parsed.nodes[n].children.size(), graph[n].children.size());
      for (std::size_t c = 0; c < graph[n].children.size(); ++c) {
        EXPECT_EQ(parsed.nodes[n].children[c].node, graph[n].children[c].node);
        EXPECT_EQ(parsed.nodes[n].children[c].name, graph[n].children[c].name);
      }
      ASSERT_EQ(parsed.nodes[n].values.size(), graph[n].values.size());
      for (std::size_t v = 0; v < graph[n].values.size(); ++v) {
        EXPECT_EQ(parsed.nodes[n].values[v].full_name,
                  graph[n].values[v].full_name);
        EXPECT_EQ(parsed.nodes[n].values[v].key, graph[n].values[v].key);
      }
      ASSERT_EQ(parsed.nodes[n].slots.size(), graph[n].slots.size());
      for (std::size_t s = 0; s < graph[n].slots.size(); ++s) {
        EXPECT_EQ(parsed.nodes[n].slots[s].variable,
                  graph[n].slots[s].variable);
        EXPECT_EQ(parsed.nodes[n].slots[s].slot, graph[n].slots[s].slot);
      }
    }
  }
}

TEST(ObjectGraphModel, AnEditOfNothingGivesTheSameBytes) {
  Random random(21);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = PlainGraph(AnyGraph(&random));
    EXPECT_EQ(EditObjectGraph(AsBytes(bytes), {}), bytes);
  }
}

ObjectGraphEdit AnyEdit(const Graph& graph, Random* random) {
  ObjectGraphEdit edit;
  for (int key = 0; key < 6; ++key) {
    const std::string name = "key" + std::to_string(key);
    if (random->OneIn(3)) edit.keys[name] = "new/" + name;
    if (random->OneIn(3)) edit.keys[name] = std::nullopt;
  }
  for (std::size_t n = 0; n < graph.size(); ++n) {
    for (std::size_t c = 0; c < graph[n].children.size(); ++c) {
      if (random->OneIn(3)) edit.cut.insert({n, c});
    }
  }
  return edit;
}

bool IsLeftOut(const Value& value, const ObjectGraphEdit& edit) {
  const auto found = edit.keys.find(value.key);
  return found != edit.keys.end() && !found->second;
}

// Values that are left out go, with them the slots of nodes that had some and
// keep none; references that are cut go; other keys get their new name.
Graph Edited(const Graph& graph, const ObjectGraphEdit& edit) {
  Graph edited(graph.size());
  for (std::size_t n = 0; n < graph.size(); ++n) {
    edited[n].unknown = graph[n].unknown;
    for (std::size_t c = 0; c < graph[n].children.size(); ++c) {
      if (edit.cut.contains({n, c})) continue;
      edited[n].children.push_back(graph[n].children[c]);
    }
    for (Value value : graph[n].values) {
      if (IsLeftOut(value, edit)) continue;
      const auto found = edit.keys.find(value.key);
      if (found != edit.keys.end()) value.key = *found->second;
      edited[n].values.push_back(value);
    }
    for (const Slot& slot : graph[n].slots) {
      const auto& values = graph[static_cast<std::size_t>(slot.slot)].values;
      const bool is_empty = std::all_of(
          values.begin(), values.end(),
          [&](const Value& value) { return IsLeftOut(value, edit); });
      if (values.empty() || !is_empty) edited[n].slots.push_back(slot);
    }
  }
  return edited;
}

TEST(ObjectGraphModel, EditsAreThoseOfThePlainModel) {
  Random random(22);
  for (int i = 0; i < 1000; ++i) {
    const Graph graph = AnyGraph(&random);
    const ObjectGraphEdit edit = AnyEdit(graph, &random);
    EXPECT_EQ(ToHex(AsBytes(EditObjectGraph(AsBytes(PlainGraph(graph)), edit))),
              ToHex(AsBytes(PlainGraph(Edited(graph, edit)))));
  }
}

TEST(ObjectGraphModel, AnEditDoneTwiceFindsNothingToDo) {
  Random random(23);
  for (int i = 0; i < 200; ++i) {
    const Graph graph = AnyGraph(&random);
    ObjectGraphEdit edit = AnyEdit(graph, &random);
    edit.cut.clear();  // numbers of children change when one goes
    const std::string once = EditObjectGraph(AsBytes(PlainGraph(graph)), edit);
    EXPECT_EQ(EditObjectGraph(AsBytes(once), edit), once);
  }
}

TEST(ObjectGraphModel, EachKindOfReferenceIsCheckedAtBothEnds) {
  for (const std::int32_t node : {-1, 2, INT32_MAX, INT32_MIN}) {
    for (int kind = 0; kind < 3; ++kind) {
      Graph graph(2);
      if (kind == 0) graph[1].children.push_back({node, "a"});
      if (kind == 1) graph[0].slots.push_back({node, "m", 1});
      if (kind == 2) graph[0].slots.push_back({1, "m", node});
      EXPECT_THAT(
          CorruptionOf([&] { ParseObjectGraph(AsBytes(PlainGraph(graph))); }),
          HasSubstr("refers to object " + std::to_string(node) + " of 2"))
          << kind;
    }
  }
}

TEST(ObjectGraphModel, AReferenceMayPointForwardToTheLastNode) {
  Graph graph(3);
  graph[0].children.push_back({2, "a"});
  graph[1].slots.push_back({2, "m", 2});
  const std::string bytes = PlainGraph(graph);
  EXPECT_EQ(ParseObjectGraph(AsBytes(bytes)).nodes.size(), 3u);
}

TEST(ObjectGraphModel, FlippedBitsAreAnotherGraphOrRefused) {
  Random random(24);
  const std::string bytes = PlainGraph(AnyGraph(&random));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1u << bit % 8);
    try {
      const ObjectGraph graph = ParseObjectGraph(AsBytes(flipped));
      EXPECT_LE(graph.nodes.size(), bytes.size());
      EXPECT_EQ(EditObjectGraph(AsBytes(flipped), {}), flipped);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption) << bit;
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::object_graph_model_test
