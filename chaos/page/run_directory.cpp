#include "chaos/page/run_directory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace quorate::page {
namespace {

namespace fs = std::filesystem;

const std::array<std::vector<const char*>, phase_count> phase_files = {{
    {"phase1-node-a.json", "phase1-node-b.json", "phase1-node-c.json"},
    {"phase2.json"},
    {"phase3.json"},
    {"phase4.json"},
}};

artefact unreadable(artefact given, const std::string& problem) {
  given.state = artefact_state::unreadable;
  given.problem = problem;
  given.content = nullptr;
  return given;
}

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    std::error_code no_type;
    if (name != page_file && !name.starts_with(".") && at->is_regular_file(no_type)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string phase_title(int number) {
  static const std::array<const char*, phase_count> titles = {"Functions of each node", "Replication and quorum",
                                                              "Migration", "Faults"};
  return titles.at(static_cast<std::size_t>(number - 1));
}

std::string completed_at(const run& of) {
  const auto end = word(of.summary.content, "completed_at");
  return end.empty() ? word(of.summary.content, "started_at") : end;
}

artefact read_artefact(const std::string& directory, const std::string& name) {
  artefact found{name};
  const auto path = fs::path(directory) / name;
  std::error_code error;
  const auto kind = fs::status(path, error).type();
  if (kind == fs::file_type::not_found) return found;
  if (kind != fs::file_type::regular) return unreadable(std::move(found), "not a file");
  const auto size = fs::file_size(path, error);
  if (error) return unreadable(std::move(found), error.message());
  if (size > max_artefact_bytes)
    return unreadable(std::move(found), "larger than " + std::to_string(max_artefact_bytes >> 20U) + " MiB");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || (size > 0 && !(bytes << file.rdbuf()))) return unreadable(std::move(found), "cannot be read");

  bool too_deep = false;
  const auto watch_depth = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > max_artefact_depth;
    return !too_deep;
  };
  try {
    found.content = json::parse(bytes.str(), watch_depth);
  } catch (const json::exception& problem) {
    return unreadable(std::move(found), std::string("not JSON: ") + problem.what());
  }
  if (too_deep) return unreadable(std::move(found), "nested too deeply");
  if (!found.content.is_object()) return unreadable(std::move(found), "not a JSON object");
  found.state = artefact_state::read;
  return found;
}

run read_run(const std::string& runs_directory, const std::string& id) {
  run found;
  found.id = id;
  const auto directory = (fs::path(runs_directory) / id).string();
  found.summary = read_artefact(directory, summary_file);
  for (std::size_t phase = 0; phase < phase_files.size(); ++phase) {
    for (const auto* name : phase_files[phase]) found.phases[phase].push_back(read_artefact(directory, name));
  }
  found.files = files_in(directory);
  return found;
}

result<runs> read_runs(const std::string& runs_directory) {
  std::error_code error;
  if (!fs::is_directory(runs_directory, error))
    return status(errc::invalid_argument, runs_directory + " is not a directory");
  if (fs::exists(fs::path(runs_directory) / summary_file, error))
    return status(errc::invalid_argument, runs_directory + " is one run; give the directory that holds the runs");
  std::vector<std::string> ids;
  fs::directory_iterator at(runs_directory, error);
  for (const fs::directory_iterator end; !error && at != end; at.increment(error)) {
    std::error_code no_type;
    const auto name = at->path().filename().string();
    if (!name.starts_with(".") && at->is_directory(no_type)) ids.push_back(name);
  }
  if (error) return status(errc::invalid_argument, runs_directory + " cannot be listed: " + error.message());

  runs found;
  for (const auto& id : ids) found.all.push_back(read_run(runs_directory, id));
  std::sort(found.all.begin(), found.all.end(), [](const run& left, const run& right) {
    return std::pair(completed_at(left), left.id) > std::pair(completed_at(right), right.id);
  });
  found.insights = read_artefact(runs_directory, insights_file);
  return found;
}

}  // namespace quorate::page
