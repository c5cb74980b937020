// TableMutator: damage to a table file behind which the checksums are right
// again, so that it gets past them.
//
//   bytes     anywhere; the trailers that the handles lead to are made anew
//   block     the stored bytes of one block, or its key in the index
//   records   a key or a value, or records exchanged, doubled, left out
//
// After a change to a block or to records the file is put together anew, with
// the handles that follow from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace fastckpt::internal {

// Changes bytes without knowing what they mean; may grow them.
void MutateBytes(std::string* bytes);

// Gives a changed table, or changed bytes where `table` is none.
std::string MutateTable(std::string_view table, std::mt19937* random);

// Stores what fits of a mutated input and gives its size.
std::size_t StoreMutated(std::string_view input, std::uint8_t* data,
                         std::size_t max_size);

// A custom mutator for an input that is a table.
std::size_t MutateTableInput(std::uint8_t* data, std::size_t size,
                             std::size_t max_size, unsigned seed);

}  // namespace fastckpt::internal
