#include "way.h"

#include <algorithm>
#include <fstream>

#include "fastckpt/codec/crc32c.h"

namespace floor_program {

std::size_t Job::End() const {
  std::uint64_t end = 0;
  for (const Tensor& tensor : tensors) {
    end = std::max(end, tensor.offset + tensor.size);
  }
  return static_cast<std::size_t>(end);
}

std::vector<Tensor> ReadTable(const std::string& path) {
  std::ifstream file(path);
  std::vector<Tensor> tensors;
  Tensor tensor{};
  while (file >> tensor.offset >> tensor.size >> tensor.crc32c) {
    tensors.push_back(tensor);
  }
  if (tensors.empty()) Die(path);
  return tensors;
}

std::vector<std::int64_t> ReadRows(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::int64_t> rows;
  std::int64_t row = 0;
  while (file.read(reinterpret_cast<char*>(&row), sizeof row)) {
    rows.push_back(row);
  }
  return rows;
}

std::vector<Part> Split(const Job& job, std::uint64_t largest) {
  std::uint64_t total = 0;
  for (const Tensor& tensor : job.tensors) total += tensor.size;
  const std::uint64_t step =
      std::clamp<std::uint64_t>(total / job.threads / 8, 64 << 10, largest);
  std::vector<Part> parts;
  for (std::size_t i = 0; i < job.tensors.size(); ++i) {
    const std::uint64_t end = job.tensors[i].offset + job.tensors[i].size;
    for (std::uint64_t at = job.tensors[i].offset; at < end; at += step) {
      parts.push_back({i, at, std::min(end, at + step)});
    }
  }
  return parts;
}

namespace {

bool AreRight(const Job& job, const std::vector<Part>& parts,
              const Crcs& crcs) {
  Crcs joined(job.tensors.size(), 0);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::uint32_t& crc = joined[parts[i].tensor];
    crc = fastckpt::internal::CombineCrc32c(crc, crcs[i], parts[i].size());
  }
  for (std::size_t i = 0; i < joined.size(); ++i) {
    if (joined[i] != job.tensors[i].crc32c) return false;
  }
  return true;
}

}  // namespace

bool IsRight(const Job& job, const Outcome& done) {
  if (!done.crcs.empty() && !AreRight(job, done.parts, done.crcs)) return false;
  if (done.bytes == nullptr) return !done.crcs.empty();
  Crcs crcs;
  for (const Part& part : done.parts) {
    crcs.push_back(fastckpt::internal::ExtendCrc32c(0, done.bytes + part.begin,
                                                    part.size()));
  }
  return AreRight(job, done.parts, crcs);
}

}  // namespace floor_program
