#include "fastckpt/write/data_writer.h"

#include <algorithm>
#include <map>
#include <memory>
#include <variant>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/write/string_writer.h"

namespace fastckpt {
namespace {

// Jobs of this size are worth a way past the page cache.
constexpr std::uint64_t kDirectSize = std::uint64_t{4} << 20;

// What file systems share are whole blocks; fewer than this are not worth it.
constexpr std::uint64_t kShareAlignment = 4096;
constexpr std::uint64_t kMinShared = std::uint64_t{64} << 10;

// A range of one part's values.
struct Piece {
  std::size_t part;
  std::uint64_t begin;
  std::uint64_t size;
  bool is_last;
  std::uint32_t crc32c = 0;
};

// Neighbouring pieces of one file.
struct Job {
  const OutputFile* file;
  std::uint64_t offset;
  std::uint64_t size;
  std::vector<Piece> pieces;
};

std::uint32_t WriteArray(const StridedArray& array, const Piece& piece,
                         WriteBuffer* buffer) {
  const GatherPlan plan(array);
  const std::uint64_t item = plan.item_size();
  std::uint32_t crc = 0;
  for (std::uint64_t done = 0; done < piece.size;) {
    const std::span<std::uint8_t> room = buffer->Room(item);
    const std::uint64_t size =
        std::min<std::uint64_t>(room.size() / item * item, piece.size - done);
    crc = plan.Copy(crc, piece.begin + done, size, room.data());
    buffer->Use(size);
    done += size;
  }
  return crc;
}

StridedArray ArrayOf(ByteView bytes) {
  StridedArray array;
  array.data = bytes.data();
  array.dims = {static_cast<std::int64_t>(bytes.size())};
  array.strides = {1};
  return array;
}

// Lets the file system share the whole blocks of a piece with the file that it
// is from; false if it does not.
bool ShareBlocks(const StoredBytes& stored, const Piece& piece,
                 const OutputFile& file, WriteBuffer* buffer) {
  const std::uint64_t to = buffer->position();
  const std::uint64_t from = stored.offset + piece.begin;
  if (stored.file == nullptr ||
      from % kShareAlignment != to % kShareAlignment) {
    return false;
  }
  const std::uint64_t head = (0 - to) % kShareAlignment;
  if (piece.size < head + kMinShared) return false;
  const std::uint64_t shared =
      (piece.size - head) / kShareAlignment * kShareAlignment;
  if (!file.Share(*stored.file, from + head, to + head, shared)) return false;
  const ByteView bytes =
      stored.bytes.subspan(static_cast<std::size_t>(piece.begin),
                           static_cast<std::size_t>(piece.size));
  buffer->Put(bytes.first(static_cast<std::size_t>(head)));
  buffer->Skip(shared);
  buffer->Put(bytes.subspan(static_cast<std::size_t>(head + shared)));
  return true;
}

std::uint32_t WriteStored(const StoredBytes& stored, const Piece& piece,
                          const OutputFile& file, WriteBuffer* buffer) {
  if (!ShareBlocks(stored, piece, file, buffer)) {
    return WriteArray(ArrayOf(stored.bytes), piece, buffer);
  }
  return Crc32c(stored.bytes.subspan(static_cast<std::size_t>(piece.begin),
                                     static_cast<std::size_t>(piece.size)));
}

std::uint32_t WritePiece(const DataPart& part, const Piece& piece,
                         WriteBuffer* buffer) {
  const auto& values = part.input->values;
  if (const auto* array = std::get_if<StridedArray>(&values)) {
    return WriteArray(*array, piece, buffer);
  }
  if (const auto* stored = std::get_if<StoredBytes>(&values)) {
    return WriteStored(*stored, piece, *part.file, buffer);
  }
  return WriteStrings(std::get<StringValues>(values),
                      [buffer](ByteView bytes) { buffer->Put(bytes); });
}

// Bytes that a cut may not part; 0 if the values cannot be cut at all.
std::uint64_t UnitOf(const TensorInput& input) {
  if (std::holds_alternative<StringValues>(input.values)) return 0;
  const auto* array = std::get_if<StridedArray>(&input.values);
  return array == nullptr ? 1 : array->item_size;
}

class JobPlanner {
 public:
  explicit JobPlanner(const std::vector<DataPart>& parts) : parts_(parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) AddPart(i);
    // Files side by side: threads that write one file wait for each other.
    std::stable_sort(
        jobs_.begin(), jobs_.end(),
        [](const Job& a, const Job& b) { return a.offset < b.offset; });
  }

  std::vector<Job> TakeJobs() { return std::move(jobs_); }

 private:
  void AddPart(std::size_t i) {
    const DataPart& part = parts_[i];
    const std::uint64_t unit = UnitOf(*part.input);
    if (unit == 0) return AddPiece(i, 0, part.size);
    std::uint64_t begin = 0;
    do {
      const std::uint64_t room =
          std::max(Room(*part.file) / unit, std::uint64_t{1}) * unit;
      const std::uint64_t size = std::min(part.size - begin, room);
      AddPiece(i, begin, size);
      begin += size;
    } while (begin < part.size);
  }

  std::uint64_t Room(const OutputFile& file) const {
    const auto open = open_.find(&file);
    if (open == open_.end()) return kWritebackSize;
    return kWritebackSize - std::min(kWritebackSize, jobs_[open->second].size);
  }

  void AddPiece(std::size_t i, std::uint64_t begin, std::uint64_t size) {
    const DataPart& part = parts_[i];
    const bool is_last = begin + size == part.size;
    const auto [open, is_new] = open_.try_emplace(part.file, jobs_.size());
    if (is_new) jobs_.push_back({part.file, part.offset + begin, 0, {}});
    Job& job = jobs_[open->second];
    job.pieces.push_back({i, begin, size, is_last});
    job.size += size + (is_last ? part.padding : 0);
    if (job.size >= kWritebackSize) open_.erase(open);
  }

  const std::vector<DataPart>& parts_;
  std::vector<Job> jobs_;
  std::map<const OutputFile*, std::size_t> open_;  // jobs that take more
};

void RunJob(const std::vector<DataPart>& parts, bool sync, BufferPool* buffers,
            Job* job) {
  const bool is_large = job->size >= kDirectSize;
  WriteBuffer buffer(*job->file, job->offset, sync && is_large, buffers);
  for (Piece& piece : job->pieces) {
    const DataPart& part = parts[piece.part];
    piece.crc32c = WritePiece(part, piece, &buffer);
    if (piece.is_last) buffer.PutZeros(part.padding);
  }
  buffer.Finish();
  if (sync && is_large) job->file->StartWriteback(job->offset, job->size);
}

}  // namespace

std::uint64_t StoredSize(const TensorInput& input) {
  if (const auto* strings = std::get_if<StringValues>(&input.values)) {
    return StoredSize(*strings);
  }
  if (const auto* stored = std::get_if<StoredBytes>(&input.values)) {
    return stored->bytes.size();
  }
  return ByteCount(input.dims, input.dtype);
}

bool DataWriter::Write(std::vector<DataPart>* parts,
                       const Interrupt& interrupted) {
  std::vector<Job> jobs = JobPlanner(*parts).TakeJobs();
  const bool is_done = ParallelFor(
      jobs.size(), threads_,
      [&](std::size_t i) { RunJob(*parts, sync_, &buffers_, &jobs[i]); },
      interrupted);
  // Jobs lie in the order of offsets, and so do the pieces of one part.
  for (const Job& job : jobs) {
    for (const Piece& piece : job.pieces) {
      std::uint32_t& crc = (*parts)[piece.part].crc32c;
      crc = CombineCrc32c(crc, piece.crc32c, piece.size);
    }
  }
  return is_done;
}

}  // namespace fastckpt
