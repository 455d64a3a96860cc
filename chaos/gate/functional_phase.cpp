#include <filesystem>
#include <utility>

#include "chaos/gate/checks.hpp"
#include "chaos/gate/phases.hpp"
#include "chaos/gate/program.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

using nlohmann::ordered_json;

constexpr milliseconds start_bound(20'000);
constexpr std::size_t tools_min = 30;
constexpr std::size_t curator_errors_max = 1;  ///< "no LLM client configured"
constexpr std::size_t shown_bytes = 200;
constexpr auto name_space = "ship-gate-phase1";
constexpr auto mcp_lines = R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"clientInfo":{"name":"gate"}}})"
                           "\n"
                           R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})"
                           "\n";

std::string shown(const program_answer& answer) {
  auto text = answer.output.substr(0, shown_bytes);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return "exit code " + std::to_string(answer.exit_code) + (text.empty() ? "" : ": " + text);
}

std::string content_in(const program_answer& answer) {
  const bool found = answer.json && answer.json->contains("memory");
  return found ? answer.json->at("memory").value("content", "") : "";
}

/// Length of the array at the path, 0 when there is none.
std::size_t length_at(const program_answer& answer, const std::string& pointer) {
  if (!answer.json) return 0;
  const nlohmann::ordered_json::json_pointer path(pointer);
  return answer.json->contains(path) && answer.json->at(path).is_array() ? answer.json->at(path).size() : 0;
}

class node_checks {
 public:
  node_checks(const phase_options& options, const quorate_program& program, std::string node, std::string address)
      : options_(options), program_(program), node_(std::move(node)), address_(std::move(address)) {}

  ordered_json run() {
    const auto start = steady_clock::now();
    check_records();
    check_recall();
    check_stats();
    check_backup();
    check_curator();
    check_mcp();
    return {{"phase", 1},
            {"host", node_},
            {"version", program_.version()},
            {"pass", checks_.pass()},
            {"reasons", checks_.reasons()},
            {"checks", checks_.list()},
            {"stats", stats_},
            {"curator", curator_},
            {"mcp_tool_count", tools_},
            {"recall_count", recalled_},
            {"snapshot_count", snapshots_},
            {"manifest_count", manifests_},
            {"seconds", milliseconds_since(start) / 1'000}};
  }

 private:
  program_answer ask(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--json", "--endpoints", address_});
    return program_.run(std::move(arguments));
  }

  std::vector<std::string> named(const std::string& verb, const std::string& title) const {
    return {verb, "--namespace", name_space, "--title", title};
  }

  void check_records() {
    const auto title = "phase1-" + node_;
    auto store = named("store", title);
    store.insert(store.end(), {"--content", "functional check on " + node_, "--tier", "mid"});
    const auto stored = ask(store);
    const auto id = stored.json ? stored.json->value("id", "") : "";
    checks_.add("store", stored.exit_code == 0 && !id.empty(), shown(stored));
    const auto got = ask(named("get", title));
    checks_.add("get", content_in(got) == "functional check on " + node_, shown(got));
    const auto updated = ask({"update", id, "--content", "functional check on " + node_ + ", updated"});
    const auto again = ask(named("get", title));
    checks_.add("update", updated.exit_code == 0 && content_in(again) == "functional check on " + node_ + ", updated",
                shown(updated));
    const auto listed = ask({"list", "--namespace", name_space});
    checks_.add("list", listed.exit_code == 0 && listed.output.find(title) != std::string::npos, shown(listed));
    auto gone = named("store", title + "-gone");
    gone.insert(gone.end(), {"--content", "to be deleted"});
    const auto made = ask(gone);
    const auto deleted = ask(named("delete", title + "-gone"));
    const auto absent = ask(named("get", title + "-gone"));
    checks_.add("delete", made.exit_code == 0 && deleted.exit_code == 0 && absent.exit_code == 1, shown(deleted));
  }

  void check_recall() {
    if (!program_.has("recall")) return checks_.missing("recall", "verb recall");
    const auto answer = ask({"recall", "functional check on " + node_, "--limit", "5"});
    recalled_ = length_at(answer, "/memories");
    checks_.add("recall", recalled_ >= 1, std::to_string(recalled_) + " memories; " + shown(answer));
  }

  void check_stats() {
    if (!program_.has("stats")) return checks_.missing("stats", "verb stats");
    const auto answer = ask({"stats"});
    if (answer.json) stats_ = *answer.json;
    const auto total = answer.json ? answer.json->value("total", 0) : 0;
    checks_.add("stats", total >= 1, "total " + std::to_string(total));
  }

  void check_backup() {
    if (!program_.has("backup")) return checks_.missing("backup", "verb backup");
    const auto directory = options_.directory + "/backup-" + node_;
    const auto answer = ask({"backup", "--to", directory, "--keep", "1"});
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(directory, error))
      ++(file.path().string().ends_with(".manifest.json") ? manifests_ : snapshots_);
    checks_.add(
        "backup", answer.exit_code == 0 && snapshots_ == 1 && manifests_ == 1,
        std::to_string(snapshots_) + " snapshots, " + std::to_string(manifests_) + " manifests; " + shown(answer));
  }

  void check_curator() {
    if (!program_.has("curator")) return checks_.missing("curator", "verb curator");
    const auto answer = ask({"curator", "--once", "--dry-run", "--max-ops", "10"});
    if (answer.json) curator_ = *answer.json;
    checks_.add("curator",
                answer.json && answer.json->contains("errors") && length_at(answer, "/errors") <= curator_errors_max,
                shown(answer));
  }

  void check_mcp() {
    if (!program_.has("mcp")) return checks_.missing("mcp", "verb mcp");
    const auto answer = program_.talk({"--endpoints", address_, "mcp"}, mcp_lines, options_.directory);
    tools_ = length_at(answer, "/result/tools");
    checks_.add("mcp", answer.exit_code == 0 && tools_ >= tools_min,
                std::to_string(tools_) + " tools, " + std::to_string(tools_min) + " are needed");
  }

  const phase_options& options_;
  const quorate_program& program_;
  const std::string node_;
  const std::string address_;
  checks checks_;
  ordered_json stats_;
  ordered_json curator_;
  std::size_t tools_ = 0;
  std::size_t recalled_ = 0;
  unsigned snapshots_ = 0;
  unsigned manifests_ = 0;
};

}  // namespace

std::vector<ordered_json> run_functional_phase(const phase_options& options, place& where) {
  const quorate_program program(options.program);
  std::vector<ordered_json> artefacts;
  auto env = where.make();
  auto ready = env ? (*env)->start_all(start_bound) : env.error();
  for (const std::string node : {"a", "b", "c"}) {
    if (ready) {
      artefacts.push_back(node_checks(options, program, node, (*env)->address(node)).run());
      continue;
    }
    checks failed;
    failed.add("start", false, ready.message());
    artefacts.push_back({{"phase", 1},
                         {"host", node},
                         {"version", program.version()},
                         {"pass", false},
                         {"reasons", failed.reasons()},
                         {"checks", failed.list()}});
  }
  return artefacts;
}

}  // namespace quorate::chaos
