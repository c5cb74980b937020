#include "table_mutator.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/snappy.h"
#include "fastckpt/table/block_reader.h"
#include "fastckpt/table/table_format.h"
#include "fuzz_target.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kMaxGrowth = 64;

using Record = std::pair<std::string, std::string>;

// A data block as stored, and its key in the index.
struct Part {
  std::string key;
  std::string stored;
  BlockType type;
};

Footer FooterOf(ByteView table) {
  return ReadFooter(table.last(std::min(table.size(), kFooterSize)),
                    table.size());
}

// The bytes and the type of a block, unchecked. Throws where there is none.
std::pair<ByteView, BlockType> StoredAt(ByteView table,
                                        const BlockHandle& handle) {
  CheckHandle(handle, table.size());
  const auto from = table.subspan(static_cast<std::size_t>(handle.offset));
  const auto size = static_cast<std::size_t>(handle.size);
  return {from.first(size), ReadBlockType(from.subspan(size, kTrailerSize))};
}

std::vector<Record> RecordsOf(ByteView stored, BlockType type) {
  std::vector<std::uint8_t> decoded;
  if (type == BlockType::kSnappy) {
    decoded.resize(SnappyDecodedSize(stored));
    DecodeSnappy(stored, decoded);
    stored = decoded;
  }
  std::vector<Record> records;
  BlockReader reader(stored);
  while (reader.Next())
    records.emplace_back(reader.key(), AsText(reader.value()));
  return records;
}

// The handles of data blocks, with their keys. Throws where there are none.
std::vector<std::pair<std::string, BlockHandle>> IndexOf(ByteView table) {
  std::vector<std::pair<std::string, BlockHandle>> index;
  const auto [stored, type] = StoredAt(table, FooterOf(table).index);
  for (const auto& [key, value] : RecordsOf(stored, type)) {
    Cursor cursor(AsBytes(value));
    BlockHandle handle;
    if (TakeHandle(&cursor, &handle)) index.emplace_back(key, handle);
  }
  return index;
}

void FixTrailer(std::string* table, const BlockHandle& handle) {
  std::string trailer;
  try {
    const auto [stored, type] = StoredAt(AsBytes(*table), handle);
    PutTrailer(&trailer, stored, type);
  } catch (const Error&) {
    return;
  }
  table->replace(static_cast<std::size_t>(handle.offset + handle.size),
                 kTrailerSize, trailer);
}

// Makes the trailers anew that the handles lead to.
void FixChecksums(std::string* table) {
  try {
    for (const auto& entry : IndexOf(AsBytes(*table))) {
      FixTrailer(table, entry.second);
    }
    FixTrailer(table, FooterOf(AsBytes(*table)).index);
  } catch (const Error&) {
    // Nobody will find the blocks of this table either.
  }
}

// The parts of a table; none where it is broken.
std::vector<Part> TakeApart(ByteView table) {
  std::vector<Part> parts;
  try {
    for (const auto& [key, handle] : IndexOf(table)) {
      const auto [stored, type] = StoredAt(table, handle);
      parts.push_back({key, std::string(AsText(stored)), type});
    }
  } catch (const Error&) {
    parts.clear();
  }
  return parts;
}

// A block whose keys share nothing, whatever their order.
std::string BlockOf(const std::vector<Record>& records) {
  std::string block;
  for (const auto& [key, value] : records) {
    PutVarint32(&block, 0);
    PutVarint64(&block, key.size());
    PutVarint64(&block, value.size());
    block += key + value;
  }
  PutFixed32(&block, 0);
  PutFixed32(&block, 1);
  return block;
}

BlockHandle PutBlock(std::string* table, std::string_view stored,
                     BlockType type) {
  const BlockHandle handle{table->size(), stored.size()};
  table->append(stored);
  PutTrailer(table, AsBytes(stored), type);
  return handle;
}

std::string PutTogether(const std::vector<Part>& parts) {
  std::string table;
  std::vector<Record> index;
  for (const Part& part : parts) {
    Record& entry = index.emplace_back(part.key, "");
    PutHandle(&entry.second, PutBlock(&table, part.stored, part.type));
  }
  Footer footer;
  footer.metaindex = PutBlock(&table, BlockOf({}), BlockType::kRaw);
  footer.index = PutBlock(&table, BlockOf(index), BlockType::kRaw);
  PutFooter(&table, footer);
  return table;
}

void MutatePart(Part* part, std::mt19937* random) {
  MutateBytes((*random)() % 8 == 0 ? &part->key : &part->stored);
}

void MutateRecords(std::vector<Record>* records, std::mt19937* random) {
  const auto pick = [&]() -> Record& {
    return (*records)[(*random)() % records->size()];
  };
  switch ((*random)() % 8) {
    case 0:
      return std::swap(pick(), pick());
    case 1:
      return std::swap(pick().second, pick().second);
    case 2:
      return records->push_back(Record(pick()));
    case 3:
      pick() = records->back();
      return records->pop_back();
    case 4:
      return MutateBytes(&pick().first);
    default:
      return MutateBytes(&pick().second);
  }
}

// Changes records of a part where it has any, else its bytes.
void MutateRecordsOf(Part* part, std::mt19937* random) {
  std::vector<Record> records;
  try {
    records = RecordsOf(AsBytes(part->stored), part->type);
  } catch (const Error&) {
    // The bytes are broken, and are broken further below.
  }
  if (records.empty()) return MutatePart(part, random);
  MutateRecords(&records, random);
  if ((*random)() % 2 == 0) std::sort(records.begin(), records.end());
  part->stored = BlockOf(records);
  part->type = BlockType::kRaw;
  if ((*random)() % 2 == 0 && !records.empty()) {
    part->key = std::max(part->key, records.back().first);
  }
}

}  // namespace

void MutateBytes(std::string* bytes) {
  const std::size_t size = bytes->size();
  bytes->resize(size + kMaxGrowth);
  auto* const data = reinterpret_cast<std::uint8_t*>(bytes->data());
  bytes->resize(LLVMFuzzerMutate(data, size, bytes->size()));
}

std::string MutateTable(std::string_view table, std::mt19937* random) {
  std::vector<Part> parts = TakeApart(AsBytes(table));
  const unsigned choice = (*random)() % 4;
  if (choice == 0 || parts.empty()) {
    std::string bytes(table);
    MutateBytes(&bytes);
    FixChecksums(&bytes);
    return bytes;
  }
  Part* const part = &parts[(*random)() % parts.size()];
  if (choice == 1) {
    MutatePart(part, random);
  } else {
    MutateRecordsOf(part, random);
  }
  return PutTogether(parts);
}

std::size_t StoreMutated(std::string_view input, std::uint8_t* data,
                         std::size_t max_size) {
  const std::size_t size = std::min(input.size(), max_size);
  std::memcpy(data, input.data(), size);
  return size;
}

std::size_t MutateTableInput(std::uint8_t* data, std::size_t size,
                             std::size_t max_size, unsigned seed) {
  std::mt19937 random(seed);
  const std::string_view table = AsText({data, size});
  return StoreMutated(MutateTable(table, &random), data, max_size);
}

}  // namespace fastckpt::internal
