// The extension module: a list of what is registered, one file per subject.
#include <pybind11/pybind11.h>

#include "bind_aside.h"
#include "bind_codec.h"
#include "bind_edit.h"
#include "bind_objects.h"
#include "bind_reader.h"
#include "bind_replacement.h"
#include "bind_writer.h"
#include "error_border.h"
#include "numpy_view.h"
#include "tensor_info.h"

PYBIND11_MODULE(_native, module) {
  module.doc() = "The C++ core of fastckpt; see _native.pyi.";
  module.attr("__version__") = FASTCKPT_VERSION;
#ifdef NDEBUG
  module.attr("NDEBUG") = true;
#else
  module.attr("NDEBUG") = false;
#endif
  fastckpt::RegisterErrors(module);
  fastckpt::RegisterNumpy(module);
  fastckpt::RegisterTensorInfo(module);
  fastckpt::RegisterReader(module);
  fastckpt::RegisterAside(module);
  fastckpt::RegisterCodec(module);
  fastckpt::RegisterObjects(module);
  fastckpt::RegisterWriter(module);
  fastckpt::RegisterEdit(module);
  fastckpt::RegisterReplacement(module);
}
