#include "storage/wal_check.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string_view>

namespace quorate::storage {

namespace {

// The layout of RocksDB's log: blocks of 32 KiB, each a row of fragments that never cross its end; up to six zero bytes
// fill a block. Fragment: checksum (4), length (2), type (1), then so many bytes. All numbers lowest byte first.
constexpr std::size_t block_bytes = 32'768;
constexpr std::size_t header_bytes = 7;
constexpr std::size_t type_offset = 6;
enum fragment_type : std::uint8_t { zeroed = 0, whole = 1, first = 2, middle = 3, last = 4 };

// A batch opens with the sequence number of its first change (8) and the number of its changes (4).
constexpr std::size_t batch_header_bytes = 12;

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (remainder & 1 ? 0x82F63B78u : 0u);
    table[byte] = remainder;
  }
  return table;
}();

/// CRC-32C, masked the way RocksDB stores it.
std::uint32_t masked_crc(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) crc = crc >> 8 ^ crc32c_table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

struct fragment {
  std::uint8_t type = zeroed;
  std::string_view payload;
  std::size_t size() const { return header_bytes + payload.size(); }
};

/// The fragment at the start of `bytes`, if `length` bytes of it are there and match its checksum.
std::optional<fragment> fragment_of_length(std::string_view bytes, std::size_t length) {
  if (bytes.size() < header_bytes + length) return std::nullopt;
  const auto checked = bytes.substr(type_offset, 1 + length);
  if (little_endian(bytes.substr(0, 4)) != masked_crc(checked)) return std::nullopt;
  return fragment{static_cast<std::uint8_t>(checked.front()), checked.substr(1)};
}

std::optional<fragment> fragment_at(std::string_view bytes) {
  if (bytes.size() < header_bytes) return std::nullopt;
  const auto found = fragment_of_length(bytes, little_endian(bytes.substr(4, 2)));
  return found && found->type != zeroed ? found : std::nullopt;
}

class wal_reader {
 public:
  status read(const std::string& path) {
    path_ = path;
    if (!broken_at_ && !batch_) next_sequence_.reset();  // a clean end: files may be missing in between
    broken_at_.reset();
    batch_.reset();
    std::ifstream file(path, std::ios::binary);
    std::string block(block_bytes, '\0');
    for (offset_ = 0; file; offset_ += block_bytes) {
      file.read(block.data(), block_bytes);
      const auto taken = static_cast<std::size_t>(file.gcount());
      if (auto s = read_block(std::string_view(block).substr(0, taken)); !s.ok()) return s;
    }
    if (file.bad() || !file.eof()) return {errc::storage_failure, path + " cannot be read"};
    return {};
  }

 private:
  status read_block(std::string_view block) {
    std::size_t at = 0;
    while (at + header_bytes <= block.size()) {
      at_ = offset_ + at;
      const auto rest = block.substr(at);
      const auto found = fragment_at(rest);
      if (broken_at_) {
        // Later fragments of the torn group itself may have reached the disk; the start of another may not.
        if (found && (found->type == whole || found->type == first)) return damaged("a group behind a broken place");
        ++at;
      } else if (found) {
        if (auto s = take(*found); !s.ok()) return s;
        at += found->size();
      } else {
        broken_at_ = at_;
        // Complete but for its length: not torn.
        if (block.size() < block_bytes && fragment_of_length(rest, rest.size() - header_bytes))
          return damaged("a wrong length");
        ++at;
      }
    }
    if (at < block.size() && block.size() < block_bytes && !broken_at_) broken_at_ = offset_ + at;
    return {};
  }

  status take(const fragment& found) {
    if (found.type == whole || found.type == first) batch_.emplace();
    if (!batch_ || found.type > last) return {};
    batch_->append(found.payload.substr(0, batch_header_bytes - std::min(batch_header_bytes, batch_->size())));
    if (found.type == first || found.type == middle) return {};
    const auto batch = *batch_;
    batch_.reset();
    return batch.size() == batch_header_bytes ? take_batch(batch) : status();
  }

  status take_batch(std::string_view header) {
    const auto sequence = little_endian(header.substr(0, 8));
    const auto count = little_endian(header.substr(8, 4));
    if (count == 0) return {};
    if (next_sequence_ && sequence != *next_sequence_) return damaged("a group that does not follow the one before");
    next_sequence_ = sequence + count;
    return {};
  }

  status damaged(std::string_view what) const {
    return {errc::corruption, path_ + " is damaged at byte " + std::to_string(broken_at_.value_or(at_)) + " ("
                                  + std::string(what)
                                  + "): move the data directory away and let the node fetch its data from its peers"};
  }

  std::string path_;
  std::uint64_t offset_ = 0;  ///< of the block
  std::uint64_t at_ = 0;      ///< of the fragment
  std::optional<std::uint64_t> broken_at_;
  std::optional<std::string> batch_;  ///< header of the group being read, as far as it is known
  std::optional<std::uint64_t> next_sequence_;
};

}  // namespace

status check_wals(const std::vector<std::string>& paths) {
  wal_reader reader;
  for (const auto& path : paths)
    if (auto s = reader.read(path); !s.ok()) return s;
  return {};
}

}  // namespace quorate::storage
