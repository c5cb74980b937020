// Lanes for x86-64 with AVX-512: eight numbers at a time.
#if defined(__x86_64__)

#include <cstddef>

namespace fastckpt::internal::lanes {
namespace {

constexpr std::size_t kLanes = 8;

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_loops.h"

namespace fastckpt::internal::lanes {

constinit const Table kAvx512 = MakeTable();

}  // namespace fastckpt::internal::lanes

#endif
