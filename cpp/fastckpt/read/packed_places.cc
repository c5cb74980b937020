#include "fastckpt/read/packed_places.h"

#include <memory>

namespace fastckpt::internal {

PackedPlaces::PackedPlaces(const std::vector<V1Tensor>& tensors) {
  std::size_t slices = 0;
  for (const V1Tensor& tensor : tensors) {
    first_.push_back(slices);
    slices += tensor.slices.size();
  }
  places_ = std::vector<std::atomic<const PackedPlace*>>(slices);
}

PackedPlaces::~PackedPlaces() {
  for (const auto& place : places_) delete place.load();
}

const PackedPlace* PackedPlaces::Find(std::size_t slot,
                                      std::size_t slice) const {
  return places_[first_[slot] + slice].load(std::memory_order_acquire);
}

void PackedPlaces::Note(std::size_t slot, std::size_t slice,
                        const PackedPlace& place) {
  auto& known = places_[first_[slot] + slice];
  if (known.load(std::memory_order_relaxed) != nullptr) return;
  auto noted = std::make_unique<const PackedPlace>(place);
  const PackedPlace* none = nullptr;
  if (known.compare_exchange_strong(none, noted.get(),
                                    std::memory_order_acq_rel)) {
    static_cast<void>(noted.release());
  }
}

}  // namespace fastckpt::internal
