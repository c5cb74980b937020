// Merging: several bundles become one, without their data being read.
//
// Writes what MergeV2Checkpoints writes: the indexes are merged, the data files
// get new names and are hard-linked or copied. Data files that no entry refers
// to are left out, and the header counts the files that are there, where
// TensorFlow counts what the headers said and loses track.
//
// A data file belongs to the index that was read: it is opened, and what is
// linked must be what was opened; when all are there, no index and no data file
// may have been replaced or have changed.
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc (MergeBundles);
// FORMAT section 5.10.
#pragma once

#include <string>

#include "fastckpt/edit/sources.h"
#include "fastckpt/write/bundle_writer.h"

namespace fastckpt::internal {

// Puts the checkpoint at `prefix` in place as BundleWriter does, and keeps the
// sources. Of the options, sync, threads and progress count. Throws System if a
// file is missing, Corruption for an entry beyond its file and for a source
// that was replaced or cut, Invalid if a tensor is in two sources or the
// sources' headers differ, Interrupted between two files and while it waits for
// another save.
void MergeBundles(const Sources& sources, const std::string& prefix,
                  const WriteOptions& options,
                  const Interrupt& interrupted = nullptr);

}  // namespace fastckpt::internal
