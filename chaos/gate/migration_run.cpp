#include "chaos/gate/migration_run.hpp"

#include <filesystem>
#include <fstream>
#include <utility>

namespace quorate::chaos {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t shown_bytes = 400;
constexpr std::size_t errors_shown = 3;

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

const ordered_json* part(const std::optional<ordered_json>& report, const std::string& path) {
  const ordered_json::json_pointer pointer(path);
  return report && report->contains(pointer) ? &report->at(pointer) : nullptr;
}

}  // namespace

bool migration_end::ok() const {
  const auto* errors = part(report, "/errors");
  return end.exit_code == 0 && errors != nullptr && errors->is_array() && errors->empty();
}

std::optional<std::uint64_t> migration_end::number(const std::string& path) const {
  const auto* found = part(report, path);
  return found != nullptr && found->is_number_unsigned() ? std::optional(found->get<std::uint64_t>()) : std::nullopt;
}

std::string migration_end::text(const std::string& path) const {
  const auto* found = part(report, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

std::string migration_end::shown() const {
  auto text = text_of(end);
  if (!report) text += ", no report";
  if (const auto* errors = part(report, "/errors"); errors != nullptr && errors->is_array() && !errors->empty()) {
    text += ", " + std::to_string(errors->size()) + " errors";
    for (std::size_t i = 0; i < errors->size() && i < errors_shown; ++i)
      text +=
          (i == 0 ? ": " : "; ") + ((*errors)[i].is_string() ? (*errors)[i].get<std::string>() : (*errors)[i].dump());
  }
  auto rest = said.substr(0, shown_bytes);
  while (rest.ends_with('\n')) rest.pop_back();
  return text + (rest.empty() ? "" : ": " + rest);
}

result<migration_run> migration_run::start(const std::string& program, const std::string& from, const std::string& to,
                                           const std::vector<std::string>& flags, const std::string& directory) {
  migration_run made;
  made.directory_ = directory;
  std::error_code none;
  std::filesystem::remove(made.report_path(), none);
  std::filesystem::remove(made.said_path(), none);
  // A shell, to tell the report from what is said beside it; words are passed, not pasted.
  process_options options{{"/bin/sh", "-c", R"(exec "$@" >"$0")", made.report_path(), program, "migrate", "--from",
                           from, "--to", to, "--json"},
                          // How far it came is kept there, and is nobody else's business.
                          {"XDG_STATE_HOME=" + directory + "/state"},
                          made.said_path()};
  options.arguments.insert(options.arguments.end(), flags.begin(), flags.end());
  auto started = process::start(options);
  if (!started) return started.error();
  made.process_ = std::move(*started);
  return made;
}

migration_end migration_run::end(std::chrono::milliseconds bound) {
  const auto ended = process_.wait(bound);
  process_.kill();
  migration_end result{ended.value_or(process_end{}), std::nullopt, contents_of(said_path())};
  if (!ended) result.said = "still ran after " + std::to_string(bound.count()) + " ms: " + result.said;
  auto printed = ordered_json::parse(contents_of(report_path()), nullptr, false);
  if (printed.is_object()) result.report = std::move(printed);
  return result;
}

migration_end migrate(const std::string& program, const std::string& from, const std::string& to,
                      const std::vector<std::string>& flags, const std::string& directory,
                      std::chrono::milliseconds bound) {
  auto run = migration_run::start(program, from, to, flags, directory);
  if (!run) return {{}, std::nullopt, run.error().message()};
  return run->end(bound);
}

}  // namespace quorate::chaos
