// The plain driver: runs a fuzz target without libFuzzer.
//
//   fuzz_NAME_plain [-runs=N] [-max_total_time=SECONDS] [-seed=N] [-dict=FILE]
//                   FOLDER... | FILE...
//
// Options mean what they mean to libFuzzer; others are ignored, so that both
// programs take one command line. Files are run as they are, as reproducers;
// the files of folders are seeds, run once and then mutated. The same seed
// gives the same inputs. The input that ends the program, or takes longer than
// ten seconds, is written to crash-<digits> in the current folder.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "byte_mutator.h"
#include "fastckpt/base/bytes.h"
#include "fuzz_target.h"

extern "C" {
__attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t*,
                                                          std::size_t,
                                                          std::size_t,
                                                          unsigned);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*)());
}

namespace fastckpt::internal {
namespace {

constexpr unsigned kSecondsPerInput = 10;

// What the handlers below can reach: the input that runs, if one does.
const std::string* current_input = nullptr;

ByteMutator* shared_mutator = nullptr;

struct Options {
  std::uint64_t runs = UINT64_MAX;
  double seconds = 1e9;
  unsigned seed = 1;
  std::string dictionary;
  std::vector<std::string> paths;
};

Options ParseOptions(int count, char** arguments) {
  std::map<std::string, std::string> flags;
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const std::size_t equals = argument.find('=');
    if (argument[0] != '-') {
      options.paths.push_back(argument);
    } else if (equals != std::string::npos) {
      flags[argument.substr(1, equals - 1)] = argument.substr(equals + 1);
    }
  }
  if (flags.contains("runs")) options.runs = std::stoull(flags["runs"]);
  if (flags.contains("max_total_time")) {
    options.seconds = std::stod(flags["max_total_time"]);
  }
  if (flags.contains("seed")) {
    options.seed = static_cast<unsigned>(std::stoul(flags["seed"]));
  }
  options.dictionary = flags["dict"];
  return options;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  return text.str();
}

// The files of a folder, in the order of their names.
void AppendSeeds(const std::string& folder, std::vector<std::string>* seeds) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) seeds->push_back(ReadFile(path));
}

void KeepInput() {
  if (current_input == nullptr) return;
  const auto hash = std::hash<std::string>()(*current_input);
  const std::string name = "crash-" + std::to_string(hash);
  std::ofstream(name, std::ios::binary) << *current_input;
  std::fprintf(stderr, "the input is in %s\n", name.c_str());
}

// Not safe by the book, but what runs here is over anyway.
void KeepInputAndEnd(int signal_number) {
  std::fprintf(stderr, "ended by signal %d\n", signal_number);
  KeepInput();
  _exit(1);
}

void InstallHandlers() {
  signal(SIGALRM, KeepInputAndEnd);
  signal(SIGABRT, KeepInputAndEnd);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(KeepInput);
    return;
  }
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    signal(number, KeepInputAndEnd);
  }
}

void RunInput(const std::string& input) {
  current_input = &input;
  alarm(kSecondsPerInput);
  // Of its exact size, so that a sanitizer sees the first byte behind it.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  alarm(0);
  current_input = nullptr;
}

std::string Mutated(const std::string& seed, ByteMutator* mutator) {
  std::string input = seed;
  for (std::size_t changes = 1 + mutator->Below(4); changes > 0; --changes) {
    if (LLVMFuzzerCustomMutator == nullptr) {
      mutator->Mutate(&input, kMaxFuzzInput);
      continue;
    }
    const std::size_t size = input.size();
    input.resize(std::max(size, kMaxFuzzInput));
    auto* const data = reinterpret_cast<std::uint8_t*>(input.data());
    const auto choice = static_cast<unsigned>(mutator->Below(UINT32_MAX));
    input.resize(LLVMFuzzerCustomMutator(data, size, input.size(), choice));
  }
  return input;
}

// Runs mutated seeds, and gives how many.
std::uint64_t RunMutations(const std::vector<std::string>& seeds,
                           const Options& options, ByteMutator* mutator) {
  using Clock = std::chrono::steady_clock;
  const auto end =
      Clock::now() + std::chrono::duration<double>(options.seconds);
  std::uint64_t runs = 0;
  for (; runs < options.runs && Clock::now() < end; ++runs) {
    RunInput(Mutated(seeds[mutator->Below(seeds.size())], mutator));
  }
  return runs;
}

int Main(const Options& options) {
  ByteMutator mutator(options.seed);
  shared_mutator = &mutator;
  if (!options.dictionary.empty()) {
    mutator.AddDictionary(ReadFile(options.dictionary));
  }
  InstallHandlers();
  std::vector<std::string> seeds;
  for (const std::string& path : options.paths) {
    if (std::filesystem::is_directory(path)) {
      AppendSeeds(path, &seeds);
    } else {
      RunInput(ReadFile(path));
    }
  }
  for (const std::string& seed : seeds) RunInput(seed);
  const std::uint64_t runs =
      seeds.empty() ? 0 : RunMutations(seeds, options, &mutator);
  std::printf("%zu seeds, %llu mutations, no finding\n", seeds.size(),
              static_cast<unsigned long long>(runs));
  return 0;
}

}  // namespace
}  // namespace fastckpt::internal

std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                             std::size_t max_size) {
  std::string bytes(fastckpt::internal::AsText({data, size}));
  fastckpt::internal::shared_mutator->Mutate(&bytes, max_size);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

int main(int count, char** arguments) {
  return fastckpt::internal::Main(
      fastckpt::internal::ParseOptions(count, arguments));
}
