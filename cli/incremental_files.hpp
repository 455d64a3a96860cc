// Incremental backups in a directory, as far as their manifests tell; and either kind of backup, wherever one is named.
//
//   quorate-7.manifest.json   what backup 7 is, written after it
//   meta/7                    RocksDB's list of its files and their checksums, whose SHA-256 the manifest has
//
// A backup without its manifest is none: it was cut short. Functions of one thread; errors are one line. What needs the
// files of a backup themselves is in cli/node_backup.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/backup_files.hpp"
#include "proto/status.hpp"

namespace quorate::cli {

struct incremental_manifest {
  std::uint32_t id = 0;
  std::string sha256;           ///< of the list of its files
  std::uint64_t bytes = 0;      ///< of all its files
  std::uint64_t new_bytes = 0;  ///< of those no earlier backup had
  std::uint32_t files = 0;
  std::string source;  ///< the data directory
  std::string version;
  std::string created_at;  ///< RFC 3339
};

/// Keys in this order: id, sha256, bytes, new_bytes, files, source_db, version, created_at; and the seal.
std::string text_of(const incremental_manifest& m);

struct incremental_backup_files {
  std::string manifest_path;
  std::string directory;
  std::string list_path;  ///< what `sha256` is of
  incremental_manifest content;
};

/// Backups must not lie within what they are of: a damaged data directory is set aside as a whole. `flag` is what named
/// the directory, which may be empty.
status check_backup_place(const std::string& flag, const std::string& directory, const std::string& data);

/// The path of a backup's manifest.
std::string manifest_path_of(const std::string& directory, std::uint32_t id);

/// Writes the manifest of a backup that was just made, whole or not at all. Numbers only grow, so manifests with this
/// number or a higher one are remains of other backups: they go first.
result<incremental_backup_files> write_incremental_manifest(const std::string& directory, incremental_manifest content);

/// Removes the oldest manifests until `keep` are left; 0 = keep all.
struct rotation {
  std::uint32_t oldest_kept = 0;  ///< backups below this number are to go as well; 0 = none
  std::uint32_t removed = 0;
};
result<rotation> rotate_incremental_manifests(const std::string& directory, std::size_t keep);

using any_backup = std::variant<backup_pair, incremental_backup_files>;

/// A manifest, the snapshot beside one, or a directory: of that the incremental backup with this number, or the newest
/// of either kind. corruption for a manifest of which a byte has changed.
result<any_backup> find_any_backup(const std::string& path, std::optional<std::uint32_t> id = {});

/// Compares the list of files with its SHA-256.
status check_list(const incremental_backup_files& backup);

}  // namespace quorate::cli
