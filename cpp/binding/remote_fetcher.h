// RemoteFetcher: a RangeFetcher that asks Python for the bytes.
//
// Python's side is an object with open(path) and start(requests, wanted_bytes,
// is_unchecked), which gives one with next(), done(request), finish(),
// compare() and stop(); see fastckpt/files/fetcher.py. What it calls an error
// is a tuple (kind, message, path).
//
// The interpreter lock is taken for each call, on whatever thread. Who waits in
// Python lets it go.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "fastckpt/platform/range_fetcher.h"

namespace fastckpt::internal {

std::shared_ptr<const RangeFetcher> MakeRemoteFetcher(pybind11::object fetcher);

}  // namespace fastckpt::internal
