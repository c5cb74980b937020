#include "fastckpt/write/data_writer.h"

#include <algorithm>
#include <map>
#include <memory>
#include <variant>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/platform/file_reader.h"
#include "fastckpt/write/string_writer.h"

namespace fastckpt::internal {
namespace {

// Jobs of this size are worth a way past the page cache.
constexpr std::uint64_t kDirectSize = std::uint64_t{4} << 20;

// What file systems share are whole blocks; fewer than this are not worth it.
constexpr std::uint64_t kShareAlignment = 4096;
constexpr std::uint64_t kMinShared = std::uint64_t{64} << 10;

// What is read and then checked stays in a core's own cache in between.
constexpr std::uint64_t kReadStep = std::uint64_t{256} << 10;

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

// Reads stored bytes to where they are written from: a file that changes
// meanwhile is an error or another checksum, and a file that is cut no signal.
std::uint32_t CopyStored(std::uint32_t crc, const TensorInput& input,
                         std::uint64_t begin, std::uint64_t size,
                         WriteBuffer* buffer) {
  const auto& stored = std::get<StoredBytes>(input.values);
  for (std::uint64_t done = 0; done < size;) {
    const std::span<std::uint8_t> room = buffer->Room(1);
    const std::span<std::uint8_t> step = room.first(static_cast<std::size_t>(
        std::min<std::uint64_t>({room.size(), size - done, kReadStep})));
    WithContext(Where{{}, {}, input.name},
                [&] { stored.file->Read(stored.offset + begin + done, step); });
    crc = ExtendCrc32c(crc, step.data(), step.size());
    buffer->Use(step.size());
    done += step.size();
  }
  return crc;
}

// The checksum of bytes that the file system shared: of those that arrived.
std::uint32_t CheckShared(std::uint32_t crc, const OutputFile& file,
                          std::uint64_t offset, std::uint64_t size) {
  std::vector<std::uint8_t> buffer(
      static_cast<std::size_t>(std::min(size, kReadStep)));
  for (std::uint64_t done = 0; done < size;) {
    const std::span<std::uint8_t> step =
        std::span(buffer).first(static_cast<std::size_t>(
            std::min<std::uint64_t>(buffer.size(), size - done)));
    file.ReadAt(offset + done, step);
    crc = ExtendCrc32c(crc, step.data(), step.size());
    done += step.size();
  }
  return crc;
}

// Lets the file system share the whole blocks of a piece with the file that it
// is from; false if it does not.
bool ShareBlocks(const StoredBytes& stored, const DataPart& part,
                 const Piece& piece, WriteBuffer* buffer, std::uint32_t* crc) {
  const std::uint64_t to = buffer->position();
  const std::uint64_t from = stored.offset + piece.begin;
  if (from % kShareAlignment != to % kShareAlignment) return false;
  const std::uint64_t head = (0 - to) % kShareAlignment;
  if (piece.size < head + kMinShared) return false;
  const std::uint64_t shared =
      (piece.size - head) / kShareAlignment * kShareAlignment;
  if (!part.file->Share(*stored.file, from + head, to + head, shared)) {
    return false;
  }
  *crc = CopyStored(0, *part.input, piece.begin, head, buffer);
  *crc = CheckShared(*crc, *part.file, to + head, shared);
  buffer->Skip(shared);
  const std::uint64_t done = head + shared;
  *crc = CopyStored(*crc, *part.input, piece.begin + done, piece.size - done,
                    buffer);
  return true;
}

std::uint32_t WriteStored(const StoredBytes& stored, const DataPart& part,
                          const Piece& piece, WriteBuffer* buffer) {
  if (stored.file == nullptr) {
    return WriteArray(ArrayOf(stored.bytes), piece, buffer);
  }
  std::uint32_t crc = 0;
  if (ShareBlocks(stored, part, piece, buffer, &crc)) return crc;
  return CopyStored(0, *part.input, piece.begin, piece.size, buffer);
}

std::uint32_t WritePiece(const DataPart& part, const Piece& piece,
                         WriteBuffer* buffer) {
  const auto& values = part.input->values;
  if (const auto* array = std::get_if<StridedArray>(&values)) {
    return WriteArray(*array, piece, buffer);
  }
  if (const auto* stored = std::get_if<StoredBytes>(&values)) {
    return WriteStored(*stored, part, piece, buffer);
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

// What a job writes but for the padding.
std::uint64_t ValueBytes(const Job& job) {
  std::uint64_t size = 0;
  for (const Piece& piece : job.pieces) size += piece.size;
  return size;
}

}  // namespace

std::uint64_t StoredSize(const TensorInput& input) {
  if (const auto* strings = std::get_if<StringValues>(&input.values)) {
    return StoredSize(*strings);
  }
  if (const auto* stored = std::get_if<StoredBytes>(&input.values)) {
    return stored->file ? stored->size : stored->bytes.size();
  }
  return ByteCount(input.dims, input.dtype);
}

bool DataWriter::Write(std::vector<DataPart>* parts,
                       const Interrupt& interrupted) {
  std::vector<Job> jobs = JobPlanner(*parts).TakeJobs();
  const bool is_done = ParallelFor(
      jobs.size(), threads_,
      [&](std::size_t i) {
        RunJob(*parts, sync_, &buffers_, &jobs[i]);
        if (progress_) progress_->done += ValueBytes(jobs[i]);
      },
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

}  // namespace fastckpt::internal
