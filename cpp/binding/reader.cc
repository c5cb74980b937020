#include "reader.h"

#include <optional>
#include <utility>

#include "fastckpt/read/slot_groups.h"
#include "listing.h"
#include "lock.h"
#include "row_read.h"
#include "run_options.h"
#include "signals.h"
#include "string_read.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

template <typename Request>
std::uint64_t RequestSize(const TensorSource& source,
                          const std::vector<Request>& requests) {
  std::uint64_t size = 0;
  for (const Request& request : requests) {
    size += source.Facts(request.slot).size;
  }
  return size;
}

[[noreturn]] void ThrowMissing(py::handle name) {
  PyErr_SetObject(PyExc_KeyError, name.ptr());
  throw py::error_already_set();
}

}  // namespace

const Reader* ReaderIn(PyObject* object) {
  static const py::handle type = py::type::of<Reader>();
  if (py::type::handle_of(object).ptr() != type.ptr()) return nullptr;
  return reinterpret_cast<py::detail::instance*>(object)
      ->get_value_and_holder()
      .value_ptr<Reader>();
}

Reader::~Reader() {
  arrays_.Forget();
  Unmap(source().OwnMappedBytes(), [&] {
    // Infos may live on; they need no files.
    source().CloseFiles();
    checkpoint_.reset();
  });
}

// A shape that is wrong is the file's fault, not the region's.
ParsedRegion Reader::ParseRegion(std::size_t slot, py::handle region) const {
  WithName(source(), slot, [&] { source().CheckShape(slot); });
  return ParseRegionArgument(region, source().Facts(slot).dims);
}

void Reader::ParseRequest(const py::tuple& request, Requests* parsed) const {
  const auto slot = request[0].cast<std::size_t>();
  ParsedRegion region = ParseRegion(slot, request[1]);
  const auto label = [&] {
    return "tensor " + Quote(source().Name(slot)) + ": ";
  };
  OutArray out;
  try {
    out = ViewOutArray(request[2], source().Facts(slot).dtype,
                       region.KeptShape());
  } catch (const py::type_error& error) {
    throw py::type_error(label() + error.what());
  } catch (const py::value_error& error) {
    throw py::value_error(label() + error.what());
  }
  if (region.list_axis) {
    parsed->rows.push_back(
        MakeGather(slot, std::move(region), out.data, out.strides));
    return;
  }
  ReadRequest result{
      slot, region.region, {out.data, region.Spread(out.strides)}};
  FlipNegativeSteps(&result.region, &result.destination);
  parsed->regions.push_back(std::move(result));
}

void Reader::Check(std::size_t slot, py::handle region) const {
  const Region rising = RisingRegion(HullOf(ParseRegion(slot, region)));
  const auto find = [&] {
    WithName(source(), slot, [&] {
      std::vector<Piece> pieces;
      SeenFiles seen;
      source().AppendPieces(slot, &rising, CheckRule::kNever, &seen, &pieces);
    });
  };
  // Called for each of many requests, mostly without a byte to read.
  if (MayHold(source(), slot, rising)) return;
  if (source().DecodesPieces()) return Unlocked(find);
  find();
}

bool Reader::IsSwapped(std::size_t slot) const {
  return source().LayoutOf(slot).swap_unit > 1;
}

py::object Reader::Find(py::handle name) const {
  std::string storage;
  std::string_view bytes;
  if (!ViewName(name.ptr(), &storage, &bytes)) return py::none();
  const auto slot = source().Find(bytes);
  return slot ? py::object(py::int_(*slot)) : py::none();
}

std::size_t Reader::SlotOf(py::handle name) const {
  std::string storage;
  std::string_view bytes;
  std::optional<std::size_t> slot;
  if (ViewName(name.ptr(), &storage, &bytes)) slot = FindNext(bytes);
  if (!slot) ThrowMissing(name);
  return *slot;
}

bool Reader::IsString(std::size_t slot) const {
  return source().Facts(slot).dtype == DType::kString;
}

std::optional<std::size_t> Reader::FindNext(std::string_view name) const {
  const std::size_t next = next_slot_.load(std::memory_order_relaxed);
  const bool is_next = next < source().slot_count() &&
                       source().IsTensor(next) && source().Name(next) == name;
  const auto slot = is_next ? next : source().Find(name);
  if (slot) next_slot_.store(*slot + 1, std::memory_order_relaxed);
  return slot;
}

py::object Reader::Get(std::size_t slot, std::size_t threads) const {
  const auto ready = checkpoint_->FindReady(slot);
  if (!ready) return TakeOne(slot, threads);
  return arrays_.MakeView(slot, *ready);
}

py::object Reader::TakeOne(std::size_t slot, std::size_t threads) const {
  if (IsString(slot)) return ReadStrings(*checkpoint_, {slot}, false)[0];
  const std::vector<std::size_t> slots = {slot};
  std::optional<std::vector<ArrayBytes>> taken;
  const bool is_small =
      !source().DecodesPieces() && source().Facts(slot).size <= kKeepLock;
  if (is_small) {
    RunOptions options;
    taken = checkpoint_->Take(slots, options, false);
  }
  if (!taken) {
    taken = Interruptible([&](const Interrupt& interrupted) {
      const auto options = MakeOptions(threads, nullptr, interrupted);
      return checkpoint_->Take(slots, options, true);
    });
  }
  return arrays_.MakeAll(slots, *taken, false)[0];
}

py::list Reader::Take(const std::vector<std::size_t>& slots,
                      std::size_t threads, CallProgress* progress) const {
  return WithStrings(slots, false, &Reader::TakeArrays, threads, progress);
}

py::list Reader::Copy(const std::vector<std::size_t>& slots,
                      std::size_t threads, CallProgress* progress) const {
  return WithStrings(slots, true, &Reader::CopyArrays, threads, progress);
}

py::list Reader::TakeArrays(const std::vector<std::size_t>& slots,
                            std::size_t threads, CallProgress* progress) const {
  const auto taken = Interruptible(
      [&](const Interrupt& interrupted) {
        const auto options = MakeOptions(threads, progress, interrupted);
        return checkpoint_->Take(slots, options, true);
      },
      progress);
  return arrays_.MakeAll(slots, *taken, false);
}

py::list Reader::CopyArrays(const std::vector<std::size_t>& slots,
                            std::size_t threads, CallProgress* progress) const {
  const auto copies = Interruptible(
      [&](const Interrupt& interrupted) {
        const auto options = MakeOptions(threads, progress, interrupted);
        return checkpoint_->Copy(slots, options);
      },
      progress);
  return arrays_.MakeAll(slots, copies, true);
}

// Numeric tensors by `read` in one go, then strings.
py::list Reader::WithStrings(
    const std::vector<std::size_t>& slots, bool is_writable,
    py::list (Reader::*read)(const std::vector<std::size_t>&, std::size_t,
                             CallProgress*) const,
    std::size_t threads, CallProgress* progress) const {
  std::vector<std::size_t> numeric;
  std::vector<std::size_t> texts;
  for (const std::size_t slot : slots) {
    (IsString(slot) ? texts : numeric).push_back(slot);
  }
  py::list arrays = (this->*read)(numeric, threads, progress);
  if (texts.empty()) return arrays;
  py::list strings = ReadStrings(*checkpoint_, texts, is_writable);
  py::list all(slots.size());
  std::size_t next_array = 0;
  std::size_t next_string = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    all[i] = IsString(slots[i]) ? py::object(strings[next_string++])
                                : py::object(arrays[next_array++]);
  }
  return all;
}

py::object Reader::Read(std::size_t slot, py::handle region,
                        std::size_t threads, bool steadily,
                        std::optional<bool> check) const {
  if (!steadily && !check) {
    PyObject* rows = ReadRowsQuickly(*checkpoint_, slot, region.ptr());
    if (rows != nullptr) return py::reinterpret_steal<py::object>(rows);
  }
  const ParsedRegion parsed = ParseRegion(slot, region);
  if (IsString(slot)) {
    return ReadStringRegion(*checkpoint_, slot, parsed, region, check);
  }
  if (parsed.list_axis) {
    return ReadRows(*checkpoint_, slot, parsed, threads, steadily, check);
  }
  const TensorFacts facts = source().Facts(slot);
  const std::vector<std::int64_t> shape = parsed.KeptShape();
  // Who learns what slices are from an empty one waits for no check.
  if (RegionCount(parsed.region) == 0 && ElementCount(facts.dims) > 0) {
    return MakeCopy({}, facts.dtype, shape);
  }
  const std::size_t item_size = source().LayoutOf(slot).item_size;
  const std::vector<std::int64_t> strides =
      parsed.Spread(ContiguousStrides(shape, item_size));
  const auto copy = [&](RunOptions options) {
    options.steadily = steadily;
    options.check = check;
    return checkpoint_->CopyRegion(slot, parsed.region, strides, options);
  };
  const bool is_small = !source().DecodesPieces() && facts.size <= kKeepLock;
  const ArrayBytes bytes =
      is_small ? copy(RunOptions{})
               : Interruptible([&](const Interrupt& interrupted) {
                   return copy(MakeOptions(threads, nullptr, interrupted));
                 });
  return MakeCopy(bytes, facts.dtype, shape);
}

void Reader::ReadInto(const py::list& requests, std::size_t threads,
                      CallProgress* progress, bool checks_first) const {
  Requests parsed;
  for (const py::handle request : requests) {
    ParseRequest(py::reinterpret_borrow<py::tuple>(request), &parsed);
  }
  const bool is_small =
      !source().DecodesPieces() && RequestSize(source(), parsed.regions) +
                                           RequestSize(source(), parsed.rows) <=
                                       kKeepLock;
  const CheckRule rule = checkpoint_->RuleOf({});
  const auto read = [&](const Interrupt& interrupted) {
    const RunOptions options = MakeOptions(threads, progress, interrupted);
    // What is decoded need not wait in memory.
    std::vector<Gather> found;
    for (const GatherRequest& rows : parsed.rows) {
      if (source().DecodesPieces() || !checks_first) break;
      found.emplace_back(source(), rows, rule, options);
    }
    checkpoint_->Read(parsed.regions, options, checks_first);
    for (std::size_t i = 0; i < parsed.rows.size(); ++i) {
      const GatherRequest& rows = parsed.rows[i];
      if (found.empty()) {
        Gather(source(), rows, rule, options).Copy(rows.destination, options);
      } else {
        found[i].Copy(rows.destination, options);
      }
    }
  };
  is_small ? read(nullptr) : Interruptible(read, progress);
}

py::tuple Reader::Verify(std::size_t threads, CallProgress* progress) const {
  const py::tuple all = VerifyClosely(threads, progress);
  return py::make_tuple(all[0], all[1]);
}

py::tuple Reader::VerifyClosely(std::size_t threads,
                                CallProgress* progress) const {
  const VerifyResult result = Interruptible(
      [&](const Interrupt& interrupted) {
        return checkpoint_->Verify(MakeOptions(threads, progress, interrupted));
      },
      progress);
  return ListProblems(result);
}

}  // namespace fastckpt::internal
