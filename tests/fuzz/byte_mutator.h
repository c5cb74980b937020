// ByteMutator: the plain driver's way to change bytes: flips, numbers at the
// edges of their types, words of a dictionary, pieces moved, doubled, left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace fastckpt::internal {

class ByteMutator {
 public:
  explicit ByteMutator(unsigned seed) : random_(seed) {}

  // Adds the words of a dictionary as libFuzzer reads it: lines of "...", with
  // \xNN for bytes, and comments behind #.
  void AddDictionary(std::string_view text);

  // A number below `limit`, which is at least 1.
  std::size_t Below(std::size_t limit) { return random_() % limit; }

  // Makes one change; never longer than `max_size`.
  void Mutate(std::string* bytes, std::size_t max_size);

 private:
  std::size_t PlaceIn(const std::string& bytes) {
    return Below(bytes.size() + 1);
  }
  void Overwrite(std::string* bytes, std::string_view piece);
  void Insert(std::string* bytes, std::string_view piece);
  std::string PieceOf(const std::string& bytes);
  std::string Number();
  std::string Word();

  std::mt19937 random_;
  std::vector<std::string> words_;
};

}  // namespace fastckpt::internal
