#include "fastckpt/proto/object_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fastckpt/proto/fields.h"
#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::object_graph_test {
namespace {

using ::testing::HasSubstr;

std::string Message(std::uint32_t number, std::string_view bytes) {
  std::string out;
  PutBytesField(&out, number, bytes);
  return out;
}

std::string Number(std::uint32_t number, std::uint64_t value) {
  std::string out;
  PutVarintField(&out, number, value);
  return out;
}

std::string Node(const std::string& fields) { return Message(1, fields); }

std::string Child(std::uint64_t node, const std::string& name) {
  return Message(1, Number(1, node) + Message(2, name));
}

std::string Value(const std::string& key) {
  return Message(2, Message(1, "VALUE") + Message(2, "full") + Message(3, key));
}

std::string Slot(std::uint64_t variable, std::uint64_t slot) {
  return Message(3, Number(1, variable) + Message(2, "m") + Number(3, slot));
}

// A root that holds a variable "a" and an optimizer with a slot for it.
std::string SmallGraph() {
  return Node(Child(1, "a") + Child(2, "optimizer")) + Node(Value("a/key")) +
         Node(Child(3, "step") + Slot(1, 4)) + Node(Value("step/key")) +
         Node(Value("m/key"));
}

std::string Edit(const std::string& graph, const ObjectGraphEdit& edit) {
  return EditObjectGraph(AsBytes(graph), edit);
}

std::string RefusalOf(const std::string& graph) {
  return CorruptionOf([&] { ParseObjectGraph(AsBytes(graph)); });
}

TEST(ObjectGraph, ObjectsHaveChildrenValuesAndSlots) {
  const std::string bytes = SmallGraph();
  const ObjectGraph graph = ParseObjectGraph(AsBytes(bytes));
  ASSERT_EQ(graph.nodes.size(), 5u);
  EXPECT_EQ(graph.nodes[0].children[1].node, 2);
  EXPECT_EQ(graph.nodes[0].children[1].name, "optimizer");
  EXPECT_EQ(graph.nodes[1].values[0].name, "VALUE");
  EXPECT_EQ(graph.nodes[1].values[0].full_name, "full");
  EXPECT_EQ(graph.nodes[1].values[0].key, "a/key");
  EXPECT_EQ(graph.nodes[2].slots[0].variable, 1);
  EXPECT_EQ(graph.nodes[2].slots[0].name, "m");
  EXPECT_EQ(graph.nodes[2].slots[0].slot, 4);
}

TEST(ObjectGraph, NothingIsAGraphWithoutObjects) {
  EXPECT_TRUE(ParseObjectGraph({}).nodes.empty());
  EXPECT_EQ(Edit("", {}), "");
}

TEST(ObjectGraph, ReferencesToWhatIsNotThereAreDamage) {
  for (const std::uint64_t node :
       {std::uint64_t{1}, std::uint64_t{1} << 30, ~std::uint64_t{0}}) {
    EXPECT_THAT(RefusalOf(Node(Child(node, "a"))),
                HasSubstr("refers to object"));
    EXPECT_THAT(RefusalOf(Node(Slot(node, 0))), HasSubstr("refers to object"));
    EXPECT_THAT(RefusalOf(Node(Slot(0, node))), HasSubstr("refers to object"));
  }
  EXPECT_THAT(RefusalOf(Node(Child(std::uint64_t{1} << 32, "a"))),
              HasSubstr("does not fit 32 bits"));
}

TEST(ObjectGraph, EveryCutIsDamageOrASmallerGraph) {
  const std::string whole = SmallGraph();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    try {
      EXPECT_LT(ParseObjectGraph(AsBytes(cut)).nodes.size(), 5u);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    }
  }
}

TEST(ObjectGraph, FarMorePartsThanBytesAreRefused) {
  std::string many;
  for (int i = 0; i < 500000; ++i) many += std::string("\x0a\x00", 2);
  EXPECT_THAT(UnsupportedOf([&] { ParseObjectGraph(AsBytes(many)); }),
              HasSubstr("than its bytes explain"));
}

TEST(ObjectGraph, WhatIsNotChangedStaysByteForByte) {
  // Padded varints, unknown fields, groups, fields of other wire types.
  const std::string odd = Node(FromHex("0a 8280 8000 0800") + Value("k") +
                               FromHex("2a02 0801 f3ff03 0801 f4ff03 1800")) +
                          FromHex("1801") + Node("");
  EXPECT_EQ(Edit(odd, {}), odd);
  EXPECT_EQ(Edit(odd, {{{"k", "k"}, {"other", std::nullopt}}, {}}), odd);
}

TEST(ObjectGraph, KeysAreRenamedAndAllElseStays) {
  const std::string unknown = FromHex("f3ff03 0801 f4ff03 2a02 0801");
  const auto graph = [&](const std::string& key) {
    return Node(unknown + Value(key) + unknown) + Node(Value("b"));
  };
  EXPECT_EQ(Edit(graph("a"), {{{"a", "longer/a"}}, {}}), graph("longer/a"));
}

TEST(ObjectGraph, TheLastKeyCountsAndIsTheOnlyOneLeft) {
  const std::string before =
      Node(Message(2, Message(3, "x") + FromHex("2007") + Message(3, "a")));
  const std::string after = Node(Message(2, FromHex("2007") + Message(3, "b")));
  EXPECT_EQ(Edit(before, {{{"x", "y"}}, {}}), before);
  EXPECT_EQ(Edit(before, {{{"a", "b"}}, {}}), after);
}

TEST(ObjectGraph, ValuesGoAndTheirObjectsStay) {
  const std::string edited =
      Edit(SmallGraph(), {{{"a/key", std::nullopt}}, {}});
  const ObjectGraph graph = ParseObjectGraph(AsBytes(edited));
  ASSERT_EQ(graph.nodes.size(), 5u);
  EXPECT_TRUE(graph.nodes[1].values.empty());
  EXPECT_EQ(graph.nodes[2].slots.size(), 1u);
  EXPECT_EQ(graph.nodes[3].values[0].key, "step/key");
}

TEST(ObjectGraph, SlotsWithoutAValueAreForgotten) {
  const std::string edited =
      Edit(SmallGraph(), {{{"m/key", std::nullopt}}, {}});
  const ObjectGraph graph = ParseObjectGraph(AsBytes(edited));
  EXPECT_TRUE(graph.nodes[2].slots.empty());
  EXPECT_EQ(graph.nodes[2].children.size(), 1u);
}

TEST(ObjectGraph, ReferencesAreCut) {
  const std::string edited = Edit(SmallGraph(), {{}, {{0, 1}, {2, 0}}});
  const ObjectGraph graph = ParseObjectGraph(AsBytes(edited));
  ASSERT_EQ(graph.nodes[0].children.size(), 1u);
  EXPECT_EQ(graph.nodes[0].children[0].name, "a");
  EXPECT_TRUE(graph.nodes[2].children.empty());
}

TEST(ObjectGraph, AReferenceToCutMustBeThere) {
  for (const std::pair<std::size_t, std::size_t> cut :
       {std::pair{5, 0}, {0, 2}}) {
    EXPECT_THAT(Refusal(ErrorKind::kInvalid,
                        [&] {
                          Edit(SmallGraph(), {{}, {cut}});
                        }),
                HasSubstr("has no reference"));
  }
}

}  // namespace
}  // namespace fastckpt::internal::object_graph_test
