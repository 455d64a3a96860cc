// Backups in a directory: pairs of a snapshot and a manifest that says what it is.
//
//   ai-memory-2026-01-31T235959Z.db              the snapshot (docs/formats.md)
//   ai-memory-2026-01-31T235959Z.manifest.json   its size and SHA-256, written after it
//
// A snapshot without its manifest is none: it was cut short. Functions of one thread; errors are one line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/status.hpp"

namespace quorate::cli {

struct manifest {
  std::string snapshot;  ///< a file name, in the manifest's directory
  std::string sha256;
  std::uint64_t bytes = 0;
  std::string source;  ///< what was copied: an endpoint or a data directory
  std::string version;
  std::string created_at;  ///< RFC 3339
};

/// Keys in this order: snapshot, sha256, bytes, source_db, version, created_at. In the file a seal follows
/// (cli/manifest.hpp); earlier releases wrote none, and what they wrote is read.
std::string to_json(const manifest& m, bool pretty);

struct backup_pair {
  std::string manifest_path;
  std::string snapshot_path;
  manifest content;
};

/// `copy` is called once and gives `append` everything there is. Both files appear whole or not at all.
result<backup_pair> write_backup(
    const std::string& directory, std::string source, std::int64_t now_ms,
    const std::function<status(const std::function<status(std::string_view)>& append)>& copy);

/// A manifest, the snapshot beside one, or a directory, of which the newest counts. corruption for a manifest of which
/// a byte has changed.
result<backup_pair> find_backup(const std::string& path);

/// Reads the snapshot through: corruption when its size or hash is not what the manifest says.
status verify_backup(const backup_pair& backup);

/// Removes the oldest pairs until `keep` are left; 0 = keep all. `just_made`, a manifest, counts as the
/// newest. How many went.
result<std::size_t> rotate_backups(const std::string& directory, std::size_t keep, const std::string& just_made = {});

}  // namespace quorate::cli
