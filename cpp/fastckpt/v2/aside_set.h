// Aside set: the files of a checkpoint that a save set aside, where they lie.
//
//   BASE.index.fastckpt-XXXXXXXX.old                the index
//   BASE.data-SSSSS-of-NNNNN.fastckpt-XXXXXXXX.old  a shard
//   BASE.fastckpt-XXXXXXXX.old                      a V1 file
//   (the same).tmp                                  what a save is writing
//
// XXXXXXXX is the token of one save, used once. A save sets the index aside
// before the shards and puts it back after them, so the set of a token is its
// index and, for each shard that the index names, the file of the token or,
// where that is not there, the one under the plain name. While an index or a V1
// file has its plain name no set counts: what is aside is litter then. Of
// several sets the one whose index was written last counts.
//
// A name belongs to one base only: "m.index.fastckpt-0123abcd.old" is the index
// of "m", never a V1 file of the base "m.index".
//
// Thread-safety: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/platform/file_reader.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {

enum class SaveMark { kTemporary, kAside };

// A name that a save gives for as long as it lasts.
struct MarkedName {
  std::string base;
  std::string plain;  // the name without mark
  std::string token;  // eight hexadecimal digits
  CheckpointPart part;
  SaveMark mark;
};

// The parts of such a name, of whatever base or of `base`; nothing if it is
// none.
std::optional<MarkedName> ParseMarkedName(std::string_view name);
std::optional<MarkedName> ParseMarkedName(std::string_view base,
                                          std::string_view name);

// "PLAIN.fastckpt-TOKEN.tmp" or ".old".
std::string MakeMarkedName(std::string_view plain, std::string_view token,
                           SaveMark mark);

// The base whose index, or V1 file, was set aside under this name; nothing if
// it is no such name.
std::optional<std::string> BaseOfAside(std::string_view name);

// True for the names that files of `base` have, plain and marked.
bool IsFileOf(std::string_view base, std::string_view name);

// A regular file of a folder, and when it was last written.
struct ListedFile {
  std::string name;
  std::int64_t mtime = 0;  // nanoseconds
};

struct AsideSet {
  std::string token;
  std::string index;              // the index's name as it lies, or empty
  std::string v1;                 // the V1 file's, or empty
  std::int64_t mtime = 0;         // of the index, or else of the V1 file
  std::vector<std::string> data;  // names of the token's shards, sorted

  // A save that finds both formats sets both aside; readers prefer V2.
  bool is_v1() const { return index.empty(); }
  const std::string& name() const { return is_v1() ? v1 : index; }
};

// All sets of a base, with plain names beside them or not; the index written
// last comes first.
std::vector<AsideSet> ListAsideSets(std::string_view base,
                                    const std::vector<ListedFile>& files);

// The set that counts; nothing while an index or a V1 file has its plain name.
// A plain file named BASE that is no table is to be left out of `files`.
std::optional<AsideSet> FindAsideSet(std::string_view base,
                                     const std::vector<ListedFile>& files);

// The name under which a set has a shard: the set's own, else the plain one.
std::string ShardInSet(const AsideSet& set, std::string_view base,
                       std::int32_t shard, std::int32_t num_shards);

// The names aside that go when a checkpoint of one format is removed, in an
// order in which no step makes an older set count, or one that lacks a file:
// the oldest set first, each set's index before its shards, then shards that
// have no index. With a plain name there nothing counts: both formats go. Else
// sets of the other format stay where they are newer than all of this one.
// REQUIRES: the plain index, or V1 file, is removed after them.
std::vector<std::string> AsideRemovalOrder(std::string_view base,
                                           const std::vector<ListedFile>& files,
                                           bool is_v1);

// The files in the folder of `prefix` that the functions above take: those with
// a plain or marked name of its base, shards too. None if the folder cannot be
// listed.
std::vector<ListedFile> ListFilesOf(const std::string& prefix);

// The set that counts under a prefix; lists the folder only where no plain
// index is there.
std::optional<AsideSet> FindAsideSet(const std::string& prefix);

// Where the file with this identity, which is or was a V1 file of this prefix,
// lies now; nothing if nowhere.
std::optional<std::string> FindV1File(const std::string& prefix,
                                      const FileIdentity& identity);

}  // namespace fastckpt::internal
