#include "cli/incremental_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "cli/files.hpp"
#include "cli/manifest.hpp"
#include "cli/sha256.hpp"

namespace quorate::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "quorate-";
constexpr std::string_view suffix = ".manifest.json";

/// N of "quorate-N.manifest.json".
std::optional<std::uint32_t> id_in(std::string_view name) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size())
    return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size() || std::to_string(id) != name) return std::nullopt;
  return id;
}

/// Of the manifests in a directory, oldest first.
result<std::vector<std::uint32_t>> list_ids(const std::string& directory) {
  std::vector<std::uint32_t> ids;
  std::error_code error;
  for (fs::directory_iterator files(directory, error); !error && files != fs::directory_iterator();
       files.increment(error))
    if (const auto id = id_in(files->path().filename().string())) ids.push_back(*id);
  if (error) return status(errc::not_found, directory + " cannot be listed: " + error.message());
  std::sort(ids.begin(), ids.end());
  return ids;
}

status remove_manifest(const std::string& directory, std::uint32_t id) {
  const auto path = manifest_path_of(directory, id);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return {errc::storage_failure, "cannot remove " + path + ": " + std::strerror(errno)};
}

incremental_backup_files files_of(const std::string& directory, incremental_manifest content) {
  auto list = fs::path(directory) / "meta" / std::to_string(content.id);
  return {manifest_path_of(directory, content.id), directory, list.string(), std::move(content)};
}

result<incremental_backup_files> read_incremental(const std::string& path) {
  const auto text = read_manifest_file(path);
  if (!text) return text.error();
  const auto json = unseal_manifest(*text);
  if (!json) return no_manifest(path);
  incremental_manifest m;
  try {
    m.id = json->at("id").get<std::uint32_t>();
    m.sha256 = json->at("sha256").get<std::string>();
    m.bytes = json->at("bytes").get<std::uint64_t>();
    m.new_bytes = json->at("new_bytes").get<std::uint64_t>();
    m.files = json->at("files").get<std::uint32_t>();
    m.source = json->at("source_db").get<std::string>();
    m.version = json->at("version").get<std::string>();
    m.created_at = json->at("created_at").get<std::string>();
  } catch (const nlohmann::json::exception&) {
    return no_manifest(path);
  }
  const fs::path place(path);
  if (id_in(place.filename().string()) != m.id)
    return status(errc::corruption, path + " is the manifest of backup " + std::to_string(m.id));
  const auto directory = place.parent_path();
  return files_of(directory.empty() ? "." : directory.string(), std::move(m));
}

std::string created_at(const any_backup& backup) {
  return std::visit([](const auto& one) { return one.content.created_at; }, backup);
}

result<any_backup> newest_in(const std::string& directory) {
  const auto ids = list_ids(directory);
  if (!ids) return ids.error();
  auto snapshot = find_backup(directory);
  if (ids->empty() || (!snapshot && snapshot.error().code() != errc::not_found)) {
    if (!snapshot) return snapshot.error();
    return any_backup(std::move(*snapshot));
  }
  auto incremental = read_incremental(manifest_path_of(directory, ids->back()));
  if (!incremental) return incremental.error();
  any_backup newest(std::move(*incremental));
  // Both are written by one function, in UTC: they sort as text.
  if (snapshot && snapshot->content.created_at > created_at(newest)) newest = std::move(*snapshot);
  return newest;
}

}  // namespace

status check_backup_place(const std::string& flag, const std::string& directory, const std::string& data) {
  if (directory.empty()) return {};
  std::error_code error;
  const auto inner = fs::weakly_canonical(directory, error);
  const auto outer = error ? fs::path() : fs::weakly_canonical(data, error);
  if (error) return status::invalid(flag, directory + " cannot be used: " + error.message());
  const auto within = inner.lexically_relative(outer);
  if (within.empty() || *within.begin() == "..") return {};
  return status::invalid(flag, directory + " lies within the data directory " + data + ": keep backups elsewhere");
}

std::string text_of(const incremental_manifest& m) {
  return seal_manifest({{"id", m.id},
                        {"sha256", m.sha256},
                        {"bytes", m.bytes},
                        {"new_bytes", m.new_bytes},
                        {"files", m.files},
                        {"source_db", m.source},
                        {"version", m.version},
                        {"created_at", m.created_at}});
}

std::string manifest_path_of(const std::string& directory, std::uint32_t id) {
  return (fs::path(directory) / (std::string(prefix) + std::to_string(id) + std::string(suffix))).string();
}

result<incremental_backup_files> write_incremental_manifest(const std::string& directory,
                                                            incremental_manifest content) {
  const auto ids = list_ids(directory);
  if (!ids) return ids.error();
  for (const auto id : *ids)
    if (id >= content.id)
      if (auto removed = remove_manifest(directory, id); !removed) return removed;
  auto made = files_of(directory, std::move(content));
  const auto list = hash_file(made.list_path);
  if (!list) return list.error();
  made.content.sha256 = list->sha256;
  made.content.version = QUORATE_VERSION;
  new_file description;
  if (auto opened = description.open(made.manifest_path); !opened) return opened;
  if (auto written = description.append(text_of(made.content)); !written) return written;
  if (auto published = description.publish(); !published) return published;
  return made;
}

result<rotation> rotate_incremental_manifests(const std::string& directory, std::size_t keep) {
  rotation done;
  if (keep == 0) return done;
  const auto ids = list_ids(directory);
  if (!ids) return ids.error();
  if (ids->size() <= keep) return done;
  for (std::size_t i = 0; i + keep < ids->size(); ++i, ++done.removed)
    if (auto removed = remove_manifest(directory, (*ids)[i]); !removed) return removed;
  done.oldest_kept = (*ids)[ids->size() - keep];
  return done;
}

result<any_backup> find_any_backup(const std::string& path, std::optional<std::uint32_t> id) {
  const auto name = fs::path(path).filename().string();
  std::error_code error;
  if (id || id_in(name)) {
    auto found = read_incremental(id ? manifest_path_of(path, *id) : path);
    if (!found) return found.error();
    return any_backup(std::move(*found));
  }
  if (fs::is_directory(path, error)) return newest_in(path);
  auto snapshot = find_backup(path);
  if (!snapshot) return snapshot.error();
  return any_backup(std::move(*snapshot));
}

status check_list(const incremental_backup_files& backup) {
  const auto list = hash_file(backup.list_path);
  if (!list) return {errc::corruption, list.error().context() + ", though " + backup.manifest_path + " names it"};
  if (list->sha256 != backup.content.sha256)
    return {errc::corruption, backup.list_path + " does not have the SHA-256 that " + backup.manifest_path + " says"};
  return {};
}

}  // namespace quorate::cli
