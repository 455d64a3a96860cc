#include "storage/snapshot.hpp"

#include "proto/ensure.hpp"
#include "proto/hash.hpp"
#include "storage/big_endian.hpp"
#include "storage/meta_codec.hpp"

namespace quorate::storage {

namespace {

constexpr std::string_view what_it_is = "quorate snapshot";
constexpr std::size_t frame_bytes = 4 + 8;
constexpr std::uint8_t end_mark = 0xFF;

std::string framed(std::string_view payload) {
  std::string block;
  block.reserve(frame_bytes + payload.size());
  append_big_endian(block, static_cast<std::uint32_t>(payload.size()));
  append_big_endian(block, hash64_of(payload));
  block.append(payload);
  return block;
}

status damaged(const std::string& what) { return {errc::corruption, "the snapshot is damaged: " + what}; }

}  // namespace

std::string snapshot_blocks::begin(std::uint32_t format) {
  std::string payload(what_it_is);
  append_big_endian(payload, format);
  return framed(payload);
}

void snapshot_blocks::add(const snapshot_row& row) {
  ensure(row.family != end_mark, "no row of a snapshot is taken for its end");
  append_big_endian(payload_, row.family);
  append_big_endian(payload_, static_cast<std::uint32_t>(row.key.size()));
  payload_.append(row.key);
  append_big_endian(payload_, static_cast<std::uint32_t>(row.value.size()));
  payload_.append(row.value);
  ++rows_;
}

std::string snapshot_blocks::take() {
  auto block = framed(payload_);
  payload_.clear();
  return block;
}

std::string snapshot_blocks::end() const {
  std::string payload;
  append_big_endian(payload, end_mark);
  append_big_endian(payload, rows_);
  return framed(payload);
}

status snapshot_parser::feed(std::string_view bytes, const std::function<status(const snapshot_row&)>& take) {
  pending_.append(bytes);
  std::string_view rest = pending_;
  while (rest.size() >= frame_bytes) {
    byte_reader frame(rest);
    const auto length = frame.number<std::uint32_t>();
    const auto sum = frame.number<std::uint64_t>();
    if (length == 0 || length > snapshot_block_bytes_max) return damaged("a block has an impossible length");
    if (rest.size() - frame_bytes < length) break;
    const auto payload = rest.substr(frame_bytes, length);
    if (hash64_of(payload) != sum) return damaged("a block does not match its checksum");
    if (auto taken = take_block(payload, take); !taken) return taken;
    rest.remove_prefix(frame_bytes + length);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return {};
}

status snapshot_parser::take_block(std::string_view payload, const std::function<status(const snapshot_row&)>& take) {
  if (ended_) return damaged("something follows its end");
  if (!begun_) {
    if (!payload.starts_with(what_it_is)) return {errc::corruption, "this is no snapshot of quorate"};
    byte_reader in(payload.substr(what_it_is.size()));
    const auto format = in.number<std::uint32_t>();
    if (!in.complete()) return damaged("its first block is cut short");
    if (format > format_number)
      return {errc::format_too_new, "the snapshot has format " + std::to_string(format) + ", this release reads up to "
                                        + std::to_string(format_number) + ": use a newer release"};
    begun_ = true;
    return {};
  }
  if (static_cast<std::uint8_t>(payload.front()) == end_mark) {
    byte_reader in(payload.substr(1));
    const auto rows = in.number<std::uint64_t>();
    if (!in.complete() || rows != rows_) return damaged("rows are missing");
    ended_ = true;
    return {};
  }
  for (auto rest = payload; !rest.empty();) {
    byte_reader in(rest);
    snapshot_row row;
    row.family = in.number<std::uint8_t>();
    row.key = in.bytes(in.number<std::uint32_t>());
    const auto value_bytes = in.number<std::uint32_t>();
    const auto used = 1 + 4 + row.key.size() + 4;
    if (used > rest.size() || value_bytes > rest.size() - used) return damaged("a row is cut short");
    row.value = rest.substr(used, value_bytes);
    rest.remove_prefix(used + value_bytes);
    ++rows_;
    if (auto taken = take(row); !taken) return taken;
  }
  return {};
}

status snapshot_parser::finish() const {
  if (!begun_ && pending_.empty()) return {errc::corruption, "the snapshot is empty"};
  return ended_ && pending_.empty() ? status() : damaged("its end is missing");
}

}  // namespace quorate::storage
