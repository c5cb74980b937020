#include "fastckpt/platform/cpu.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

namespace fastckpt::internal::cpu_test {
namespace {

// The words of all lines of /proc/cpuinfo; none where there is no such file.
std::set<std::string> WordsOfTheSystem() {
  std::ifstream info("/proc/cpuinfo");
  std::set<std::string> words;
  for (std::string word; info >> word;) words.insert(word);
  return words;
}

TEST(Cpu, HasWhatTheSystemSaysItHas) {
  const std::set<std::string> words = WordsOfTheSystem();
  const auto has = [&](const char* word) { return words.contains(word); };
  const bool is_x86 = has("sse2") && !HasArmCrc32();
  const bool is_arm = has("asimd") && !HasSse42Pclmul();
  // An emulator may show the file of the processor that it runs on.
  if (!is_x86 && !is_arm) GTEST_SKIP() << "the system does not say";
  EXPECT_EQ(HasSse42Pclmul(), has("sse4_2") && has("pclmulqdq"));
  EXPECT_EQ(HasAvx2Vpclmul(), has("sse4_2") && has("pclmulqdq") &&
                                  has("avx2") && has("vpclmulqdq"));
  EXPECT_EQ(HasAvx512Vpclmul(), has("avx512f") && has("avx512bw") &&
                                    has("avx512vl") && has("avx512vbmi") &&
                                    has("vpclmulqdq"));
  EXPECT_EQ(HasAvx2FmaF16c(), has("avx2") && has("fma") && has("f16c"));
  EXPECT_EQ(HasArmCrc32(), has("crc32"));
  EXPECT_EQ(HasArmPmull(), has("pmull"));
}

TEST(Cpu, IsOfOneKind) { EXPECT_FALSE(HasSse42Pclmul() && HasArmCrc32()); }

}  // namespace
}  // namespace fastckpt::internal::cpu_test
