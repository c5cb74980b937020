// The floor: the least that a path can cost on this machine, by the best of the
// ways that are known. Plain programs for the same work on the same bytes,
// without names, dtypes or Python.
//
//   floor --list
//   floor PATH DATA TABLE OUT
//
// Each line "run THREADS WAY" on standard input is answered by {"seconds": s}
// after one run; "prove" runs too and answers {"right": true} if the bytes were
// the table's. On the path "cold" nothing of the file is in the page cache when
// a run begins; {"resident": bytes} says whether that is so.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <map>
#include <sstream>

#include "way.h"

namespace floor_program {
namespace {

using Ways = std::vector<Way>;

const std::map<std::string, Ways>& Paths() {
  static const std::map<std::string, Ways> paths = {
      {"check", CheckWays()},
      {"copy", CopyWays()},
      {"copy-fresh", FreshCopyWays()},
      {"save", SaveWays()},
      {"cold", ColdWays()},
      {"gather", GatherWays()},
      {"limits", LimitWays()}};
  return paths;
}

void DropFromCache(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) Die(path);
  fdatasync(file);
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  close(file);
}

const Way& Find(const Ways& ways, const std::string& name) {
  for (const Way& way : ways) {
    if (way.name == name) return way;
  }
  std::cerr << "no such way: " << name << "\n";
  std::exit(2);
}

void Answer(const Way& way, const Job& job, bool proves, bool is_cold) {
  std::cout << "{";
  if (is_cold) {
    DropFromCache(job.data);
    std::cout << "\"resident\": " << Mapping(job.data).Resident() << ", ";
  }
  const auto begin = std::chrono::steady_clock::now();
  Outcome done = way.run(job);
  const std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - begin;
  std::cout << "\"seconds\": " << seconds.count();
  if (proves) {
    std::cout << ", \"right\": " << (IsRight(job, done) ? "true" : "false");
  }
  // Before the answer: whoever runs next shall not share the CPUs with munmap.
  done = {};
  std::cout << "}" << std::endl;
}

void Serve(const std::string& path, Job job) {
  std::cout << "{\"ready\": true}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what;
    std::string name;
    words >> what >> job.threads >> std::ws;
    std::getline(words, name);
    Answer(Find(Paths().at(path), name), job, what == "prove", path == "cold");
  }
}

void List() {
  for (const auto& [path, ways] : Paths()) {
    for (const Way& way : ways) std::cout << path << "\t" << way.name << "\n";
  }
}

int Main(int count, char** arguments) {
  if (count == 2 && std::string(arguments[1]) == "--list") {
    List();
    return 0;
  }
  if (count != 5 || !Paths().contains(arguments[1])) {
    std::cerr << "usage: floor --list | floor PATH DATA TABLE OUT\n";
    return 2;
  }
  Job job;
  job.data = arguments[2];
  job.tensors = ReadTable(arguments[3]);
  job.out = arguments[4];
  job.rows = ReadRows(std::string(arguments[3]) + ".rows");
  Serve(arguments[1], job);
  return 0;
}

}  // namespace
}  // namespace floor_program

int main(int count, char** arguments) {
  return floor_program::Main(count, arguments);
}
