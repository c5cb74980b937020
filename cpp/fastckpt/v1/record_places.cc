#include "fastckpt/v1/record_places.h"

#include <algorithm>
#include <functional>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

std::uint64_t Hash(std::string_view key) {
  return std::hash<std::string_view>{}(key);
}

}  // namespace

RecordPlaces::RecordPlaces(const TableReader& table, std::size_t index,
                           const Block& block) {
  const std::uint8_t* begin = block.contents.data();
  table.VisitBlock(index, block, [&](std::string_view key, ByteView value) {
    places_.push_back({Hash(key),
                       static_cast<std::uint64_t>(value.data() - begin),
                       value.size()});
  });
  std::sort(places_.begin(), places_.end(), [](const auto& a, const auto& b) {
    return a.key_hash < b.key_hash;
  });
  places_.shrink_to_fit();
}

std::vector<ByteView> RecordPlaces::Find(std::string_view key,
                                         ByteView contents) const {
  const std::uint64_t hash = Hash(key);
  auto place = std::lower_bound(
      places_.begin(), places_.end(), hash,
      [](const Place& a, std::uint64_t wanted) { return a.key_hash < wanted; });
  std::vector<ByteView> values;
  for (; place != places_.end() && place->key_hash == hash; ++place) {
    if (!FitsWithin(place->offset, place->size, contents.size())) {
      ThrowCorruption("the block is not as long as it was; it was changed");
    }
    values.push_back(contents.subspan(static_cast<std::size_t>(place->offset),
                                      static_cast<std::size_t>(place->size)));
  }
  return values;
}

}  // namespace fastckpt::internal
