#include "fastckpt/read/packed_places.h"

#include <gtest/gtest.h>

#include <atomic>

#include "testing/threads.h"

namespace fastckpt::internal::packed_places_test {
namespace {

std::vector<V1Tensor> Tensors() {
  std::vector<V1Tensor> tensors(2);
  tensors[0].slices.resize(1);
  tensors[1].slices.resize(2);
  return tensors;
}

TEST(PackedPlaces, EachSliceHasAPlaceOfItsOwn) {
  PackedPlaces places(Tensors());
  EXPECT_EQ(places.Find(1, 1), nullptr);
  places.Note(1, 1, {3, 40, 50, 6});
  ASSERT_NE(places.Find(1, 1), nullptr);
  EXPECT_EQ(places.Find(1, 1)->offset, 40u);
  EXPECT_EQ(places.Find(0, 0), nullptr);
  EXPECT_EQ(places.Find(1, 0), nullptr);
}

TEST(PackedPlaces, FirstOfManyThreadsNotesItsPlace) {
  PackedPlaces places(Tensors());
  std::atomic<int> differing{0};
  RunTogether(8, [&](std::size_t i) {
    places.Note(0, 0, {i, i, i, i});
    const PackedPlace found = *places.Find(0, 0);
    if (found.block != found.size) ++differing;
  });
  const PackedPlace* first = places.Find(0, 0);
  places.Note(0, 0, {9, 9, 9, 9});
  EXPECT_EQ(places.Find(0, 0), first);
  EXPECT_EQ(differing, 0);
}

}  // namespace
}  // namespace fastckpt::internal::packed_places_test
