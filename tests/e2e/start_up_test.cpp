#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "chaos/ports.hpp"
#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

constexpr milliseconds exit_bound(10'000);

struct start_attempt {
  std::string end;  ///< "exit code 2", "still running"
  std::vector<std::string> lines;

  /// Lines of the output that name the flag.
  int lines_with(const std::string& text) const {
    return static_cast<int>(std::count_if(lines.begin(), lines.end(),
                                          [&](const auto& line) { return line.find(text) != std::string::npos; }));
  }
  std::string output() const {
    std::string all = end;
    for (const auto& line : lines) all += "\n  " + line;
    return all;
  }
};

start_attempt attempt(const std::vector<std::string>& command, const std::string& output) {
  start_attempt seen;
  auto child = chaos::process::start({command, {}, output});
  REQUIRE_MESSAGE(child.ok(), child.error().message());
  const auto end = child->wait(exit_bound);
  seen.end = end ? text_of(*end) : "still running";
  std::ifstream file(output);
  for (std::string line; std::getline(file, line);) seen.lines.push_back(line);
  return seen;
}

void replace_value(std::vector<std::string>& command, const std::string& flag, const std::string& value) {
  const auto at = std::find(command.begin(), command.end(), flag);
  REQUIRE(at != command.end());
  *(at + 1) = value;
}

/// Names of the threads that a SIGTERM could end the process through: all but the one that waits for it.
std::vector<std::string> threads_open_to_sigterm(pid_t pid) {
  constexpr std::uint64_t sigterm = 1u << (SIGTERM - 1);
  std::vector<std::string> open;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    if (thread.path().filename() == std::to_string(pid)) continue;
    std::ifstream about(thread.path() / "status");
    std::string name;
    for (std::string line; std::getline(about, line);) {
      if (line.starts_with("Name:")) name = line;
      if (line.starts_with("SigBlk:") && (std::stoull(line.substr(7), nullptr, 16) & sigterm) == 0)
        open.push_back(name);
    }
  }
  return open;
}

}  // namespace

TEST_SUITE("e2e.start_up") {
  TEST_CASE("a SIGTERM finds no thread but the one that waits for it") {
    running_cluster cluster;
    const auto open = threads_open_to_sigterm(cluster->pid("a"));
    CHECK_MESSAGE(open.empty(), open.size() << " threads, the first " << (open.empty() ? "" : open.front()));
  }

  TEST_CASE("the same peer twice is refused, naming --peer") {
    running_cluster cluster({}, false);
    auto command = cluster->command_line("a");
    command.insert(command.end(), {"--peer", "b=" + cluster->address("c")});
    const auto seen = attempt(command, cluster->directory() + "/attempt");
    CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
    CHECK_MESSAGE(seen.lines_with("--peer") == 1, seen.output());
  }

  TEST_CASE("a node's own name among its peers is refused, naming --peer") {
    running_cluster cluster({}, false);
    auto command = cluster->command_line("a");
    command.insert(command.end(), {"--peer", "a=" + cluster->address("c")});
    const auto seen = attempt(command, cluster->directory() + "/attempt");
    CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
    CHECK_MESSAGE(seen.lines_with("--peer") == 1, seen.output());
  }

  TEST_CASE("a write quorum beyond the members is refused, naming --write-quorum") {
    running_cluster cluster(with("--write-quorum", "4"), false);
    const auto seen = attempt(cluster->command_line("a"), cluster->directory() + "/attempt");
    CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
    CHECK_MESSAGE(seen.lines_with("--write-quorum") == 1, seen.output());
  }

  TEST_CASE("a node of another cluster is refused by its peers, and they say why") {
    running_cluster cluster({}, false);
    cluster->set_flag("c", "--cluster-id", "elsewhere");
    // A new cluster starts with all its members, and "c" will not be one.
    for (const auto* name : {"a", "b"}) cluster->set_flag(name, "--accept-loss", "");
    for (const auto* name : {"a", "b"}) {
      const auto started = cluster->start(name);
      REQUIRE_MESSAGE(started.ok(), started.message());
    }
    REQUIRE(cluster->spawn("c").ok());
    std::string reason;
    const bool told = chaos::wait_until(converge_bound, [&] {
      v1::StatusReply reply;
      if (!cluster->client("a").node_status(&reply).ok()) return false;
      for (const auto& peer : reply.peers()) {
        if (peer.name() == "c" && !peer.up()) reason = peer.last_error();
      }
      return reason.find("cluster") != std::string::npos;
    });
    CHECK_MESSAGE(told, reason);
    // "b" counts when it has said that its disk is complete, soon after its link is up.
    std::string stored;
    const bool taken = chaos::wait_until(converge_bound, [&] {
      stored = text_of(store(cluster->client("a"), "without c", "x"));
      return stored == "OK";
    });
    CHECK_MESSAGE(taken, stored);
    CHECK(content_on(cluster->client("c"), "without c") == "");
  }

  TEST_CASE("the data directory of another node is refused, naming --data") {
    running_cluster cluster;
    REQUIRE(text_of(store(cluster->client("a"), "mine", "x")) == "OK");
    cluster->kill("a");
    cluster->kill("b");
    auto command = cluster->command_line("b");
    replace_value(command, "--data", cluster->data_directory("a"));
    const auto seen = attempt(command, cluster->directory() + "/attempt");
    CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
    CHECK_MESSAGE(seen.lines_with("--data") == 1, seen.output());
  }

  TEST_CASE("the data directory of another cluster is refused, naming --cluster-id or --data") {
    running_cluster cluster;
    cluster->kill("a");
    auto command = cluster->command_line("a");
    replace_value(command, "--cluster-id", "elsewhere");
    const auto seen = attempt(command, cluster->directory() + "/attempt");
    CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
    CHECK_MESSAGE(seen.lines_with("--cluster-id") + seen.lines_with("--data") >= 1, seen.output());
  }

  TEST_CASE("a data directory in use is refused, naming --data") {
    running_cluster cluster;
    auto command = cluster->command_line("a");
    const auto ports = chaos::free_ports(1);
    REQUIRE(ports.ok());
    replace_value(command, "--listen", "127.0.0.1:" + std::to_string(ports->front()));
    const auto seen = attempt(command, cluster->directory() + "/attempt");
    CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
    CHECK_MESSAGE(seen.lines_with("--data") == 1, seen.output());
    CHECK(cluster->running("a"));
  }

  TEST_CASE("a port in use is refused, naming --listen") {
    running_cluster cluster;
    auto command = cluster->command_line("b");
    cluster->kill("b");
    replace_value(command, "--listen", cluster->address("a"));
    // Several times: the links to the peers are at different stages when the node gives up.
    for (int i = 0; i < 5; ++i) {
      const auto seen = attempt(command, cluster->directory() + "/attempt " + std::to_string(i));
      CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
      CHECK_MESSAGE(seen.lines_with("--listen") == 1, seen.output());
    }
  }

  TEST_CASE("a data directory that cannot be one is refused, naming --data") {
    // A file in its place: permissions would not stop a test that runs as root.
    running_cluster cluster({}, false);
    auto command = cluster->command_line("a");
    const auto file = cluster->directory() + "/a file";
    std::ofstream(file) << "x";
    SUBCASE("it is a file") { replace_value(command, "--data", file); }
    SUBCASE("its parent is a file") { replace_value(command, "--data", file + "/data"); }
    const auto seen = attempt(command, cluster->directory() + "/attempt");
    CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
    CHECK_MESSAGE(seen.lines_with("--data") == 1, seen.output());
  }
}

}  // namespace quorate::e2e
