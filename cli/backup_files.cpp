#include "cli/backup_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/files.hpp"
#include "cli/manifest.hpp"
#include "cli/sha256.hpp"
#include "memory/timestamp.hpp"

namespace quorate::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "ai-memory-";
constexpr std::string_view manifest_suffix = ".manifest.json";
constexpr std::string_view snapshot_suffix = ".db";

std::string stamp_of(std::int64_t now_ms) {
  const std::time_t seconds = now_ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H%M%SZ", &utc)};
}

status failure(const std::string& what, const std::string& path) {
  return {errc::storage_failure, "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

nlohmann::ordered_json members_of(const manifest& m) {
  return {{"snapshot", m.snapshot}, {"sha256", m.sha256},   {"bytes", m.bytes},
          {"source_db", m.source},  {"version", m.version}, {"created_at", m.created_at}};
}

result<manifest> parse_manifest(const std::string& path) {
  const auto text = read_manifest_file(path);
  if (!text) return text.error();
  const auto sealed = unseal_manifest(*text);
  const auto json = sealed ? *sealed : nlohmann::ordered_json::parse(*text, nullptr, false);
  manifest m;
  try {
    m.snapshot = json.at("snapshot").get<std::string>();
    m.sha256 = json.at("sha256").get<std::string>();
    m.bytes = json.at("bytes").get<std::uint64_t>();
    m.source = json.at("source_db").get<std::string>();
    m.version = json.at("version").get<std::string>();
    m.created_at = json.at("created_at").get<std::string>();
  } catch (const nlohmann::json::exception&) {
    return no_manifest(path);
  }
  // Earlier releases wrote these members and nothing else; what had a seal once has one member more than that.
  if (!sealed && to_json(m, true) + "\n" != *text) return no_manifest(path);
  if (m.snapshot.empty() || m.snapshot.find('/') != std::string::npos)
    return status(errc::corruption, path + " names no snapshot beside it");
  return m;
}

/// Manifests of a directory, oldest first: their names are times.
result<std::vector<std::string>> list_manifests(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator files(directory, error); !error && files != fs::directory_iterator();
       files.increment(error)) {
    auto name = files->path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(manifest_suffix)) names.push_back(std::move(name));
  }
  if (error) return status(errc::not_found, directory + " cannot be listed: " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

std::string beside(const std::string& path, const std::string& name) {
  return (fs::path(path).parent_path() / name).string();
}

result<backup_pair> pair_of(const std::string& manifest_path) {
  auto content = parse_manifest(manifest_path);
  if (!content) return content.error();
  auto snapshot = beside(manifest_path, content->snapshot);
  return backup_pair{manifest_path, std::move(snapshot), std::move(*content)};
}

}  // namespace

std::string to_json(const manifest& m, bool pretty) {
  return members_of(m).dump(pretty ? 2 : -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

result<backup_pair> write_backup(
    const std::string& directory, std::string source, std::int64_t now_ms,
    const std::function<status(const std::function<status(std::string_view)>& append)>& copy) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return status::invalid("--to", directory + " cannot be created: " + error.message());
  const auto stem = std::string(prefix) + stamp_of(now_ms);
  backup_pair made;
  made.content.snapshot = stem + std::string(snapshot_suffix);
  made.snapshot_path = (fs::path(directory) / made.content.snapshot).string();
  made.manifest_path = (fs::path(directory) / (stem + std::string(manifest_suffix))).string();
  if (fs::exists(made.snapshot_path) || fs::exists(made.manifest_path))
    return status(errc::already_exists, made.snapshot_path + " exists: one backup a second at most");

  new_file snapshot;
  if (auto opened = snapshot.open(made.snapshot_path); !opened) return opened;
  sha256 hash;
  auto copied = copy([&](std::string_view piece) {
    hash.add(piece);
    made.content.bytes += piece.size();
    return snapshot.append(piece);
  });
  if (!copied) return copied;
  if (auto published = snapshot.publish(); !published) return published;
  made.content.sha256 = hash.take();
  made.content.source = std::move(source);
  made.content.version = QUORATE_VERSION;
  made.content.created_at = memory::format_timestamp(now_ms);
  new_file description;
  if (auto opened = description.open(made.manifest_path); !opened) return opened;
  if (auto written = description.append(seal_manifest(members_of(made.content))); !written) return written;
  if (auto published = description.publish(); !published) return published;
  return made;
}

result<backup_pair> find_backup(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    const auto names = list_manifests(path);
    if (!names) return names.error();
    if (names->empty()) return status(errc::not_found, path + " holds no backup with a manifest");
    return pair_of((fs::path(path) / names->back()).string());
  }
  if (path.ends_with(manifest_suffix)) return pair_of(path);
  if (!path.ends_with(snapshot_suffix) || !fs::exists(path, error))
    return status(errc::not_found, path + " is no backup: give a directory, a snapshot or its manifest");
  return pair_of(path.substr(0, path.size() - snapshot_suffix.size()) + std::string(manifest_suffix));
}

status verify_backup(const backup_pair& backup) {
  const auto found = hash_file(backup.snapshot_path);
  if (!found) return found.error();
  if (found->bytes != backup.content.bytes)
    return {errc::corruption, backup.snapshot_path + " has " + std::to_string(found->bytes)
                                  + " bytes, its manifest says " + std::to_string(backup.content.bytes)};
  if (found->sha256 != backup.content.sha256)
    return {errc::corruption, backup.snapshot_path + " does not have the SHA-256 its manifest says"};
  return {};
}

result<std::size_t> rotate_backups(const std::string& directory, std::size_t keep, const std::string& just_made) {
  if (keep == 0) return std::size_t{0};
  auto names = list_manifests(directory);
  if (!names) return names.error();
  // Names sort by the clock, which may have been set back.
  const auto newest = std::find(names->begin(), names->end(), fs::path(just_made).filename().string());
  if (newest != names->end()) std::rotate(newest, newest + 1, names->end());
  std::size_t removed = 0;
  for (std::size_t i = 0; i + keep < names->size(); ++i, ++removed) {
    const auto stem = (*names)[i].substr(0, (*names)[i].size() - manifest_suffix.size());
    // The manifest first: a snapshot without one is never taken for a backup.
    for (const auto& suffix : {manifest_suffix, snapshot_suffix}) {
      const auto path = (fs::path(directory) / (stem + std::string(suffix))).string();
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure("remove", path);
    }
  }
  return removed;
}

}  // namespace quorate::cli
