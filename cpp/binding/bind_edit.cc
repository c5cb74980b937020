#include "bind_edit.h"

#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/edit/merge.h"
#include "fastckpt/edit/rewrite.h"
#include "fastckpt/platform/parallel.h"
#include "reader.h"
#include "signals.h"
#include "tensor_items.h"

namespace fastckpt::internal {
namespace {

namespace py = pybind11;

using NewNames = decltype(Changes::names);

const BundleSource& BundleOf(const Reader& reader) {
  const BundleSource* bundle = reader.checkpoint()->bundle();
  if (bundle == nullptr) {
    ThrowInvalid(
        "a V1 checkpoint stores no bytes that a bundle could take; "
        "convert it first");
  }
  return *bundle;
}

// `shards` 0 keeps the data files as they are.
void Merge(const std::vector<const Reader*>& readers, const py::bytes& prefix,
           std::int32_t shards, bool fsync, std::size_t threads,
           CallProgress* progress) {
  WriteOptions options;
  options.shards = shards;
  options.sync = fsync;
  options.threads = threads == 0 ? AvailableThreads() : threads;
  options.progress = progress;
  Sources from;
  for (const Reader* reader : readers) from.push_back(&BundleOf(*reader));
  const std::string to = prefix;
  Interruptible(
      [&](const Interrupt& interrupted) {
        if (shards == 0) return MergeBundles(from, to, options, interrupted);
        if (!Reshard(from, to, options, interrupted)) throw Interrupted{};
      },
      progress);
}

// `names`: {tensor: [new name, ...]}; `values`: items that tensors of the
// source are to have instead of what is stored.
void RewriteStored(const Reader& reader, const std::string& prefix,
                   const NewNames& names, const py::list& values,
                   std::int32_t shards, std::uint64_t align, bool fsync,
                   std::size_t threads, CallProgress* progress,
                   bool may_replace) {
  WriteOptions options;
  options.may_replace = may_replace;
  options.shards = shards;
  options.alignment = align;
  options.sync = fsync;
  options.threads = threads == 0 ? AvailableThreads() : threads;
  options.progress = progress;
  Changes changes{names, {}};
  for (TensorInput& input : InputsOf(values)) {
    const std::string name = input.name;
    changes.values.insert_or_assign(name, std::move(input));
  }
  const BundleSource& source = BundleOf(reader);
  Interruptible(
      [&](const Interrupt& interrupted) {
        if (!Rewrite(source, prefix, changes, options, interrupted)) {
          throw Interrupted{};
        }
      },
      progress);
}

}  // namespace

void RegisterEdit(py::module_& m) {
  m.def("merge", &Merge, py::arg("sources"), py::arg("prefix"),
        py::arg("shards"), py::arg("fsync"), py::arg("threads"),
        py::arg("progress").none(true));
  m.def("rewrite", &RewriteStored, py::arg("source"), py::arg("prefix"),
        py::arg("names"), py::arg("values"), py::arg("shards"),
        py::arg("align"), py::arg("fsync"), py::arg("threads"),
        py::arg("progress").none(true), py::arg("may_replace") = true);
}

}  // namespace fastckpt::internal
