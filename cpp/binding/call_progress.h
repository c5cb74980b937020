// CallProgress: the progress of one call of Python's, and what ends that call.
#pragma once

#include <pybind11/pybind11.h>

#include "fastckpt/base/progress.h"

namespace fastckpt::internal {

// The GIL guards the objects.
struct CallProgress : Progress {
  CallProgress() {
    on_whole = [this] {
      const pybind11::gil_scoped_acquire held;
      if (finish) finish();
    };
  }

  // What somebody who looks wants the call to end with; null until then.
  pybind11::object error;
  // Null, or called when all is done but nothing is final; may raise.
  pybind11::object finish;
};

}  // namespace fastckpt::internal
