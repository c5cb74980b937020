#include "read_everything.h"

#include <functional>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/read/byte_runs.h"
#include "require.h"

namespace fastckpt::internal {
namespace {

// Runs `work`; false if an Error left it that speaks of the file.
bool Try(const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    Require(error.kind() != ErrorKind::kInvalid,
            "no argument of this program is wrong");
    return error.kind() == ErrorKind::kUnsupported;
  }
}

// Every second element of each dimension.
Region HalfOf(Dims dims) {
  Region region = WholeRegion(dims);
  for (RegionDim& dim : region) {
    dim.count = dim.count / 2;
    dim.step = 2;
  }
  return region;
}

void ReadHalf(const CheckpointReader& checkpoint, std::size_t slot) {
  const TensorSource& source = checkpoint.source();
  const TensorFacts facts = source.Facts(slot);
  source.CheckMeaning(slot);
  ReadRequest request{slot, HalfOf(facts.dims), {}};
  std::vector<std::int64_t> counts;
  for (const RegionDim& dim : request.region) counts.push_back(dim.count);
  const std::size_t item_size = source.LayoutOf(slot).item_size;
  std::vector<std::uint8_t> out(RegionCount(request.region) * item_size);
  request.destination = {out.data(), ContiguousStrides(counts, item_size)};
  checkpoint.Read(std::span(&request, 1), RunOptions{});
}

bool ReadNumbers(const CheckpointReader& checkpoint, std::size_t slot) {
  const std::span slots(&slot, 1);
  bool reads = Try([&] { checkpoint.Take(slots, RunOptions{}, true); });
  reads &= Try([&] { checkpoint.Copy(slots, RunOptions{}); });
  Try([&] { checkpoint.FindReady(slot); });
  Try([&] { ReadHalf(checkpoint, slot); });
  Try([&] {
    const TensorSource& source = checkpoint.source();
    const Region region = HalfOf(source.Facts(slot).dims);
    source.CheckMeaning(slot);
    FindByteRuns(source.Places(slot), region, source.LayoutOf(slot).item_size);
  });
  return reads;
}

bool ReadTensor(const CheckpointReader& checkpoint, std::size_t slot) {
  const TensorSource& source = checkpoint.source();
  source.Slices(slot);
  const DType dtype = source.Facts(slot).dtype;
  if (dtype == DType::kString) {
    return Try([&] { checkpoint.Strings(slot, checkpoint.RuleOf({})); });
  }
  if (ElementSize(dtype) > 0) return ReadNumbers(checkpoint, slot);
  return true;
}

}  // namespace

void ReadEverything(const CheckpointReader& checkpoint) {
  const TensorSource& source = checkpoint.source();
  bool reads = true;
  for (std::size_t slot = 0; slot < source.slot_count(); ++slot) {
    if (source.IsTensor(slot)) reads &= ReadTensor(checkpoint, slot);
  }
  Try([&] { source.DebugString(); });
  const VerifyResult result = checkpoint.Verify(RunOptions{});
  Require(reads || !result.problems.empty(),
          "what verify finds right can be read");
}

}  // namespace fastckpt::internal
