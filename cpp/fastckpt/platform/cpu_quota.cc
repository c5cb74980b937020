#include "fastckpt/platform/cpu_quota.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "fastckpt/platform/descriptor.h"
#include "fastckpt/platform/fork_gate.h"

namespace fastckpt::internal {
namespace {

constexpr std::string_view kGroups = "/sys/fs/cgroup";
constexpr std::size_t kMostBytes = 1 << 16;

// What one file of the system says; empty where it cannot be read.
std::string ReadText(const std::string& path) {
  Descriptor file;
  {
    const ForkGate gate;
    file = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }
  std::string text;
  char buffer[4096];
  while (file.IsOpen() && text.size() < kMostBytes) {
    const ssize_t count = read(file.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

std::string Join(std::string folder, std::string_view rest) {
  folder += rest;
  return folder;
}

// Cuts what comes before `separator`, or everything, off the beginning.
std::string_view TakeUntil(std::string_view* text, char separator) {
  const std::string_view taken = text->substr(0, text->find(separator));
  text->remove_prefix(std::min(text->size(), taken.size() + 1));
  return taken;
}

// A positive number; 0 for anything else: "max", "-1", nothing.
std::uint64_t ParseTime(std::string_view text) {
  std::uint64_t number = 0;
  const auto end =
      std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() ? number : 0;
}

std::size_t WholeCpus(std::uint64_t quota, std::uint64_t period) {
  if (quota == 0 || period == 0) return 0;
  return static_cast<std::size_t>(quota / period + (quota % period != 0));
}

// "QUOTA PERIOD" or "max PERIOD".
std::size_t QuotaOfV2(const std::string& folder) {
  const std::string text = ReadText(Join(folder, "/cpu.max"));
  std::string_view rest = text;
  const std::uint64_t quota = ParseTime(TakeUntil(&rest, ' '));
  return WholeCpus(quota, ParseTime(rest));
}

std::size_t QuotaOfV1(const std::string& folder) {
  const std::uint64_t quota =
      ParseTime(ReadText(Join(folder, "/cpu.cfs_quota_us")));
  if (quota == 0) return 0;
  return WholeCpus(quota,
                   ParseTime(ReadText(Join(folder, "/cpu.cfs_period_us"))));
}

std::size_t Tighter(std::size_t one, std::size_t other) {
  if (one == 0 || other == 0) return std::max(one, other);
  return std::min(one, other);
}

// Of a group and all around it. A container may see its own group as the root
// while its path is still told from outside: what is not there limits nothing.
template <typename QuotaOf>
std::size_t QuotaOfPath(const std::string& hierarchy, std::string_view group,
                        const QuotaOf& quota_of) {
  if (!group.starts_with('/') || group.find("/..") != std::string_view::npos) {
    group = {};
  }
  std::size_t quota = quota_of(hierarchy);
  while (group.size() > 1) {
    quota = Tighter(quota, quota_of(Join(hierarchy, group)));
    group = group.substr(0, group.rfind('/'));
  }
  return quota;
}

bool HasController(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    if (TakeUntil(&controllers, ',') == wanted) return true;
  }
  return false;
}

// Of one line of /proc/self/cgroup: "NUMBER:CONTROLLERS:/GROUP", of v2
// "0::/GROUP".
std::size_t QuotaOfLine(const std::string& groups, std::string_view line) {
  TakeUntil(&line, ':');
  const std::string_view controllers = TakeUntil(&line, ':');
  if (controllers.empty()) return QuotaOfPath(groups, line, QuotaOfV2);
  if (!HasController(controllers, "cpu")) return 0;
  const std::string together = Join(Join(groups, "/"), controllers);
  return Tighter(QuotaOfPath(together, line, QuotaOfV1),
                 QuotaOfPath(Join(groups, "/cpu"), line, QuotaOfV1));
}

}  // namespace

std::size_t ReadCpuQuota(const std::string& root) {
  const std::string text = ReadText(Join(root, "/proc/self/cgroup"));
  const std::string groups = Join(root, kGroups);
  std::size_t quota = 0;
  for (std::string_view rest = text; !rest.empty();) {
    quota = Tighter(quota, QuotaOfLine(groups, TakeUntil(&rest, '\n')));
  }
  return quota;
}

std::size_t CpuQuota() {
  using std::chrono::steady_clock;
  static std::atomic<std::int64_t> asked = 0;  // seconds, from 1
  static std::atomic<std::size_t> quota = 0;
  const auto since = steady_clock::now().time_since_epoch();
  const std::int64_t now =
      1 + std::chrono::duration_cast<std::chrono::seconds>(since).count();
  if (asked.load(std::memory_order_acquire) != now) {
    quota.store(ReadCpuQuota(""), std::memory_order_relaxed);
    asked.store(now, std::memory_order_release);
  }
  return quota.load(std::memory_order_relaxed);
}

}  // namespace fastckpt::internal
