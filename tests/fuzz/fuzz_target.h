// FuzzTarget: what a target defines and what the program around it provides.
//
// A target is one file. Linked with libFuzzer (clang) it is guided by coverage;
// linked with driver.cc it is a plain program for every compiler, which mutates
// without guidance. Both take the same options, folders and files.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// Runs one input. Whatever it holds, nothing but an Error may leave the core,
// and the target catches that; anything else is a finding.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Defined by targets that know more of their input than its bytes: changes
// `size` bytes at `data`, where `max_size` have room, and gives the new size.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                    std::size_t max_size, unsigned seed);

// Provided: changes bytes without knowing what they mean.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                             std::size_t max_size);

}  // extern "C"

namespace fastckpt::internal {

// No input is longer: what breaks a reader fits into less.
constexpr std::size_t kMaxFuzzInput = 1 << 14;

}  // namespace fastckpt::internal
