#include "string_read.h"

#include "fastckpt/read/fetch_ahead.h"
#include "numpy_view.h"
#include "signals.h"

namespace py = pybind11;
using py::literals::operator""_a;

namespace fastckpt::internal {
namespace {

std::vector<std::vector<StringPiece>> FindStrings(
    CheckRule rule, const CheckpointReader& checkpoint,
    const std::vector<std::size_t>& slots) {
  return Interruptible([&](const Interrupt& interrupted) {
    std::vector<std::vector<StringPiece>> found(slots.size());
    const auto read = [&](std::size_t i) {
      found[i] = checkpoint.Strings(slots[i], rule);
    };
    const auto read_some = [&](std::size_t begin, std::size_t end) {
      const auto one = [&](std::size_t i) { read(begin + i); };
      return ParallelFor(end - begin, 1, one, interrupted);
    };
    const TensorSource& source = checkpoint.source();
    if (source.fetcher() == nullptr) {
      if (!read_some(0, slots.size())) throw Interrupted{};
      return found;
    }
    RunOptions options;
    options.interrupted = interrupted;
    const auto ranges_of = [&](std::size_t i) {
      return source.ReadRanges(slots[i], nullptr, CheckRule::kAlways);
    };
    const auto read_fetched = [&](std::size_t begin, std::size_t end,
                                  const FetchedRanges& fetched) {
      const FetchedRanges::Scope scope(&fetched);
      return read_some(begin, end);
    };
    const Ahead ahead{slots.size(), ranges_of, /*is_lenient=*/true,
                      /*is_unchecked=*/rule == CheckRule::kNever};
    if (!WithRanges(*source.fetcher(), ahead, options, read_fetched)) {
      throw Interrupted{};
    }
    return found;
  });
}

// The numbers of the elements of array[region], an array of no dimension too.
py::object PlacesOf(Dims dims, py::handle region) {
  const auto numpy = py::module_::import("numpy");
  const auto count = py::int_(ElementCount(dims));
  const py::object all = numpy.attr("arange")(count, "dtype"_a = "int64")
                             .attr("reshape")(DimsToPython(dims));
  return numpy.attr("array")(py::object(all[region]), "int64", "order"_a = "C");
}

// Strings are found by all of their sizes, whatever of them is asked for.
CheckRule RegionRule(const CheckpointReader& checkpoint, std::size_t slot,
                     const ParsedRegion& parsed, std::optional<bool> check) {
  const CheckRule rule = checkpoint.RuleOf(check);
  const Dims dims = checkpoint.source().DimsOf(slot);
  const bool is_whole = !parsed.list_axis && IsWhole(parsed.region, dims);
  if (is_whole && rule == CheckRule::kOnce) return CheckRule::kAlways;
  // All of it is fetched, whatever is asked for.
  if (rule == CheckRule::kWhole && checkpoint.source().fetcher()) return rule;
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
  const auto pieces = FindStrings(rule, checkpoint, slots);
  py::list arrays;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    arrays.append(MakeStringArray(
        pieces[i], checkpoint.source().DimsOf(slots[i]), is_writable));
  }
  return arrays;
}

py::object ReadStringRegion(const CheckpointReader& checkpoint,
                            std::size_t slot, const ParsedRegion& parsed,
                            py::handle region, std::optional<bool> check) {
  const CheckRule rule = RegionRule(checkpoint, slot, parsed, check);
  const auto pieces = FindStrings(rule, checkpoint, {slot});
  const Dims dims = checkpoint.source().DimsOf(slot);
  if (region.is_none()) return MakeStringArray(pieces[0], dims, true);
  return MakeStringsAt(pieces[0], dims, PlacesOf(dims, region));
}

}  // namespace fastckpt::internal
