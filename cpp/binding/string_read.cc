#include "string_read.h"

#include "numpy_view.h"
#include "signals.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// array[region] in an array of its own, of no dimension too.
py::object CopyElements(const py::object& array, py::handle region) {
  if (region.is_none()) return array;
  return py::module_::import("numpy").attr("array")(py::object(array[region]),
                                                    "O");
}

py::list ReadBy(CheckRule rule, const CheckpointReader& checkpoint,
                const std::vector<std::size_t>& slots, bool is_writable) {
  const auto pieces = Interruptible([&](const Interrupt& interrupted) {
    std::vector<std::vector<StringPiece>> found(slots.size());
    const auto read = [&](std::size_t i) {
      found[i] = checkpoint.Strings(slots[i], rule);
    };
    if (!ParallelFor(slots.size(), 1, read, interrupted)) throw Interrupted{};
    return found;
  });
  py::list arrays;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    arrays.append(MakeStringArray(
        pieces[i], checkpoint.source().Facts(slots[i]).dims, is_writable));
  }
  return arrays;
}

// Strings are found by all of their sizes, whatever of them is asked for.
CheckRule RegionRule(const CheckpointReader& checkpoint, std::size_t slot,
                     const ParsedRegion& parsed, std::optional<bool> check) {
  const CheckRule rule = checkpoint.RuleOf(check);
  const Dims dims = checkpoint.source().DimsOf(slot);
  const bool is_whole = !parsed.list_axis && IsWhole(parsed.region, dims);
  if (is_whole && rule == CheckRule::kOnce) return CheckRule::kAlways;
  if (!is_whole && rule == CheckRule::kWhole) return CheckRule::kNever;
  return rule;
}

}  // namespace

py::list ReadStrings(const CheckpointReader& checkpoint,
                     const std::vector<std::size_t>& slots, bool is_writable) {
  CheckRule rule = checkpoint.RuleOf({});
  if (rule != CheckRule::kNever) {
    rule = is_writable ? CheckRule::kAlways : CheckRule::kFirst;
  }
  return ReadBy(rule, checkpoint, slots, is_writable);
}

py::object ReadStringRegion(const CheckpointReader& checkpoint,
                            std::size_t slot, const ParsedRegion& parsed,
                            py::handle region, std::optional<bool> check) {
  const CheckRule rule = RegionRule(checkpoint, slot, parsed, check);
  return CopyElements(ReadBy(rule, checkpoint, {slot}, true)[0], region);
}

}  // namespace fastckpt::internal
