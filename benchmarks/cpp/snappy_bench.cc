// Snappy: decoding blocks of 256 KiB by kind of contents, beside memcpy of the
// same bytes. Each kind has 16 different blocks, taken in turn: from a single
// one the processor learns which element comes next. A result is compared with
// what was encoded before its time counts.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "fastckpt/codec/snappy.h"
#include "fastckpt/table/block_writer.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kBlockSize = 1 << 18;
constexpr unsigned kBlockCount = 16;
constexpr std::size_t kMaxLiteral = 1 << 16;
constexpr std::size_t kWindow = 1 << 16;

void PutLiteral(std::string* out, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMaxLiteral);
    const std::size_t number = piece.size() - 1;
    if (number < 60) {
      out->push_back(static_cast<char>(number << 2));
    } else {
      out->push_back(static_cast<char>(61 << 2));
      out->push_back(static_cast<char>(number));
      out->push_back(static_cast<char>(number >> 8));
    }
    out->append(piece);
    bytes.remove_prefix(piece.size());
  }
}

void PutCopy(std::string* out, std::size_t offset, std::size_t length) {
  const bool is_near = length >= 4 && length <= 11 && offset < 2048;
  if (is_near) {
    out->push_back(
        static_cast<char>((offset >> 8) << 5 | (length - 4) << 2 | 1));
    out->push_back(static_cast<char>(offset));
    return;
  }
  out->push_back(static_cast<char>((length - 1) << 2 | 2));
  out->push_back(static_cast<char>(offset));
  out->push_back(static_cast<char>(offset >> 8));
}

// Finds where four bytes stood last, as the reference encoder does.
class Matcher {
 public:
  explicit Matcher(std::string_view text) : text_(text) {}

  // The length of a match with what stands at `*from`, at most 64.
  std::size_t Find(std::size_t at, std::size_t* from) {
    std::uint32_t word = 0;
    std::memcpy(&word, text_.data() + at, sizeof word);
    std::size_t& slot = last_[(word * 0x1e35a7bd) >> 18];
    *from = slot;
    slot = at;
    if (*from >= at || at - *from >= kWindow) return 0;
    const std::size_t limit = std::min<std::size_t>(64, text_.size() - at);
    std::size_t length = 0;
    while (length < limit && text_[*from + length] == text_[at + length]) {
      ++length;
    }
    return length;
  }

 private:
  std::string_view text_;
  std::array<std::size_t, 1 << 14> last_{};
};

std::string Encode(std::string_view text) {
  std::string out;
  PutVarint64(&out, text.size());
  Matcher matcher(text);
  std::size_t pending = 0;
  std::size_t at = 0;
  while (at + 4 <= text.size()) {
    std::size_t from = 0;
    const std::size_t length = matcher.Find(at, &from);
    if (length < 4) {
      ++at;
      continue;
    }
    PutLiteral(&out, text.substr(pending, at - pending));
    PutCopy(&out, at - from, length);
    at += length;
    pending = at;
  }
  PutLiteral(&out, text.substr(pending));
  return out;
}

std::string RandomBytes(std::size_t size, std::mt19937* random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>((*random)());
  return bytes;
}

// What a bundle's index holds: names that share parts, entries with checksums.
std::string IndexLike(std::mt19937* random) {
  const char* const kinds[] = {"attention/bias", "attention/kernel",
                               "norm/beta", "norm/gamma", "output/kernel"};
  BlockWriter writer(16);
  std::uint64_t offset = 0;
  for (unsigned layer = 10'000; writer.SizeIfFinished() < kBlockSize; ++layer) {
    for (const char* const kind : kinds) {
      std::string value = "\x08\x01\x12\x08\x12\x03\x08\x80\x06\x12\x01\x20";
      PutVarint64(&value, offset);
      offset += (*random)() % 100'000;
      value.append("\x35").append(RandomBytes(4, random));
      writer.Add("model/layer_" + std::to_string(layer) + "/" + kind, value);
    }
  }
  return writer.Finish().substr(0, kBlockSize);
}

std::string Text(std::mt19937* random) {
  std::vector<std::string> words(4000);
  for (std::string& word : words) {
    word = RandomBytes(2 + (*random)() % 8, random);
  }
  std::geometric_distribution<std::size_t> rank(0.005);
  std::string text;
  while (text.size() < kBlockSize) text += words[rank(*random) % words.size()];
  return text.substr(0, kBlockSize);
}

std::string Zeros(std::mt19937*) { return std::string(kBlockSize, '\0'); }

std::string Random(std::mt19937* random) {
  return RandomBytes(kBlockSize, random);
}

using MakeText = std::string (*)(std::mt19937*);

struct Blocks {
  explicit Blocks(MakeText make) {
    for (unsigned seed = 0; seed < kBlockCount; ++seed) {
      std::mt19937 random(seed);
      texts.push_back(make(&random));
      stored.push_back(Encode(texts.back()));
    }
  }

  std::vector<std::string> texts;
  std::vector<std::string> stored;
};

void CountBytes(benchmark::State* state) {
  constexpr std::int64_t kBytes = kBlockSize;
  state->SetBytesProcessed(state->iterations() * kBytes);
}

bool IsRight(const Blocks& blocks, std::vector<std::uint8_t>* decoded) {
  for (unsigned i = 0; i < kBlockCount; ++i) {
    DecodeSnappy(AsBytes(blocks.stored[i]), *decoded);
    if (AsText(*decoded) != blocks.texts[i]) return false;
  }
  return true;
}

void Decode(benchmark::State& state, MakeText make) {
  const Blocks blocks(make);
  std::vector<std::uint8_t> decoded(kBlockSize);
  if (!IsRight(blocks, &decoded)) state.SkipWithError("wrong bytes");
  std::size_t turn = 0;
  for (auto _ : state) {
    DecodeSnappy(AsBytes(blocks.stored[turn++ % kBlockCount]), decoded);
    benchmark::ClobberMemory();
  }
  CountBytes(&state);
  state.counters["ratio"] = static_cast<double>(kBlockSize) /
                            static_cast<double>(blocks.stored[0].size());
}
BENCHMARK_CAPTURE(Decode, index, IndexLike)->Name("snappy/decode/index");
BENCHMARK_CAPTURE(Decode, text, Text)->Name("snappy/decode/text");
BENCHMARK_CAPTURE(Decode, zeros, Zeros)->Name("snappy/decode/zeros");
BENCHMARK_CAPTURE(Decode, random, Random)->Name("snappy/decode/random");

void Memcpy(benchmark::State& state) {
  const Blocks blocks(Random);
  std::vector<std::uint8_t> copy(kBlockSize);
  std::size_t turn = 0;
  for (auto _ : state) {
    const std::string& text = blocks.texts[turn++ % kBlockCount];
    std::memcpy(copy.data(), text.data(), kBlockSize);
    benchmark::DoNotOptimize(copy.data());
    benchmark::ClobberMemory();
  }
  CountBytes(&state);
}
BENCHMARK(Memcpy)->Name("snappy/memcpy");

}  // namespace
}  // namespace fastckpt::internal
