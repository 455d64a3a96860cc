#include "cli/migrate/checkpoint.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "proto/hash.hpp"

namespace quorate::cli::migrate {

namespace {

namespace fs = std::filesystem;

fs::path state_directory() {
  if (const auto* given = std::getenv("XDG_STATE_HOME"); given != nullptr && *given == '/')
    return fs::path(given) / "quorate";
  if (const auto* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".local" / "state" / "quorate";
  return fs::temp_directory_path() / "quorate";
}

}  // namespace

void moved_sample::add(moved_row row) {
  // The last one stands for the present end, until it has come as far as the next to be kept.
  if (skipped_ > 0) rows_.pop_back();
  rows_.push_back(std::move(row));
  if (++skipped_ < step_) return;
  skipped_ = 0;
  if (rows_.size() < 2 * half) return;
  std::vector<moved_row> every_second;
  for (std::size_t i = 1; i < rows_.size(); i += 2) every_second.push_back(std::move(rows_[i]));
  rows_ = std::move(every_second);
  step_ *= 2;
}

checkpoint_file::checkpoint_file(const std::string& from, const std::string& to) {
  content_digest name;
  name.add(hash128_of(from + '\0' + to));
  path_ = (state_directory() / ("migrate-" + name.text() + ".json")).string();
}

std::optional<checkpoint> checkpoint_file::read() const {
  std::ifstream file(path_);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  auto done = report_from_json(json.value("done", nlohmann::json::object()));
  if (!done) return std::nullopt;
  try {
    checkpoint found{json.at("source").get<std::string>(),   json.at("target").get<std::string>(),
                     json.at("position").get<std::string>(), {},
                     json.at("owed").get<std::string>(),     std::move(*done)};
    for (const auto& one : json.at("moved"))
      found.sample.add({one.at(0).get<std::string>(), one.at(1).get<std::string>()});
    return found;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

status checkpoint_file::write(const checkpoint& now) const {
  auto moved = nlohmann::ordered_json::array();
  for (const auto& row : now.sample.rows()) moved.push_back({row.identity, row.hash});
  const nlohmann::ordered_json json{{"source", now.source},      {"target", now.target}, {"position", now.position},
                                    {"moved", std::move(moved)}, {"owed", now.owed},     {"done", to_json(now.done)}};
  std::error_code failed;
  fs::create_directories(fs::path(path_).parent_path(), failed);
  // Written beside it first: a kill leaves the old one or the new one.
  const auto beside = path_ + ".new";
  std::ofstream file(beside, std::ios::trunc);
  file << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  file.close();
  if (file) fs::rename(beside, path_, failed);
  if (!file || failed) return {errc::storage_failure, "cannot keep the progress in " + path_};
  return {};
}

void checkpoint_file::remove() const {
  std::error_code ignored;  // one that stays is of no use, and does no harm: its source has to be unchanged
  fs::remove(path_, ignored);
}

}  // namespace quorate::cli::migrate
