#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "bench/failover_bench.hpp"
#include "bench/recall_bench.hpp"
#include "bench/write_bench.hpp"
#include "chaos/terminal.hpp"
#include "net/grpc_process.hpp"

namespace {

/// The program built beside this one: build/<preset>/bench/quorate-bench -> build/<preset>/cli/quorate.
std::string neighbour_program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = self.parent_path() / "quorate";
  if (std::filesystem::exists(beside, error)) return beside.string();
  return (self.parent_path().parent_path() / "cli" / "quorate").string();
}

int run(int count, char** arguments) {
  using namespace quorate::bench;
  CLI::App program("Measures three members on this machine, and others beside them.", "quorate-bench");
  program.require_subcommand(1);
  program.failure_message(CLI::FailureMessage::help);

  std::string quorate = neighbour_program();
  std::string etcd = "/usr/bin/etcd";
  std::string directory;
  std::vector<std::string> peers;
  bool json = false;
  const auto add_common = [&](CLI::App* verb) {
    verb->add_option("--quorate", quorate, "The node's program")->capture_default_str();
    verb->add_option("--etcd", etcd, "etcd's program")->capture_default_str();
    verb->add_option("--peers", peers, "Systems to measure in the same run")
        ->delimiter(',')
        ->check(CLI::IsMember({"etcd"}));
    verb->add_option("--data", directory, "Where data directories are made (their disk is measured)");
    verb->add_flag("--json", json, "One JSON document instead of text");
  };

  write_options write;
  std::string entry = "all";
  std::vector<std::string> consistency = {"default"};
  auto* write_verb = program.add_subcommand("write", "Unary quorum writes per second, latency, processor time");
  add_common(write_verb);
  write_verb->add_option("--concurrency", write.concurrency, "Calls in flight")
      ->delimiter(',')
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  write_verb->add_option("--consistency", consistency, "Writes to measure, each as a system of its own")
      ->delimiter(',')
      ->check(CLI::IsMember({"default", "linearizable"}))
      ->capture_default_str();
  write_verb->add_option("--rounds", write.rounds, "Medians are over so many")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  write_verb->add_option("--seconds", write.seconds, "Measured per cell")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  write_verb->add_option("--value-bytes", write.value_bytes, "Size of a value")
      ->check(CLI::Range(1, 65'536))
      ->capture_default_str();
  write_verb->add_option("--entry", entry, "Members that take the calls")
      ->check(CLI::IsMember({"one", "all"}))
      ->capture_default_str();

  failover_options failover;
  auto* failover_verb = program.add_subcommand("failover", "Longest time without a write after kill -9 of a member");
  add_common(failover_verb);
  failover_verb->add_option("--writers", failover.writers, "Clients")
      ->check(CLI::Range(3, 1'000))
      ->capture_default_str();

  recall_options recall;
  auto* recall_verb =
      program.add_subcommand("recall", "What recalls find, latency, lag of the index, time to build it");
  recall_verb->add_option("--quorate", quorate, "The node's program")->capture_default_str();
  recall_verb->add_option("--data", directory, "Where the data directory is made");
  recall_verb->add_flag("--json", json, "One JSON document instead of text");
  auto* turns = recall_verb->add_option("--turns", recall.turns, "Records to ask about, one JSON object a line")
                    ->check(CLI::ExistingFile);
  recall_verb->add_option("--questions", recall.questions, "Questions with their evidence, one JSON object a line")
      ->check(CLI::ExistingFile)
      ->needs(turns);
  turns->needs("--questions");
  recall_verb->add_option("--records", recall.records, "Made-up records")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  recall_verb->add_option("--recalls", recall.recalls, "Measured of each kind")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  recall_verb->add_option("--seconds", recall.seconds, "Of writes under which searches are measured")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  recall_verb->add_option("--writers", recall.writers, "That send batches meanwhile")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();

  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  }
  quorate::chaos::catch_interrupts();
  if (peers.empty()) etcd.clear();
  if (failover_verb->parsed()) {
    failover.program = quorate;
    failover.etcd = etcd;
    failover.directory = directory;
    failover.json = json;
    return run_failover_bench(failover);
  }
  if (recall_verb->parsed()) {
    recall.program = quorate;
    recall.directory = directory;
    recall.json = json;
    return run_recall_bench(recall);
  }
  write.program = quorate;
  write.etcd = etcd;
  write.directory = directory;
  write.by_default = std::find(consistency.begin(), consistency.end(), "default") != consistency.end();
  write.linearizable = std::find(consistency.begin(), consistency.end(), "linearizable") != consistency.end();
  write.one_entry = entry == "one";
  write.json = json;
  return run_write_bench(write);
}

}  // namespace

int main(int count, char** arguments) {
  quorate::net::tune_grpc_process();
  try {
    return run(count, arguments);
  } catch (const std::exception& error) {
    std::cerr << "quorate-bench: " << error.what() << "\n";
    return 1;
  }
}
