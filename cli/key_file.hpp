// The file that holds a cluster's key: 64 hexadecimal digits and a line feed, which nobody but its owner may read.
//
// Any thread. An error names the file, what is wrong with it and what to do.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "proto/status.hpp"

struct stat;

namespace quorate::cli {

inline constexpr std::size_t key_bytes = 32;

/// Whether `user` may use a file of this kind, owner and mode as the key. `name` is for the error, `flag` is its field.
status check_key_file(const std::string& flag, const std::string& name, const struct stat& found, uid_t user);

/// The 32 bytes that the file names.
result<std::string> read_cluster_key(const std::string& flag, const std::string& name);

enum class key_made { now, before };

/// Writes a new random key under this name, mode 0600, synced. A file that is there is never changed: it is an error,
/// or with `keep` taken as it is when it holds a key that may be used.
result<key_made> make_cluster_key(const std::string& flag, const std::string& name, bool keep);

}  // namespace quorate::cli
