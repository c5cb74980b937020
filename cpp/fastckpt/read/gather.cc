#include "fastckpt/read/gather.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fastckpt/read/region_copy.h"
#include "fastckpt/read/remote_runs.h"

namespace fastckpt::internal {
namespace {

Region HullOf(const GatherRequest& request) {
  const auto [low, high] =
      std::minmax_element(request.ids.begin(), request.ids.end());
  Region hull = request.region;
  hull[request.axis] = {*low, *high - *low + 1, 1};
  return hull;
}

}  // namespace

Gather::Gather(const TensorSource& source, const GatherRequest& request,
               CheckRule rule, const RunOptions& options)
    : source_(source), request_(request) {
  if (RegionCount(request.region) == 0) return;
  Region region;
  std::vector<std::int64_t> rising;
  if (source.Slices(request.slot).empty()) {
    region = HullOf(request);
  } else {
    SortIndices();
    for (const Listed& one : order_) {
      if (rising.empty() || rising.back() != one.id) rising.push_back(one.id);
    }
    region = request.region;
    const auto count = static_cast<std::int64_t>(rising.size());
    region[request.axis] = {0, count, 1, rising.data()};
  }
  const WantedRegion wanted{request.slot, &region};
  SeenFiles seen;
  AppendPieces(source, wanted, rule, &seen, &pieces_);
  // A source that decodes has checked what it decoded; parts are not checked
  // where only what is read in full is.
  if (source.DecodesPieces()) return;
  if (rule == CheckRule::kNever || rule == CheckRule::kWhole) return;
  // What is fetched again may be other bytes.
  checks_on_the_way_ = source.fetcher() != nullptr;
  if (checks_on_the_way_) return;
  RunOptions quiet = options;
  quiet.progress = nullptr;
  CheckPieces(source, wanted, pieces_, CheckRule::kOnce, quiet);
}

void Gather::SortIndices() {
  order_.reserve(request_.ids.size());
  for (const std::int64_t id : request_.ids) {
    order_.push_back({id, static_cast<std::int64_t>(order_.size())});
  }
  const auto by_id = [](const Listed& a, const Listed& b) {
    return std::pair(a.id, a.at) < std::pair(b.id, b.at);
  };
  if (!std::is_sorted(order_.begin(), order_.end(), by_id)) {
    std::sort(order_.begin(), order_.end(), by_id);
  }
}

// The indices that lie in [begin, begin + extent), from the first of which a
// step leads to each.
std::vector<ScatteredRuns::Hit> Gather::HitsInside(std::int64_t begin,
                                                   std::int64_t extent,
                                                   Step step) const {
  const auto from =
      std::partition_point(order_.begin(), order_.end(),
                           [&](const Listed& it) { return it.id < begin; });
  std::vector<ScatteredRuns::Hit> hits;
  for (auto it = from; it != order_.end() && it->id < begin + extent; ++it) {
    hits.push_back({(it->id - begin) * step.file, it->at * step.memory});
  }
  return hits;
}

// Where the elements of one piece are, and where they go; nothing if there are
// none.
std::optional<ScatteredRuns> Gather::MakeRuns(
    const Piece& piece, const Destination& destination) const {
  const Dims dims = source_.DimsOf(request_.slot);
  const Layout layout = source_.LayoutOf(request_.slot);
  const Box box = piece.box.extent.empty() ? WholeBox(dims) : piece.box;
  const std::vector<std::int64_t> strides =
      ContiguousStrides(box.extent, layout.item_size);
  ScatteredRuns runs(piece, destination.base, layout);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const Step step{strides[i], destination.strides[i]};
    if (i == request_.axis && order_.empty()) {
      runs.AddIndices(request_.ids, step.file, step.memory);
    } else if (i == request_.axis) {
      auto hits = HitsInside(box.begin[i], box.extent[i], step);
      if (hits.empty()) return std::nullopt;
      runs.AddHits(std::move(hits));
    } else {
      const RegionDim& dim = request_.region[i];
      const IndexRange part = IndicesInside(dim, box.begin[i], box.extent[i]);
      if (part.count <= 0) return std::nullopt;
      const std::int64_t first =
          dim.start + part.first * dim.step - box.begin[i];
      runs.Skip(first * step.file, part.first * step.memory);
      runs.AddDim(part.count, dim.step * step.file, step.memory);
    }
  }
  runs.Finish();
  return runs;
}

void Gather::Copy(const Destination& destination,
                  const RunOptions& options) const {
  std::vector<ScatteredRuns> all;
  for (const Piece& piece : pieces_) {
    auto runs = MakeRuns(piece, destination);
    if (runs) all.push_back(std::move(*runs));
  }
  WithName(source_, request_.slot, [&] {
    if (checks_on_the_way_) {
      return CopyCheckedRuns(all, source_.Name(request_.slot), options);
    }
    CopyRuns(all, options);
    CopyRemoteRuns(all, options);
  });
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
