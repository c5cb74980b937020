// Lanes for any processor: two numbers at a time.
#include <cstddef>

namespace fastckpt::internal::lanes {
namespace {

constexpr std::size_t kLanes = 2;

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_loops.h"

namespace fastckpt::internal::lanes {

constinit const Table kPortable = MakeTable({});

}  // namespace fastckpt::internal::lanes
