#include "fastckpt/codec/value_counts.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "fastckpt/platform/float_mode.h"

namespace fastckpt::internal {
namespace {

// As a count that was just changed is not at once there to be changed again.
constexpr std::size_t kTables = 4;
// What a table of 32-bit counts holds.
constexpr std::size_t kMost = std::size_t{1} << 30;

void CountSome(const std::uint8_t* data, std::size_t count,
               std::span<std::uint64_t, kByteValues> counts) {
  std::uint32_t tables[kTables][kByteValues] = {};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, data + i, sizeof word);
    for (std::size_t k = 0; k < 8; ++k) {
      ++tables[k % kTables][(word >> (8 * k)) & 0xff];
    }
  }
  for (; i < count; ++i) ++tables[0][data[i]];
  for (const auto& table : tables) {
    for (std::size_t b = 0; b < kByteValues; ++b) counts[b] += table[b];
  }
}

}  // namespace

void CountBytes(const void* data, std::size_t count,
                std::span<std::uint64_t, kByteValues> counts) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  while (count > 0) {
    const std::size_t some = std::min(count, kMost);
    CountSome(from, some, counts);
    from += some;
    count -= some;
  }
}

Moments MomentsOfCounts(std::span<const std::uint64_t> counts,
                        std::span<const double> values) {
  Moments found;
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const double value = values[i];
    if (std::isnan(value)) {
      found.nan += counts[i];
    } else if (std::isinf(value)) {
      found.inf += counts[i];
    } else {
      if (value == 0) found.zeros += counts[i];
      found.count += counts[i];
      found.low = std::min(found.low, value);
      found.high = std::max(found.high, value);
      sum += static_cast<double>(counts[i]) * value;
    }
  }
  if (found.count == 0) return found;
  found.mean = sum / static_cast<double>(found.count);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0 || !std::isfinite(values[i])) continue;
    const double distance = values[i] - found.mean;
    found.squares += static_cast<double>(counts[i]) * (distance * distance);
  }
  return found;
}

void CountInBins(std::span<const std::uint64_t> counts,
                 std::span<const double> values, const Bins& bins,
                 std::span<std::uint64_t, kBins> binned) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0 || !std::isfinite(values[i])) continue;
    binned[FindBin(bins, values[i])] += counts[i];
  }
}

std::vector<double> WordValues(DType dtype) {
  std::vector<std::uint16_t> words(kWordValues);
  std::iota(words.begin(), words.end(), std::uint16_t{0});
  std::vector<double> values(kWordValues);
  const PlainFloatMode mode;
  AvailableLanes().front().Find(dtype)->widen(
      reinterpret_cast<const std::uint8_t*>(words.data()), kWordValues,
      values.data());
  return values;
}

// Of the bytes one may be left over each time.
struct WordCounter::Table {
  std::uint32_t words[kWordValues] = {};
  std::uint32_t bytes[kByteValues] = {};
  std::uint64_t added = 0;
};

WordCounter::WordCounter() = default;
WordCounter::~WordCounter() = default;

std::unique_ptr<WordCounter::Table> WordCounter::Take() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!tables_.empty()) {
      std::unique_ptr<Table> table = std::move(tables_.back());
      tables_.pop_back();
      return table;
    }
  }
  return std::make_unique<Table>();
}

void WordCounter::Return(std::unique_ptr<Table> table) {
  const std::lock_guard<std::mutex> lock(mutex_);
  (table->added > kMost ? full_ : tables_).push_back(std::move(table));
}

void WordCounter::Add(const std::uint8_t* data, std::size_t size_bytes) {
  std::unique_ptr<Table> table = Take();
  std::uint32_t* words = table->words;
  std::size_t done = 0;
  for (; done + 8 <= size_bytes; done += 8) {
    std::uint64_t four;
    std::memcpy(&four, data + done, sizeof four);
    ++words[four & 0xffff];
    ++words[(four >> 16) & 0xffff];
    ++words[(four >> 32) & 0xffff];
    ++words[four >> 48];
  }
  for (; done + 2 <= size_bytes; done += 2) {
    std::uint16_t word;
    std::memcpy(&word, data + done, sizeof word);
    ++words[word];
  }
  if (done < size_bytes) ++table->bytes[data[done]];
  table->added += size_bytes;
  Return(std::move(table));
}

void WordCounter::AddHalves(DType dtype, const std::uint8_t* data,
                            std::size_t size_bytes, Moments* moments) {
  std::unique_ptr<Table> table = Take();
  AddAndCount(dtype, data, size_bytes / 2, moments, table->words);
  table->added += size_bytes;
  Return(std::move(table));
}

void WordCounter::Clear() {
  tables_.clear();
  full_.clear();
}

std::vector<std::uint64_t> WordCounter::CountWords() const {
  std::vector<std::uint64_t> counts(kWordValues);
  for (const auto* tables : {&tables_, &full_}) {
    for (const auto& table : *tables) {
      for (std::size_t i = 0; i < kWordValues; ++i) {
        counts[i] += table->words[i];
      }
    }
  }
  return counts;
}

std::vector<std::uint64_t> WordCounter::CountBytes() const {
  std::vector<std::uint64_t> counts(kByteValues);
  const std::vector<std::uint64_t> words = CountWords();
  for (std::size_t i = 0; i < kWordValues; ++i) {
    counts[i & 0xff] += words[i];
    counts[i >> 8] += words[i];
  }
  for (const auto* tables : {&tables_, &full_}) {
    for (const auto& table : *tables) {
      for (std::size_t b = 0; b < kByteValues; ++b) {
        counts[b] += table->bytes[b];
      }
    }
  }
  return counts;
}

}  // namespace fastckpt::internal
