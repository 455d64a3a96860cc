// What a member says on a stream between nodes, for attackers: true words, into which they put one that is not.
//
// Pure functions over messages. The members are those of the drill, with a write quorum of two.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/ids.hpp"
#include "quorate/v1/entry.pb.h"
#include "quorate/v1/replication.pb.h"

namespace quorate::chaos {

inline constexpr std::size_t peer_nonce_bytes = 16;
inline constexpr std::uint32_t memory_kind = 1;
/// The name of a disk that is older than any: who believes it has learned nothing.
inline constexpr std::uint64_t oldest_disk = 1;

std::uint64_t now_as_version();

v1::PeerFrame knock_of(const std::string& from, const std::string& to, const std::string& nonce);
/// Of a process on the oldest disk.
v1::Hello hello_of(const std::string& from, const std::string& to, const std::vector<std::string>& members,
                   std::uint64_t instance);
/// Of a member that holds nothing and does not count.
v1::Welcome welcome_of(const std::string& from, const std::string& to, const std::vector<std::string>& members,
                       std::uint64_t instance);
/// As a cluster without a key seals it.
v1::PeerFrame sealed(const v1::Hello& hello);

v1::LogPosition position_of(const log_id& log, std::uint64_t sequence);
/// Without changes in it; `previous`: the hash it holds of the entry before.
v1::Entry entry_of(const log_id& log, std::uint64_t sequence, std::uint64_t previous, std::uint64_t time);
/// Adds entries, and sets what the frame says of them.
void add_entries(const std::vector<v1::Entry>& entries, v1::PeerFrame* to);

}  // namespace quorate::chaos
