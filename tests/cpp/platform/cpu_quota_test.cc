#include "fastckpt/platform/cpu_quota.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "fastckpt/platform/parallel.h"
#include "testing/folder.h"

namespace fastckpt::internal::cpu_quota_test {
namespace {

// A root with the few files of the system that are asked.
class Root {
 public:
  explicit Root(const std::string& groups) {
    Write("proc/self/cgroup", groups);
  }
  Root& Write(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = folder_.Path(path);
    std::filesystem::create_directories(whole.parent_path());
    folder_.Write(path, text);
    return *this;
  }
  std::size_t Quota() const { return ReadCpuQuota(folder_.Path("")); }

 private:
  Folder folder_;
};

TEST(CpuQuota, NothingThereLimitsNothing) {
  const Folder folder;
  EXPECT_EQ(ReadCpuQuota(folder.Path("")), 0u);
  EXPECT_EQ(Root("0::/\n").Quota(), 0u);
}

TEST(CpuQuota, V2RootOfAContainerLimits) {
  EXPECT_EQ(
      Root("0::/\n").Write("sys/fs/cgroup/cpu.max", "200000 100000\n").Quota(),
      2u);
}

TEST(CpuQuota, PartOfACpuCountsAsOne) {
  EXPECT_EQ(
      Root("0::/\n").Write("sys/fs/cgroup/cpu.max", "250000 100000\n").Quota(),
      3u);
  EXPECT_EQ(
      Root("0::/\n").Write("sys/fs/cgroup/cpu.max", "1000 100000\n").Quota(),
      1u);
}

TEST(CpuQuota, V2TightestOfTheGroupsAroundCounts) {
  Root root("0::/a/b\n");
  root.Write("sys/fs/cgroup/a/cpu.max", "300000 100000\n")
      .Write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(root.Quota(), 3u);
  root.Write("sys/fs/cgroup/a/b/cpu.max", "100000 50000\n");
  EXPECT_EQ(root.Quota(), 2u);
}

TEST(CpuQuota, V1IsReadUnderBothItsNames) {
  for (const std::string name : {"cpu", "cpu,cpuacct"}) {
    Root root("5:memory:/x\n4:cpu,cpuacct:/docker/1\n0::/\n");
    root.Write("sys/fs/cgroup/" + name + "/docker/1/cpu.cfs_quota_us",
               "400000\n")
        .Write("sys/fs/cgroup/" + name + "/docker/1/cpu.cfs_period_us",
               "100000\n");
    EXPECT_EQ(root.Quota(), 4u) << name;
  }
}

TEST(CpuQuota, V1PathFromOutsideLeavesTheContainersRoot) {
  Root root("4:cpu,cpuacct:/docker/1\n");
  root.Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n")
      .Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(root.Quota(), 2u);
}

TEST(CpuQuota, V1WithoutALimitIsNone) {
  Root root("4:cpu:/\n");
  root.Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
      .Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(root.Quota(), 0u);
}

TEST(CpuQuota, OtherControllersAreNotAsked) {
  Root root("3:cpuset,cpuacct:/x\n");
  root.Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n")
      .Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(root.Quota(), 0u);
}

TEST(CpuQuota, GarbageLimitsNothing) {
  for (const std::string text :
       {"", "max", "100000", "100000 0", "-5 7", "x y"}) {
    Root root("garbage\n0::/../x\n::::\n\n");
    root.Write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(root.Quota(), 0u) << text;
  }
}

TEST(CpuQuota, GroupsAboveAreNotLeft) {
  Root root("0::/../x\n");
  root.Write("sys/fs/cgroup/here", "")
      .Write("sys/fs/x/cpu.max", "100000 100000\n");
  EXPECT_EQ(root.Quota(), 0u);
}

TEST(CpuQuota, ThreadsAreNoMoreThanIt) {
  const std::size_t quota = CpuQuota();
  if (quota != 0) {
    EXPECT_LE(AvailableThreads(), quota);
  }
  EXPECT_EQ(CpuQuota(), quota);
}

}  // namespace
}  // namespace fastckpt::internal::cpu_quota_test
