// Version message: which readers a file is for; a part of other messages.
//
// Source: tensorflow/core/framework/versions.{proto,cc}.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

// VersionDef.
struct Version {
  std::int32_t producer = 0;
  std::int32_t min_consumer = 0;
  std::vector<std::int32_t> bad_consumers;
};

// Adds what `bytes` say, as protobuf merges a message that comes again.
void MergeVersion(ByteView bytes, Version* version);
// The message's own bytes, without tag and size.
std::string VersionBytes(const Version& version);

// Throws Unsupported when a reader of version 1 must not read what `version`
// says, and on a negative producer.
void CheckVersion(const Version& version);

}  // namespace fastckpt::internal
