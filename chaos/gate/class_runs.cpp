#include "chaos/gate/class_runs.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "chaos/process.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr milliseconds look_pause(50);

class class_runs {
 public:
  class_runs(const drill_flags& flags, unsigned jobs, const std::string& self)
      : flags_(flags), jobs_(jobs), self_(self), start_(steady_clock::now()) {
    for (const auto& words : all_faults) waiting_.push_back(words.fault);
    // The longest first, so that no single one is left over in the end.
    std::stable_partition(waiting_.begin(), waiting_.end(), [](fault_class fault) {
      return fault == fault_class::wipe_node || fault == fault_class::corrupt_sst
             || fault == fault_class::pair_of_faults;
    });
    std::stable_partition(waiting_.begin(), waiting_.end(),
                          [](fault_class fault) { return fault == fault_class::old_disk; });
  }

  ordered_json run() {
    while (!waiting_.empty() || !running_.empty()) {
      while (!interrupted() && running_.size() < jobs_ && !waiting_.empty()) begin();
      if (interrupted() && !std::exchange(told_, true)) {
        for (auto& [fault, drill] : running_) drill.signal(SIGINT);
        waiting_.clear();
      }
      std::erase_if(running_, [this](auto& one) {
        if (one.second.running()) return false;
        ended_[one.first] = *one.second.wait(milliseconds(0));
        show(one.first);
        return true;
      });
      if (!running_.empty()) std::this_thread::sleep_for(look_pause);
    }
    return gather();
  }

 private:
  std::string directory_of(fault_class fault) const {
    return flags_.out + "/classes/" + std::string(words_of(fault).name);
  }

  /// Beside its directory, which it makes itself.
  std::string output_of(fault_class fault) const { return directory_of(fault) + ".txt"; }

  /// One that cannot be started leaves no report.
  void begin() {
    const auto fault = waiting_.front();
    waiting_.erase(waiting_.begin());
    const auto directory = directory_of(fault);
    std::error_code error;
    fs::create_directories(flags_.out + "/classes", error);
    std::vector<std::string> words{self_,
                                   "drill",
                                   "--quorate",
                                   flags_.program,
                                   "--faulty-quorate",
                                   flags_.faulty_program,
                                   "--fault",
                                   std::string(words_of(fault).name),
                                   "--cycles",
                                   std::to_string(flags_.cycles),
                                   "--writes",
                                   std::to_string(flags_.writes),
                                   "--clients",
                                   std::to_string(flags_.clients),
                                   "--seed",
                                   std::to_string(flags_.seed),
                                   "--env",
                                   flags_.environment,
                                   "--network",
                                   flags_.network,
                                   "--out",
                                   directory,
                                   "--converge-within",
                                   std::to_string(flags_.converge_seconds)};
    if (!flags_.variables.empty()) words.insert(words.end(), {"--node-env", flags_.variables});
    if (flags_.keep_all_histories) words.emplace_back("--keep-histories");
    auto started = process::start({std::move(words), {}, output_of(fault)});
    if (!started) {
      std::cerr << started.error().message() << std::endl;
      return;
    }
    running_.emplace_back(fault, std::move(*started));
  }

  void show(fault_class fault) const {
    std::ifstream file(output_of(fault));
    for (std::string line; std::getline(file, line);)
      if (line.starts_with("pass") || line.starts_with("fail") || line.find(words_of(fault).name) != std::string::npos
          || line.starts_with("    ") || line.starts_with("quorate-chaos:"))
        if (!line.starts_with("  class") && line.find("  convergence") == std::string::npos) std::cerr << line << "\n";
    ++done_;
    std::cerr << dim("      " + std::to_string(done_) + " of " + std::to_string(all_faults.size()) + " classes after "
                     + duration_text(milliseconds_since(start_)))
              << std::endl;
  }

  /// Puts the reports together; a class without one failed.
  ordered_json gather() {
    ordered_json all = {{"phase", 4},
                        {"pass", false},
                        {"reasons", ordered_json::array()},
                        {"seed", flags_.seed},
                        {"jobs", jobs_},
                        {"cycles_per_fault", flags_.cycles},
                        {"writes_per_cycle", flags_.writes},
                        {"clients", flags_.clients},
                        {"expected_faults", ordered_json::array()},
                        {"convergence_by_fault", ordered_json::object()},
                        {"faults", ordered_json::object()},
                        {"cycles_by_fault", ordered_json::object()}};
    std::ofstream lines(flags_.out + "/chaos-report.jsonl", std::ios::app);
    for (const auto& words : all_faults) {
      const std::string name(words.name);
      all["expected_faults"].push_back(name);
      const auto directory = directory_of(words.fault);
      std::ifstream file(directory + "/drill.json");
      const auto report = ordered_json::parse(file, nullptr, false);
      if (!report.is_object()) {
        all["convergence_by_fault"][name] = nullptr;
        all["reasons"].push_back(name + ": the drill left no report");
        continue;
      }
      const auto ended = ended_.find(words.fault);
      if (report["pass"] == true && (ended == ended_.end() || ended->second.exit_code != 0))
        all["reasons"].push_back(name + ": the drill says that it passed, but ended with "
                                 + (ended == ended_.end() ? "nothing" : text_of(ended->second)));
      if (report["network"] != network_ && !network_.empty())
        all["reasons"].push_back(name + ": run on another kind of network than the others");
      network_ = report.value("network", "");
      for (const auto* part : {"convergence_by_fault", "faults", "cycles_by_fault"})
        all[part][name] = report[part][name];
      for (const auto& reason : report["reasons"]) all["reasons"].push_back(reason);
      lines << std::ifstream(directory + "/chaos-report.jsonl").rdbuf();
      std::error_code none;
      if (fs::exists(directory + "/history", none))
        fs::copy(directory + "/history", flags_.out + "/history",
                 fs::copy_options::recursive | fs::copy_options::overwrite_existing, none);
    }
    lines.close();
    if (!lines) all["reasons"].push_back("cannot write " + flags_.out + "/chaos-report.jsonl");
    std::error_code error;
    fs::remove_all(flags_.out + "/classes", error);
    all["pass"] = all["reasons"].empty();
    all["seconds"] = milliseconds_since(start_) / 1'000;
    return all;
  }

  const drill_flags& flags_;
  const unsigned jobs_;
  const std::string& self_;
  const steady_clock::time_point start_;
  std::vector<fault_class> waiting_;
  std::vector<std::pair<fault_class, process>> running_;
  std::map<fault_class, process_end> ended_;
  std::string network_;
  bool told_ = false;  ///< the drills, that they are to end
  mutable std::size_t done_ = 0;
};

}  // namespace

ordered_json run_classes(const drill_flags& flags, unsigned jobs, const std::string& self) {
  return class_runs(flags, jobs, self).run();
}

}  // namespace quorate::chaos
