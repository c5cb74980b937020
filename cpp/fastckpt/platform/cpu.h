// Cpu: which instructions this processor has beyond the least of its kind, and
// its system lets programs use.
//
// Thread-safety: functions without state.
#pragma once

namespace fastckpt::internal {

// Of x86-64, false elsewhere: SSE4.2 and PCLMULQDQ; these, AVX2 and VPCLMULQDQ;
// all these and AVX-512 F, BW, VL and VBMI.
bool HasSse42Pclmul();
bool HasAvx2Vpclmul();
bool HasAvx512Vpclmul();
// AVX2, FMA and F16C; these, AVX-512 F and BW.
bool HasAvx2FmaF16c();
bool HasAvx512Bw();

// Of AArch64, false elsewhere: CRC32; PMULL.
bool HasArmCrc32();
bool HasArmPmull();

}  // namespace fastckpt::internal
