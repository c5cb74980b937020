// FloatCast for AArch64: four numbers at a time, with what every such
// processor has.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "fastckpt/codec/float_cast_lanes.h"

namespace fastckpt::internal::float_cast {
namespace {

uint16x4_t LoadNarrow(const std::uint8_t* from) {
  return vreinterpret_u16_u8(vld1_u8(from));
}

float64x2_t LoadTwo(const std::uint8_t* from) {
  return vreinterpretq_f64_u8(vld1q_u8(from));
}

// Rounded, as NaN stay NaN of their sign.
uint16x4_t ToBfloat16(float32x4_t floats) {
  const uint32x4_t bits = vreinterpretq_u32_f32(floats);
  const uint32x4_t high = vshrq_n_u32(bits, 16);
  const uint32x4_t odd = vandq_u32(high, vdupq_n_u32(1));
  const uint32x4_t half = vaddq_u32(odd, vdupq_n_u32(0x7fff));
  const uint32x4_t rounded = vshrq_n_u32(vaddq_u32(bits, half), 16);
  const uint32x4_t nan =
      vorrq_u32(vandq_u32(high, vdupq_n_u32(0x8000)), vdupq_n_u32(0x7fc0));
  const uint32x4_t is_number = vceqq_f32(floats, floats);
  return vmovn_u32(vbslq_u32(is_number, rounded, nan));
}

struct Cpu {
  using Floats = float32x4_t;
  static constexpr std::size_t kLanes = 4;

  template <Kind kKind>
  static Floats Load(const std::uint8_t* from) {
    if constexpr (kKind == Kind::kFloat) {
      return vreinterpretq_f32_u8(vld1q_u8(from));
    } else if constexpr (kKind == Kind::kHalf) {
      return vcvt_f32_f16(vreinterpret_f16_u16(LoadNarrow(from)));
    } else {
      return vreinterpretq_f32_u32(vshll_n_u16(LoadNarrow(from), 16));
    }
  }

  // There is an instruction that rounds to odd.
  template <bool kToOdd>
  static Floats LoadDoubles(const std::uint8_t* from) {
    const float64x2_t low = LoadTwo(from);
    const float64x2_t high = LoadTwo(from + 16);
    if constexpr (kToOdd) {
      return vcvtx_high_f32_f64(vcvtx_f32_f64(low), high);
    } else {
      return vcvt_high_f32_f64(vcvt_f32_f64(low), high);
    }
  }

  template <Kind kKind>
  static void Store(std::uint8_t* to, Floats floats) {
    if constexpr (kKind == Kind::kDouble) {
      vst1q_u8(to, vreinterpretq_u8_f64(vcvt_f64_f32(vget_low_f32(floats))));
      vst1q_u8(to + 16, vreinterpretq_u8_f64(vcvt_high_f64_f32(floats)));
    } else if constexpr (kKind == Kind::kFloat) {
      vst1q_u8(to, vreinterpretq_u8_f32(floats));
    } else if constexpr (kKind == Kind::kHalf) {
      vst1_u8(to, vreinterpret_u8_f16(vcvt_f16_f32(floats)));
    } else {
      vst1_u8(to, vreinterpret_u8_u16(ToBfloat16(floats)));
    }
  }

  class Counter {
   public:
    template <std::uint32_t kLimit>
    void Add(Floats floats) {
      const uint32x4_t size =
          vandq_u32(vreinterpretq_u32_f32(floats), vdupq_n_u32(0x7fffffff));
      const uint32x4_t above = vsubq_u32(size, vdupq_n_u32(kLimit));
      const uint32x4_t is_lost =
          vcltq_u32(above, vdupq_n_u32(0x7f800000 - kLimit));
      count_ = vsubq_u32(count_, is_lost);
    }

    template <std::uint64_t kLimit>
    void AddDoubles(const std::uint8_t* from) {
      AddTwo<kLimit>(from);
      AddTwo<kLimit>(from + 16);
    }

    std::uint64_t Sum() const {
      return vaddvq_u32(count_) + vaddvq_u64(wide_count_);
    }

   private:
    template <std::uint64_t kLimit>
    void AddTwo(const std::uint8_t* from) {
      const uint64x2_t size = vandq_u64(vreinterpretq_u64_u8(vld1q_u8(from)),
                                        vdupq_n_u64(0x7fffffffffffffff));
      const uint64x2_t above = vsubq_u64(size, vdupq_n_u64(kLimit));
      const uint64x2_t is_lost =
          vcltq_u64(above, vdupq_n_u64(0x7ff0000000000000 - kLimit));
      wide_count_ = vsubq_u64(wide_count_, is_lost);
    }

    uint32x4_t count_ = vdupq_n_u32(0);
    uint64x2_t wide_count_ = vdupq_n_u64(0);
  };
};

}  // namespace

constinit const Table kArm64 = MakeTable<Cpu>();

}  // namespace fastckpt::internal::float_cast

#endif
