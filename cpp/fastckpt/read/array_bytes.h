// ArrayBytes: an array's bytes in C order and what keeps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace fastckpt::internal {

struct ArrayBytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  std::shared_ptr<const void> owner;
  // How much is unmapped with the owner, where that is a mapping of one call's.
  std::uint64_t mapped_bytes = 0;
};

}  // namespace fastckpt::internal
