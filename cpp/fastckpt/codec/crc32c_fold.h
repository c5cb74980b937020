// CRC32C by folding, for processors with a carry-less multiplication and an
// instruction that divides 8 bytes: one algorithm, written once.
//
// The input is a polynomial whose first bit is the highest power. A 16-byte
// piece A with d bytes after it may be replaced by A * x^(8d) modulo P, added
// to the piece that lies d bytes later:
//
//   A = low * x^64 + high        low: the first 8 bytes, high: the last 8
//   A * x^(8d) = low * (x^(8d+64) mod P) + high * (x^(8d) mod P)
//
// A carry-less product of reflected numbers comes out times x, and a 32-bit
// constant in the low half of a 64-bit operand counts x^32; so the constants
// of distance d are x^(8d+31) and x^(8d-33).
//
// A chunk is as many pieces as the processor multiplies at once.
//
//   short   8 bytes at a time go through the division instruction.
//   medium  every chunk is folded straight onto the last 16 bytes.
//   long    four chunks, the lanes, are folded onto the next four; some words
//           before a lane go through the division instruction, which works
//           beside the multiplier, and the state that they leave is added to
//           the lane's first bytes, as any state is:
//
//             a b c d | words a b c d | words a b c d | rest, in chunks
//
//           All is read in order. Streams side by side, as in other programs,
//           are as fast in a cache but lose a third where memory is the limit.
//
// Bytes that fill no chunk (no word) come first, moved to the end of one that
// is otherwise zero: leading zeros change nothing while the state is zero. The
// caller's state joins at a later place, times a power of x.
//
// Cpu (see crc32c_words.h) has:
//
//   Piece, Chunk         registers of 16 bytes and of one chunk
//   kChunk               bytes in a chunk
//   kShort, kMedium      the largest size for which that way is the fastest
//   kFirstWords          bytes of words before lane a, a multiple of kChunk
//   kOtherWords          the same before each of the others
//   Divide(state, word)  the state after 8 bytes
//   Load, Store          a chunk, any alignment
//   LoadConstants        a chunk of constants, aligned as a chunk
//   Repeat(pair)         the constants of one piece for each piece of a chunk
//   Add(a, b)            a + b
//   Fold(a, k, b)        a * k + b in each piece
//   MoveToEnd(a, count)  the first `count` (>= 1) bytes of `a`, zeros before
//   Product(a, b)        of two states: a * b * x in the first 8 bytes
//   Widen(piece)         a chunk that begins with it, zeros after
//   Low(word)            a chunk that begins with it, zeros after
//   Reduce(a, piece)     the state after the sum of all pieces of `a`
//
// Source: Gopal et al., "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ Instruction" (Intel, 2009).
#pragma once

#include <cstddef>
#include <cstdint>

#include "fastckpt/codec/crc32c_internal.h"
#include "fastckpt/codec/crc32c_words.h"

namespace fastckpt::internal::crc32c {

inline constexpr std::size_t kPiece = 16;
// How many bytes medium input may have at most; a multiple of every chunk.
inline constexpr std::size_t kMediumLimit = 512;

// Constants that fold piece i of kMediumLimit bytes onto the last piece.
struct alignas(64) FoldTable {
  std::uint64_t pairs[kMediumLimit / kPiece][2];
};
consteval FoldTable MakeFoldTable() {
  FoldTable table{};
  std::int64_t distance = kMediumLimit;
  for (auto& pair : table.pairs) {
    distance -= kPiece;
    pair[0] = PowerOfX(8 * distance + 31);
    pair[1] = PowerOfX(8 * distance - 33);
  }
  return table;
}
inline constexpr FoldTable kFoldTable = MakeFoldTable();

// What a state with d bytes after it is multiplied by to be added to the first
// 8 bytes of the last piece: Product brings x, their place x^64, and Reduce
// x^32; so x^(8d-97). For d from -kLeastShift.
inline constexpr std::size_t kLeastShift = 48;
struct ShiftTable {
  std::uint32_t of[kLeastShift + kMediumLimit + 1];
};
consteval ShiftTable MakeShiftTable() {
  ShiftTable table{};
  std::uint32_t power =
      PowerOfX(-8 * static_cast<std::int64_t>(kLeastShift) - 97);
  for (std::uint32_t& entry : table.of) {
    entry = power;
    for (int bit = 0; bit < 8; ++bit) {
      power = (power >> 1) ^ ((power & 1) != 0 ? kPolynomial : 0);
    }
  }
  return table;
}
inline constexpr ShiftTable kShiftTable = MakeShiftTable();

// From index n on: which byte goes where so that the first n of 16 bytes come
// last. An index with its high bit set gives a zero.
struct MoveTable {
  std::uint8_t bytes[2 * kPiece];
};
consteval MoveTable MakeMoveTable() {
  MoveTable table{};
  for (std::uint8_t i = 0; i < kPiece; ++i) {
    table.bytes[i] = 0xff;
    table.bytes[kPiece + i] = i;
  }
  return table;
}
inline constexpr MoveTable kMoves = MakeMoveTable();

template <class Cpu, bool kCopy>
inline typename Cpu::Chunk TakeChunk(Stream<Cpu, kCopy>* in) {
  const auto chunk = in->Chunk(0);
  in->Skip(Cpu::kChunk);
  return chunk;
}

// The constants for the chunk that begins `size` bytes before the end.
template <class Cpu>
inline typename Cpu::Chunk FoldConstants(std::size_t size) {
  return Cpu::LoadConstants(kFoldTable.pairs[(kMediumLimit - size) / kPiece]);
}

// Folds the rest, `size` bytes in whole chunks, onto its last piece.
template <class Cpu, bool kCopy>
inline typename Cpu::Chunk FoldRest(Stream<Cpu, kCopy> in, std::size_t size,
                                    typename Cpu::Chunk sum) {
  for (; size > 0; size -= Cpu::kChunk) {
    sum = Cpu::Fold(TakeChunk(&in), FoldConstants<Cpu>(size), sum);
  }
  return sum;
}

// REQUIRES: kChunk < size <= kMediumLimit
template <class Cpu, bool kCopy>
inline std::uint32_t ExtendMedium(std::uint32_t crc, Stream<Cpu, kCopy> in,
                                  std::size_t size) {
  const std::size_t odd = (size - 1) % Cpu::kChunk + 1;
  const std::size_t rest = size - odd;
  const auto first = Cpu::MoveToEnd(in.Chunk(0), odd);
  in.Skip(odd);
  const auto sum =
      Cpu::Fold(first, FoldConstants<Cpu>(rest + Cpu::kChunk), Cpu::Low(0));
  const std::uint32_t shift = kShiftTable.of[kLeastShift + size];
  return ~Cpu::Reduce(FoldRest(in, rest, sum), Cpu::Product(~crc, shift));
}

// Four chunks at equal distances, so that no fold waits for the one before.
template <class Cpu>
struct Lanes {
  static constexpr std::size_t kDistance = Cpu::kChunk + Cpu::kOtherWords;
  static constexpr std::size_t kStride =
      4 * Cpu::kChunk + Cpu::kFirstWords + 3 * Cpu::kOtherWords;

  static_assert(kDistance % Cpu::kChunk == 0 && kStride % Cpu::kChunk == 0);
  static_assert(kStride + 3 * kDistance <= kMediumLimit);
  static_assert(Cpu::kMedium >= Cpu::kChunk + 3 * kDistance);

  typename Cpu::Chunk a, b, c, d;
};

// Gives the chunk that lies `kWords` bytes behind `at`, with what the words
// there leave added. A copy stores them in chunks, as stores of one word each
// would hold it up, and then sums what it stored.
template <std::size_t kWords, class Cpu, bool kCopy>
inline typename Cpu::Chunk Lane(Stream<Cpu, kCopy> in, std::size_t at) {
  if constexpr (kWords == 0) return in.Chunk(at);
  if constexpr (kCopy) {
    for (std::size_t i = 0; i < kWords; i += Cpu::kChunk) in.Chunk(at + i);
  }
  const auto words = Input<Cpu>((kCopy ? in.to : in.from) + at);
  std::uint64_t state = 0;
  for (std::size_t i = 0; i < kWords; i += kWord) {
    state = Cpu::Divide(state, words.Word(i));
  }
  return Cpu::Add(in.Chunk(at + kWords), Cpu::Low(state));
}

// Folds the lanes onto the next four.
template <class Cpu, bool kCopy>
inline void FoldLanes(Lanes<Cpu>* lanes, typename Cpu::Chunk constants,
                      Stream<Cpu, kCopy> in) {
  constexpr std::size_t kFirst = Cpu::kFirstWords;
  constexpr std::size_t kOther = Cpu::kOtherWords;
  constexpr std::size_t kDistance = Lanes<Cpu>::kDistance;
  constexpr std::size_t kSecond = kFirst + Cpu::kChunk;
  lanes->a = Cpu::Fold(lanes->a, constants, Lane<kFirst>(in, 0));
  lanes->b = Cpu::Fold(lanes->b, constants, Lane<kOther>(in, kSecond));
  lanes->c =
      Cpu::Fold(lanes->c, constants, Lane<kOther>(in, kSecond + kDistance));
  lanes->d =
      Cpu::Fold(lanes->d, constants, Lane<kOther>(in, kSecond + 2 * kDistance));
}

// Folds the lanes, the last of which begins `size` bytes before the end, onto
// the last piece.
template <class Cpu>
inline typename Cpu::Chunk JoinLanes(const Lanes<Cpu>& lanes,
                                     std::size_t size) {
  const auto constants = [size](std::size_t steps) {
    return FoldConstants<Cpu>(size + steps * Lanes<Cpu>::kDistance);
  };
  const auto a = Cpu::Fold(lanes.a, constants(3), Cpu::Low(0));
  const auto b = Cpu::Fold(lanes.b, constants(2), Cpu::Low(0));
  const auto c = Cpu::Fold(lanes.c, constants(1), a);
  return Cpu::Add(c, Cpu::Fold(lanes.d, constants(0), b));
}

// REQUIRES: size >= kChunk + 3 * Lanes<Cpu>::kDistance
template <class Cpu, bool kCopy>
inline std::uint32_t ExtendLong(std::uint32_t crc, Stream<Cpu, kCopy> in,
                                std::size_t size) {
  constexpr std::size_t kStride = Lanes<Cpu>::kStride;
  const std::size_t odd = (size - 1) % Cpu::kChunk + 1;
  const std::uint32_t shift =
      kShiftTable.of[kLeastShift + kPiece - Cpu::kChunk + odd];
  Lanes<Cpu> lanes;
  lanes.a = Cpu::Add(Cpu::MoveToEnd(in.Chunk(0), odd),
                     Cpu::Widen(Cpu::Product(~crc, shift)));
  in.Skip(odd);
  lanes.b = Lane<Cpu::kOtherWords>(in, 0);
  lanes.c = Lane<Cpu::kOtherWords>(in, Lanes<Cpu>::kDistance);
  lanes.d = Lane<Cpu::kOtherWords>(in, 2 * Lanes<Cpu>::kDistance);
  in.Skip(3 * Lanes<Cpu>::kDistance);
  size -= odd + 3 * Lanes<Cpu>::kDistance;
  const auto constants =
      Cpu::Repeat(kFoldTable.pairs[(kMediumLimit - kStride) / kPiece - 1]);
  for (; size >= kStride; size -= kStride, in.Skip(kStride)) {
    FoldLanes(&lanes, constants, in);
  }
  const auto sum = FoldRest(in, size, JoinLanes(lanes, size + Cpu::kChunk));
  return ~Cpu::Reduce(sum, Cpu::Product(0, 0));
}

// From here on, aligned chunks gain more than the bytes left over cost.
inline constexpr std::size_t kAlignFrom = 4096;

// Gives the checksum of A followed by the stream from that of A, and copies.
template <class Cpu, bool kCopy>
inline std::uint32_t ExtendByFolding(std::uint32_t crc, Stream<Cpu, kCopy> in,
                                     std::size_t size) {
  if (size <= Cpu::kShort) return ExtendShort(crc, in, size);
  if (size <= Cpu::kMedium) return ExtendMedium(crc, in, size);
  if (size < kAlignFrom) return ExtendLong(crc, in, size);
  // Where the end is aligned, all chunks but the first are.
  const auto start = reinterpret_cast<std::uintptr_t>(kCopy ? in.to : in.from);
  const std::size_t rest = (start + size) % Cpu::kChunk;
  crc = ExtendLong(crc, in, size - rest);
  in.Skip(size - rest);
  return ExtendShort(crc, in, rest);
}

// A Cpu whose stores of aligned chunks go past the caches. It takes no words:
// those of a copy are summed after they were stored, far away here.
template <class Cpu>
struct PastCaches : Cpu {
  static constexpr std::size_t kFirstWords = 0;
  static constexpr std::size_t kOtherWords = 0;

  static void Store(void* to, typename Cpu::Chunk chunk) {
    Cpu::StorePastCaches(to, chunk);
  }
};

// ExtendByFolding, its stores past the caches. Cpu also has:
//
//   StorePastCaches(to, chunk)  to an address aligned as a chunk
//   EndStores()                 orders them before all stores that follow
template <class Cpu>
inline std::uint32_t ExtendPastCaches(std::uint32_t crc, Stream<Cpu, true> in,
                                      std::size_t size) {
  if (size < kAlignFrom) return ExtendByFolding(crc, in, size);
  // Whole lines of a cache, or the rest of one is read from memory.
  constexpr std::size_t kLine = 64;
  const std::size_t first =
      (0 - reinterpret_cast<std::uintptr_t>(in.to)) % kLine;
  crc = ExtendShort(crc, in, first);
  in.Skip(first);
  const std::size_t rest = (size - first) % kLine;
  const std::size_t middle = size - first - rest;
  crc = ExtendLong(crc, Input<PastCaches<Cpu>>(in.from, in.to), middle);
  Cpu::EndStores();
  in.Skip(middle);
  return ExtendShort(crc, in, rest);
}

}  // namespace fastckpt::internal::crc32c
