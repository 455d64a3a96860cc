// All that a store holds at one instant, as one stream of bytes: what a backup is made of.
//
// Layout (docs/formats.md): blocks, each with its length and checksum; a first block that says what it is, blocks of
// rows, a last block that counts them. So every flipped byte and every missing end is found before anything is used.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/status.hpp"
#include "storage/store.hpp"

namespace quorate::storage {

inline constexpr std::size_t snapshot_block_bytes = 256u << 10;
/// A row is far smaller than this; what claims more is damage.
inline constexpr std::size_t snapshot_block_bytes_max = 8u << 20;

struct snapshot_row {
  std::uint8_t family = 0;  ///< the number of a column family
  std::string_view key;
  std::string_view value;
};

/// Builds blocks. Pure; one thread.
class snapshot_blocks {
 public:
  /// The first block.
  static std::string begin(std::uint32_t format);
  /// Adds a row to the block under construction.
  void add(const snapshot_row& row);
  bool full() const { return payload_.size() >= snapshot_block_bytes; }
  bool empty() const { return payload_.empty(); }
  /// The block under construction, finished.
  std::string take();
  /// The last block.
  std::string end() const;

 private:
  std::string payload_;
  std::uint64_t rows_ = 0;
};

/// Takes a stream of blocks apart, in pieces of any size. Rows point into the reader until the next call.
class snapshot_parser {
 public:
  /// Calls `take` for every row that is complete now. errc::corruption for anything that is no snapshot, damaged or
  /// follows the end; format_too_new; errors of `take` are passed on.
  status feed(std::string_view bytes, const std::function<status(const snapshot_row&)>& take);
  /// After all bytes: corruption when the end is missing.
  status finish() const;
  std::uint64_t rows() const { return rows_; }

 private:
  status take_block(std::string_view payload, const std::function<status(const snapshot_row&)>& take);

  std::string pending_;
  std::uint64_t rows_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

/// Where bytes of a snapshot come from: the next piece, empty at the end.
using snapshot_input = std::function<result<std::string>()>;

}  // namespace quorate::storage
