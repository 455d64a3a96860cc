#include "chaos/demo.hpp"

#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "chaos/history.hpp"
#include "chaos/local_cluster.hpp"
#include "chaos/sample_records.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr milliseconds import_bound(120'000);
constexpr milliseconds converge_bound(30'000);
constexpr milliseconds stop_bound(6'000);

/// The complete lines of a file that is still being written.
std::vector<std::string> complete_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line) && !file.eof();) lines.push_back(line);
  return lines;
}

/// The ids of the import's file of acknowledged records: one JSON object a line.
result<std::set<std::string>> read_acknowledged(const std::string& path) {
  std::set<std::string> ids;
  for (const auto& line : complete_lines(path)) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("id") || !json["id"].is_string())
      return status(errc::internal, "not a line of acknowledged records: " + line);
    ids.insert(json["id"].get<std::string>());
  }
  return ids;
}

struct verdict_line {
  bool holds = false;
  std::string promise;
  std::string measured;
};

class demo {
 public:
  explicit demo(const demo_options& options) : options_(options) {}

  int run() {
    const auto outcome = play();
    importer_.kill();
    if (!outcome) {
      std::cout << "\n" << bad("stopped: ") << outcome.message() << std::endl;
      show_import_log();
      return 1;
    }
    return report();
  }

 private:
  status play() {
    for (const auto step : {&demo::prepare, &demo::start_nodes, &demo::import_and_kill, &demo::compare_survivors,
                            &demo::bring_back, &demo::compare_all, &demo::stop_nodes}) {
      if (auto done = (this->*step)(); !done) return done;
      if (interrupted()) return status(errc::unavailable, "interrupted");
    }
    return {};
  }

  void say(const std::string& text) { std::cout << text << std::endl; }

  void judge(bool holds, const std::string& promise, const std::string& measured) {
    verdict_.push_back({holds, promise, measured});
  }

  std::string path(const std::string& name) const { return cluster_->directory() + "/" + name; }

  status prepare() {
    samples_ = make_sample_records(options_.records, options_.seed);
    for (const auto& sample : samples_) sample_hash_[key_of(sample.name_space, sample.title)] = hash_of(sample.content);
    say(bold("quorate demo") + "  three nodes on this machine, " + grouped(samples_.size()) + " records, seed "
        + std::to_string(options_.seed) + "\n");
    cluster_options wanted;
    wanted.program = options_.program;
    wanted.keep = options_.keep;
    wanted.flags["--write-quorum"] = "2";
    auto cluster = local_cluster::prepare(wanted);
    if (!cluster) return cluster.error();
    cluster_ = std::move(*cluster);
    std::ofstream file(path("records.jsonl"));
    for (const auto& sample : samples_) file << to_json_line(sample) << "\n";
    file.close();
    return file ? status() : status(errc::internal, "cannot write " + path("records.jsonl"));
  }

  status start_nodes() {
    const auto start = steady_clock::now();
    if (auto started = cluster_->start_all(); !started) return started;
    for (const auto& name : cluster_->names())
      say("  " + bold(name) + "  " + cluster_->address(name) + "  " + dim("pid ") + std::to_string(cluster_->pid(name))
          + "  " + dim(cluster_->data_directory(name)));
    say("  serving and connected after " + duration_text(milliseconds_since(start)) + "\n");
    return {};
  }

  status import_and_kill() {
    say(bold("1") + "  import through a; kill -9 a when a third is acknowledged");
    std::string endpoints;
    for (const auto& address : cluster_->addresses()) endpoints += (endpoints.empty() ? "" : ",") + address;
    const auto acknowledged_file = path("acknowledged.txt");
    const auto start = steady_clock::now();
    auto importer = process::start({{options_.program, "import", path("records.jsonl"), "--endpoints", endpoints,
                                     "--acknowledged-out", acknowledged_file},
                                    {},
                                    path("import.log")});
    if (!importer) return importer.error();
    importer_ = std::move(*importer);

    const auto third = samples_.size() / 3;
    const bool reached = wait_until(
        import_bound,
        [&] {
          acknowledged_before_ = complete_lines(acknowledged_file).size();
          return acknowledged_before_ >= third || interrupted() || !importer_.running();
        },
        milliseconds(1));
    const bool was_running = importer_.running();
    cluster_->kill("a");
    killed_after_ms_ = milliseconds_since(start);
    if (interrupted()) return {};
    if (!reached) return status(errc::unavailable, "a third was not acknowledged in time");
    say("   a is dead after " + duration_text(killed_after_ms_) + ", " + grouped(acknowledged_before_)
        + " acknowledged by then");

    wait_until(import_bound, [&] { return interrupted() || !importer_.running(); });
    if (interrupted()) return {};
    const auto end = importer_.wait(milliseconds(0));
    import_ms_ = milliseconds_since(start);
    auto acknowledged = read_acknowledged(acknowledged_file);
    if (!acknowledged) return acknowledged.error();
    acknowledged_ = std::move(*acknowledged);
    say("   import ended with " + (end ? text_of(*end) : "no end in sight") + " after " + duration_text(import_ms_));
    judge(was_running && acknowledged_before_ < samples_.size(), "the kill hit a running import",
          grouped(acknowledged_before_) + " before it");
    judge(end && end->exit_code == 0, "the import went on through the others and finished",
          grouped(acknowledged_.size() - std::min(acknowledged_before_, acknowledged_.size())) + " after it");
    judge(acknowledged_.size() == samples_.size(), "every record of the file is acknowledged",
          grouped(acknowledged_.size()) + " of " + grouped(samples_.size()));
    return {};
  }

  status compare_survivors() {
    say(bold("2") + "  while a is dead: compare the survivors");
    if (auto equal = await_equal({"b", "c"}, "b and c hold the same", &survivors_equal_ms_); !equal) return equal;
    for (const auto* name : {"b", "c"}) {
      if (auto found = look_for_acknowledged(name); !found) return found;
    }
    return {};
  }

  status bring_back() {
    say(bold("3") + "  start a again");
    const auto start = steady_clock::now();
    if (auto started = cluster_->start("a"); !started) return started;
    restart_ms_ = milliseconds_since(start);
    return {};
  }

  status compare_all() {
    say(bold("4") + "  compare all three");
    if (auto equal = await_equal({"a", "b", "c"}, "a, b and c hold the same", &all_equal_ms_); !equal) return equal;
    return look_for_acknowledged("a");
  }

  status stop_nodes() {
    for (const auto& name : cluster_->names()) {
      const auto end = cluster_->terminate(name, stop_bound);
      if (!end || end->exit_code != 0)
        judge(false, name + " stops cleanly", end ? text_of(*end) : std::string("did not stop"));
    }
    return {};
  }

  status await_equal(const std::vector<std::string>& names, const std::string& promise, double* took_ms) {
    auto equal = cluster_->wait_digests_equal(names, converge_bound);
    if (equal) *took_ms = *equal;
    judge(equal.ok(), promise + " (content digest)", equal ? "after " + duration_text(*took_ms) : "not equal");
    if (!equal) say(equal.error().message());
    return {};
  }

  /// By id and content.
  status look_for_acknowledged(const std::string& name) {
    const auto contents = cluster_->export_all(name);
    if (!contents) return contents.error();
    std::size_t good_copies = 0;
    v1::MemoryRecord record;
    for (const auto& id : acknowledged_) {
      const auto at = contents->find(id);
      if (at == contents->end() || !record.ParseFromString(at->second)) continue;
      const auto sample = sample_hash_.find(key_of(record.namespace_(), record.title()));
      if (sample != sample_hash_.end() && sample->second == hash_of(record.content())) ++good_copies;
    }
    judge(good_copies == acknowledged_.size(), "every acknowledged record is on " + name + ", id and content",
          grouped(good_copies) + " of " + grouped(acknowledged_.size()));
    return {};
  }

  int report() {
    say("\n"
        + table({{"what", "figure"},
                 {"records imported", grouped(samples_.size())},
                 {"acknowledged before kill -9 of a", grouped(acknowledged_before_)},
                 {"acknowledged in all", grouped(acknowledged_.size())},
                 {"a killed after", duration_text(killed_after_ms_)},
                 {"import took", duration_text(import_ms_)},
                 {"survivors equal after", duration_text(survivors_equal_ms_)},
                 {"a serving again after", duration_text(restart_ms_)},
                 {"all three equal after", duration_text(all_equal_ms_)}}));
    bool all_hold = true;
    for (const auto& line : verdict_) {
      say("  " + (line.holds ? good("holds") : bad("FAILS")) + "  " + line.promise + "  " + dim(line.measured));
      all_hold = all_hold && line.holds;
    }
    if (options_.keep) say("\n  data kept in " + cluster_->directory());
    if (!all_hold) show_import_log();
    return all_hold ? 0 : 1;
  }

  void show_import_log() {
    if (!cluster_) return;
    std::ifstream file(path("import.log"));
    for (std::string line; std::getline(file, line);) say(dim("  import | ") + line);
  }

  const demo_options& options_;
  std::unique_ptr<local_cluster> cluster_;
  process importer_;
  std::vector<sample_record> samples_;
  std::unordered_map<std::string, std::uint64_t> sample_hash_;
  std::set<std::string> acknowledged_;
  std::size_t acknowledged_before_ = 0;
  double killed_after_ms_ = 0;
  double import_ms_ = 0;
  double survivors_equal_ms_ = 0;
  double restart_ms_ = 0;
  double all_equal_ms_ = 0;
  std::vector<verdict_line> verdict_;
};

}  // namespace

int run_demo(const demo_options& options) { return demo(options).run(); }

}  // namespace quorate::chaos
