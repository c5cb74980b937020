// CpuQuota: how many CPUs the control groups let this process use.
//
// A container may see all CPUs of its machine and get the time of two of them:
// more threads than that are stopped in turn, with locks in their hands.
//
// Thread-safety: safe, without a lock.
// Source: Documentation/admin-guide/cgroup-v2.rst (cpu.max),
// Documentation/scheduler/sched-bwc.rst (cpu.cfs_quota_us); cgroups(7).
#pragma once

#include <cstddef>
#include <string>

namespace fastckpt::internal {

// The tightest limit of this process's groups, v2 and v1, and of those around
// them, in whole CPUs, rounded up; 0 where there is none. `root` is where the
// files of the system are looked for.
std::size_t ReadCpuQuota(const std::string& root);

// The same of the system, asked at most once a second.
std::size_t CpuQuota();

}  // namespace fastckpt::internal
