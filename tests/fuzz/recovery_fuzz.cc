// Input: what is left of a V2 index, whose data file is at hand.
#include <string>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/index_recovery.h"
#include "fuzz_folder.h"
#include "fuzz_target.h"
#include "require.h"
