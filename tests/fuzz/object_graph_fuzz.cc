// Input: an object graph. Edits what is one, and reads what came out.
#include "fastckpt/base/error.h"
#include "fastckpt/proto/object_graph.h"
#include "fuzz_target.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fastckpt::internal;
  if (size > kMaxFuzzInput) return 0;
  try {
    const ObjectGraph graph = ParseObjectGraph({data, size});
    ObjectGraphEdit edit;
    Require(EditObjectGraph({data, size}, edit) == AsText({data, size}),
            "a graph without changes is the same bytes");
    for (const ObjectNode& node : graph.nodes) {
      for (const ObjectValue& value : node.values) {
        const std::string key(value.key);
        if (key.size() % 2 == 0) edit.keys[key] = std::nullopt;
        if (key.size() % 3 == 0) edit.keys[key] = key + "x";
      }
    }
    const std::string edited = EditObjectGraph({data, size}, edit);
    Require(
        ParseObjectGraph(AsBytes(edited)).nodes.size() == graph.nodes.size(),
        "all objects stay");
  } catch (const fastckpt::Error&) {
  }
  return 0;
}
