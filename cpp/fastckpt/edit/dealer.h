// Dealer: passes the tensors of one bundle on to a writer, in file order.
//
// Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/edit/sources.h"
#include "fastckpt/platform/fetched_ranges.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/tensor/tensor_input.h"
#include "fastckpt/write/bundle_writer.h"

namespace fastckpt::internal {

// What becomes of the tensors of one source.
struct Changes {
  // Per tensor the names that it is to have; one that is not here is left out
  // and not looked at.
  std::map<std::string, std::vector<std::string>, std::less<>> names;
  // Values in place of those that are stored, of tensors that have names.
  std::map<std::string, TensorInput, std::less<>> values;
};

class Dealer {
 public:
  // `changes` null: all tensors, as they are. Throws as Rewrite does.
  Dealer(const BundleSource& source, const Changes* changes,
         BundleWriter* writer, const Interrupt& interrupted)
      : source_(source),
        changes_(changes),
        writer_(writer),
        interrupted_(interrupted),
        items_(ItemsInFileOrder()) {}

  // Of the source.
  const std::string& prefix() const { return source_.prefix(); }

  // The bytes that will be written, padding left out.
  std::uint64_t Size() const;

  // False if `interrupted` ended the work. Throws as Rewrite does.
  bool Run();

 private:
  // What is written in one go: a tensor, a slice of one, or new values.
  struct Item {
    std::size_t slot;
    std::size_t tensor;
    std::optional<SliceSpec> slice;
    const TensorInput* value;
  };

  bool IsWanted(std::string_view name) const;
  const TensorInput* ValueOf(std::string_view name) const;
  std::vector<std::string> NamesFor(std::size_t tensor) const;
  std::string OldName(const Item& item) const;
  std::vector<Item> ItemsInFileOrder() const;
  void AppendItems(std::size_t tensor, std::vector<Item>* items) const;
  bool Pass(const Item& item, const std::string& name);
  TensorInput Take(const Item& item, const std::string& name);
  std::uint64_t SizeOf(const Item& item) const;
  StoredBytes Locate(const TensorInput& input, std::size_t slot);
  StoredBytes Hold(std::size_t slot, const DataFile& file);
  void FetchFrom(std::size_t item);
  const DataFile& FileOf(std::size_t slot);
  bool Flush();
  [[noreturn]] void RethrowAtSource(const Error& error) const;

  const BundleSource& source_;
  const Changes* changes_;
  BundleWriter* writer_;
  const Interrupt& interrupted_;
  const std::vector<Item> items_;
  std::map<std::int32_t, std::unique_ptr<DataFile>> files_;
  std::vector<TensorInput> batch_;
  std::vector<Item> batch_items_;     // where each is from
  std::vector<Scratch> batch_bytes_;  // what those point to that were read
  std::uint64_t batch_size_ = 0;
  // Of what lies elsewhere: bytes of the items before that number.
  std::optional<FetchedRanges> fetched_;
  std::size_t fetched_end_ = 0;
};

}  // namespace fastckpt::internal
