#include "fastckpt/write/v1_writer.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/value_encoder.h"
#include "fastckpt/table/table_writer.h"
#include "fastckpt/write/data_writer.h"

namespace fastckpt::internal {
namespace {

// Source: saved_tensor_slice_util.h, kMaxMessageBytes, kTensorProtoHeaderBytes.
constexpr std::uint64_t kMaxMessage = std::uint64_t{1} << 31;
constexpr std::uint64_t kMessageOverhead = std::uint64_t{1} << 10;
// TF_CHECKPOINT_VERSION.
constexpr std::int32_t kV1Producer = 1;

Placement PlacementOf(const TensorInput& input) {
  if (input.placement) return *input.placement;
  return {input.dims, SliceSpec(input.dims.size())};
}

std::string MakeRecord(const TensorInput& input, const SliceSpec& spec) {
  std::string head;
  PutSavedSliceHead(&head, input.name, spec, 0);
  const std::uint64_t bound =
      head.size() + kMessageOverhead + EncodedSizeBound(input);
  if (bound > kMaxMessage) {
    ThrowUnsupported("a V1 file cannot hold " + std::to_string(bound) +
                     " bytes, as they may become, in one record; add slices, "
                     "or write format v2");
  }
  const std::string values = EncodeValues(input);
  std::string record;
  PutSavedSliceHead(&record, input.name, spec, values.size());
  record += values;
  return record;
}

}  // namespace

V1Writer::V1Writer(const std::string& prefix, bool sync, Progress* progress,
                   bool may_replace)
    : sync_(sync), progress_(progress), commit_(prefix, "", may_replace) {}

void V1Writer::CheckOpen() const {
  commit_.CheckOwner();
  if (is_finished_) {
    ThrowInvalid("this writer is finished or has failed; begin a new one");
  }
}

bool V1Writer::Add(const std::vector<TensorInput>& inputs,
                   const Interrupt& interrupted) {
  CheckOpen();
  // One thread: a record is made whole, as the format wants it.
  const auto add = [&](std::size_t i) {
    CheckInput(inputs[i]);
    WithContext(Where{{}, {}, inputs[i].name}, [&] { AddOne(inputs[i]); });
    if (progress_) progress_->done += StoredSize(inputs[i]);
  };
  if (ParallelFor(inputs.size(), 1, add, interrupted)) return true;
  is_finished_ = true;
  return false;
}

void V1Writer::AddOne(const TensorInput& input) {
  Placement placement = PlacementOf(input);
  std::string key = SliceKey(input.name, placement.spec);
  if (records_.contains(key)) {
    ThrowInvalid("the same name or slice was added before");
  }
  const auto known = tensors_.find(input.name);
  if (known != tensors_.end()) {
    CheckAlike(static_cast<DType>(known->second.dtype),
               known->second.shape.dims, input.dtype, placement.full_dims);
  }
  records_.emplace(std::move(key), MakeRecord(input, placement.spec));
  if (known == tensors_.end()) {
    SavedSliceMeta meta;
    meta.name = input.name;
    meta.dtype = static_cast<std::int32_t>(input.dtype);
    meta.shape.dims = std::move(placement.full_dims);
    meta.shape.rank = meta.shape.dims.size();
    tensors_.emplace(input.name, std::move(meta));
  }
  added_.push_back({input.name, std::move(placement.spec)});
}

void V1Writer::Finish(const Interrupt& interrupted) {
  CheckOpen();
  is_finished_ = true;
  const std::unique_ptr<OutputFile> file = commit_.Create("");
  Write(*file, interrupted);
  if (progress_) progress_->on_whole();
  commit_.Finish({file.get()}, sync_, /*threads=*/1, interrupted);
}

// Tensors by name, the slices of one as TensorFlow leaves them: it sorts
// indices by std::sort, which is not stable, and so must we.
SavedMeta V1Writer::MakeMeta() const {
  std::vector<std::size_t> order(added_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return added_[a].name < added_[b].name;
  });
  SavedMeta meta;
  meta.version.producer = kV1Producer;
  for (const std::size_t i : order) {
    const Added& added = added_[i];
    if (meta.tensors.empty() || meta.tensors.back().name != added.name) {
      meta.tensors.push_back(tensors_.at(added.name));
    }
    meta.tensors.back().slices.push_back(added.spec);
  }
  return meta;
}

void V1Writer::Write(const OutputFile& file, const Interrupt& interrupted) {
  const SavedMeta meta = MakeMeta();
  for (const SavedSliceMeta& tensor : meta.tensors) {
    WithContext(Where{{}, {}, tensor.name},
                [&] { CheckDisjoint(tensor.shape.dims, tensor.slices); });
  }
  std::uint64_t offset = 0;
  std::uint64_t started = 0;
  TableWriter table([&](ByteView bytes) {
    file.WriteAt(offset, bytes);
    offset += bytes.size();
    if (offset - started < kWritebackSize) return;
    if (interrupted && interrupted()) throw Interrupted{};
    if (sync_) file.StartWriteback(started, offset - started);
    started = offset;
  });
  std::string first;
  PutSavedMeta(&first, meta);
  table.Add("", first);
  while (!records_.empty()) {
    const auto record = records_.extract(records_.begin());
    table.Add(record.key(), record.mapped());
  }
  table.Finish();
}

}  // namespace fastckpt::internal
