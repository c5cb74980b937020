#include "on_write.h"

#include "array_maker.h"
#include "run_options.h"
#include "signals.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

py::list TakeNumeric(const CheckpointReader& checkpoint,
                     const std::vector<std::size_t>& slots, std::size_t threads,
                     CallProgress* progress) {
  const auto arrays = Interruptible(
      [&](const Interrupt& interrupted) {
        const auto options = MakeOptions(threads, progress, interrupted);
        return checkpoint.TakeOnWrite(slots, options);
      },
      progress);
  return ArrayMaker(checkpoint.source()).MakeAll(slots, arrays, true);
}

}  // namespace

py::list TakeOnWrite(const Reader& reader,
                     const std::vector<std::size_t>& slots, std::size_t threads,
                     CallProgress* progress) {
  std::vector<std::size_t> numeric;
  std::vector<std::size_t> texts;
  for (const std::size_t slot : slots) {
    (reader.IsString(slot) ? texts : numeric).push_back(slot);
  }
  const py::list arrays =
      TakeNumeric(*reader.checkpoint(), numeric, threads, progress);
  if (texts.empty()) return arrays;
  const py::list strings = reader.Copy(texts, threads, progress);
  py::list all(slots.size());
  std::size_t next_array = 0;
  std::size_t next_string = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    all[i] = reader.IsString(slots[i]) ? py::object(strings[next_string++])
                                       : py::object(arrays[next_array++]);
  }
  return all;
}

}  // namespace fastckpt::internal
