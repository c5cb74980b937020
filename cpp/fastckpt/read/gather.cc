#include "fastckpt/read/gather.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fastckpt/read/region_copy.h"
#include "fastckpt/read/scattered_runs.h"

namespace fastckpt::internal {
namespace {

// The ranges of the axis that hold indices, none of them across the border of a
// slice: a slice has all of a range or nothing.
std::vector<Region> RangesOf(const TensorSource& source,
                             const GatherRequest& request) {
  const std::vector<SliceSpec> slices = source.Slices(request.slot);
  if (slices.empty()) {
    const auto [low, high] =
        std::minmax_element(request.ids.begin(), request.ids.end());
    Region range = request.region;
    range[request.axis] = {*low, *high - *low + 1, 1};
    return {std::move(range)};
  }
  std::vector<std::int64_t> sorted = request.ids;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int64_t> borders;
  const Dims dims = source.DimsOf(request.slot);
  for (const Box& box : ResolveSlices(slices, dims)) {
    borders.push_back(box.begin[request.axis]);
    borders.push_back(box.begin[request.axis] + box.extent[request.axis]);
  }
  std::sort(borders.begin(), borders.end());
  std::vector<Region> ranges;
  auto from = sorted.begin();
  while (from != sorted.end()) {
    const auto border = std::upper_bound(borders.begin(), borders.end(), *from);
    const auto to = border == borders.end()
                        ? sorted.end()
                        : std::lower_bound(from, sorted.end(), *border);
    Region& range = ranges.emplace_back(request.region);
    range[request.axis] = {*from, *(to - 1) - *from + 1, 1};
    from = to;
  }
  return ranges;
}

bool IsSamePlace(const Piece& a, const Piece& b) {
  return a.box.begin == b.box.begin && a.box.extent == b.box.extent;
}

// The pieces that hold something of what is asked for, each once.
std::vector<Piece> FindPieces(const TensorSource& source,
                              const GatherRequest& request, bool check) {
  std::vector<Piece> pieces;
  SeenFiles seen;
  for (const Region& range : RangesOf(source, request)) {
    std::vector<Piece> found;
    AppendPieces(source, {request.slot, &range}, check, &seen, &found);
    for (Piece& piece : found) {
      const auto same = [&](const Piece& it) { return IsSamePlace(it, piece); };
      if (std::none_of(pieces.begin(), pieces.end(), same)) {
        pieces.push_back(std::move(piece));
      }
    }
  }
  return pieces;
}

// Where the elements of one piece are, and where they go; nothing if there are
// none.
std::optional<ScatteredRuns> MakeRuns(const Piece& piece, Dims dims,
                                      const GatherRequest& request,
                                      const Layout& layout) {
  const Box box = piece.box.extent.empty() ? WholeBox(dims) : piece.box;
  const std::vector<std::int64_t> strides =
      ContiguousStrides(box.extent, layout.item_size);
  ScatteredRuns runs(piece, request.destination.base, layout);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::int64_t to = request.destination.strides[i];
    if (i == request.axis) {
      std::vector<ScatteredRuns::Hit> hits;
      for (std::size_t at = 0; at < request.ids.size(); ++at) {
        const std::int64_t inside = request.ids[at] - box.begin[i];
        if (inside < 0 || inside >= box.extent[i]) continue;
        hits.push_back(
            {inside * strides[i], static_cast<std::int64_t>(at) * to});
      }
      if (hits.empty()) return std::nullopt;
      runs.AddHits(std::move(hits));
      continue;
    }
    const RegionDim& dim = request.region[i];
    const IndexRange part = IndicesInside(dim, box.begin[i], box.extent[i]);
    if (part.count <= 0) return std::nullopt;
    const std::int64_t first = dim.start + part.first * dim.step - box.begin[i];
    runs.Skip(first * strides[i], part.first * to);
    runs.AddDim(part.count, dim.step * strides[i], to);
  }
  runs.Finish();
  return runs;
}

}  // namespace

void CheckGathered(const TensorSource& source, const GatherRequest& request,
                   CheckRule rule, const RunOptions& options) {
  // A source that decodes checks what it decodes; parts are not checked where
  // only what is read in full is.
  if (rule == CheckRule::kNever || rule == CheckRule::kWhole) return;
  if (source.DecodesPieces() || RegionCount(request.region) == 0) return;
  const std::vector<Region> ranges = RangesOf(source, request);
  std::vector<WantedRegion> wanted;
  for (const Region& range : ranges) wanted.push_back({request.slot, &range});
  RunOptions quiet = options;
  quiet.progress = nullptr;
  CheckRegions(source, wanted, CheckRule::kOnce, quiet);
}

void CopyGathered(const TensorSource& source, const GatherRequest& request,
                  CheckRule rule, const RunOptions& options) {
  if (RegionCount(request.region) == 0) return;
  CheckGathered(source, request, rule, options);
  const std::vector<Piece> pieces =
      FindPieces(source, request, rule != CheckRule::kNever);
  const Layout layout = source.LayoutOf(request.slot);
  const std::vector<std::int64_t> dims = [&] {
    const Dims view = source.DimsOf(request.slot);
    return std::vector<std::int64_t>(view.begin(), view.end());
  }();
  std::vector<ScatteredRuns> all;
  for (const Piece& piece : pieces) {
    auto runs = MakeRuns(piece, dims, request, layout);
    if (runs) all.push_back(std::move(*runs));
  }
  WithName(source, request.slot, [&] { CopyRuns(all, options); });
}

std::vector<ByteRun> FindGatheredRuns(const std::vector<PiecePlace>& places,
                                      const Region& region, std::size_t axis,
                                      const std::vector<std::int64_t>& ids,
                                      std::size_t item_size) {
  std::vector<ByteRun> runs;
  if (RegionCount(region) == 0) return runs;
  const auto add = [&](std::size_t place, const Region& part) {
    for (ByteRun run : FindByteRuns({places[place]}, part, item_size)) {
      run.place = place;
      AppendByteRun(places, run, &runs);
    }
  };
  // The axes before the listed one, index by index, as the region goes.
  const auto walk = [&](std::size_t place) {
    const Box& box = places[place].box;
    Region part = region;
    std::vector<std::int64_t> index(axis, 0);
    while (true) {
      for (std::size_t i = 0; i < axis; ++i) {
        part[i] = {region[i].start + index[i] * region[i].step, 1, 1};
      }
      for (const std::int64_t id : ids) {
        const std::int64_t inside = id - box.begin[axis];
        if (inside < 0 || inside >= box.extent[axis]) continue;
        part[axis] = {id, 1, 1};
        add(place, part);
      }
      std::size_t i = axis;
      while (i > 0 && ++index[i - 1] == region[i - 1].count) index[--i] = 0;
      if (i == 0) return;
    }
  };
  for (std::size_t place = 0; place < places.size(); ++place) walk(place);
  return runs;
}

}  // namespace fastckpt::internal
