#include "fastckpt/version.h"

namespace fastckpt {

std::string_view Version() { return FASTCKPT_VERSION; }

}  // namespace fastckpt
