#include "fastckpt/read/byte_runs.h"

#include "fastckpt/read/strided_copy.h"

namespace fastckpt::internal {
namespace {

class RunCollector {
 public:
  RunCollector(const std::vector<PiecePlace>& places, std::size_t item_size)
      : places_(places), item_size_(item_size) {}

  // Steps of `region` are positive.
  void Collect(std::size_t place, const Region& region) {
    Destination nowhere;
    nowhere.strides = DenseStrides(region);
    const auto copy =
        StridedCopy::Make(places_[place].box, region, nowhere, item_size_, 1);
    if (!copy) return;
    copy->VisitRuns(0, places_[place].size,
                    [&](std::uint64_t offset, std::uint64_t size,
                        std::uint8_t*) { Add(place, offset, size); });
  }

  std::vector<ByteRun> Take() { return std::move(runs_); }

 private:
  std::vector<std::int64_t> DenseStrides(const Region& region) const {
    std::vector<std::int64_t> counts;
    for (const RegionDim& dim : region) counts.push_back(dim.count);
    return ContiguousStrides(counts, item_size_);
  }

  void Add(std::size_t place, std::uint64_t offset, std::uint64_t size) {
    AppendByteRun(places_, {place, places_[place].offset + offset, size},
                  &runs_);
  }

  const std::vector<PiecePlace>& places_;
  std::size_t item_size_;
  std::vector<ByteRun> runs_;
};

// One more than the last dimension that is walked backwards.
std::size_t BackwardDims(const Region& region) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < region.size(); ++i) {
    if (region[i].step < 0 && region[i].count > 1) end = i + 1;
  }
  return end;
}

// Walks the first `outer` dimensions index by index, in the region's order;
// what is left of the region then rises in offset.
void CollectInOrder(const Region& region, std::size_t outer,
                    RunCollector* collector) {
  Region part = region;
  std::vector<std::int64_t> index(outer, 0);
  while (true) {
    for (std::size_t i = 0; i < outer; ++i) {
      part[i] = {region[i].start + index[i] * region[i].step, 1, 1};
    }
    collector->Collect(0, part);
    std::size_t i = outer;
    while (i > 0 && ++index[i - 1] == region[i - 1].count) index[--i] = 0;
    if (i == 0) return;
  }
}

}  // namespace

void AppendByteRun(const std::vector<PiecePlace>& places, const ByteRun& run,
                   std::vector<ByteRun>* runs) {
  if (!runs->empty()) {
    ByteRun& last = runs->back();
    const bool is_same_file = last.place == run.place ||
                              places[last.place].path == places[run.place].path;
    if (is_same_file && last.offset + last.size == run.offset) {
      last.size += run.size;
      return;
    }
  }
  runs->push_back(run);
}

std::vector<ByteRun> FindByteRuns(const std::vector<PiecePlace>& places,
                                  const Region& region, std::size_t item_size) {
  RunCollector collector(places, item_size);
  if (RegionCount(region) == 0) return {};
  if (places.size() == 1) {
    CollectInOrder(region, BackwardDims(region), &collector);
    return collector.Take();
  }
  const Region rising = RisingRegion(region);
  for (std::size_t place = 0; place < places.size(); ++place) {
    collector.Collect(place, rising);
  }
  return collector.Take();
}

}  // namespace fastckpt::internal
