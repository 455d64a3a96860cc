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

void remove_with_value(std::vector<std::string>& command, const std::string& flag) {
  const auto at = std::find(command.begin(), command.end(), flag);
  REQUIRE(at != command.end());
  command.erase(at, at + 2);
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

  TEST_CASE("a member with another key, or none, is refused, and both sides say what to do") {
    running_cluster cluster({}, false);
    const auto other = cluster->directory() + "/other.key";
    const auto made = attempt({QUORATE_PROGRAM, "cluster-key", other}, cluster->directory() + "/making");
    REQUIRE_MESSAGE(made.end == "exit code 0", made.output());
    for (const auto* name : {"a", "b"}) cluster->set_flag(name, "--accept-loss", "");
    for (const auto* name : {"a", "b"}) {
      const auto started = cluster->start(name);
      REQUIRE_MESSAGE(started.ok(), started.message());
    }
    cluster->set_flag("c", "--cluster-key-file", other);
    REQUIRE(cluster->spawn("c").ok());
    for (const std::string name : {"a", "c"}) {
      const std::string peer = name == "a" ? "c" : "a";
      std::string reason;
      const bool told = chaos::wait_until(converge_bound, [&] {
        v1::StatusReply reply;
        if (!cluster->client(name).node_status(&reply).ok()) return false;
        for (const auto& seen : reply.peers()) {
          if (seen.name() == peer && !seen.up()) reason = seen.last_error();
        }
        return reason.find("--cluster-key-file") != std::string::npos;
      });
      CHECK_MESSAGE(told, name << ": " << reason);
    }
    CHECK(chaos::wait_until(converge_bound, [&] { return text_of(store(cluster->client("a"), "t", "x")) == "OK"; }));
    CHECK(content_on(cluster->client("c"), "t") == "");
  }

  TEST_CASE("members on this machine need no key") {
    chaos::cluster_options wanted;
    wanted.program = QUORATE_PROGRAM;
    wanted.key = false;
    auto cluster = chaos::local_cluster::prepare(wanted);
    REQUIRE_MESSAGE(cluster.ok(), cluster.error().message());
    const auto& nodes = *cluster;
    const auto command = nodes->command_line("a");
    CHECK(std::find(command.begin(), command.end(), "--cluster-key-file") == command.end());
    const auto started = nodes->start_all();
    REQUIRE_MESSAGE(started.ok(), started.message());
    CHECK(text_of(store(nodes->client("a"), "without a key", "x")) == "OK");
  }

  TEST_CASE("a member on another machine is refused without a key, and so is a key that others can read") {
    running_cluster cluster({}, false);
    auto command = cluster->command_line("a");
    command.insert(command.end(), {"--peer", "d=192.0.2.1:7411"});
    std::string flag = "--peer";
    std::string help = "quorate cluster-key";
    SUBCASE("without") { remove_with_value(command, "--cluster-key-file"); }
    SUBCASE("readable") {
      namespace fs = std::filesystem;
      const auto file = cluster->directory() + "/cluster.key";
      CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
      fs::permissions(file, fs::perms::others_read, fs::perm_options::add);
      flag = "--cluster-key-file";
      help = "chmod 600 " + file;
    }
    const auto seen = attempt(command, cluster->directory() + "/attempt");
    CHECK_MESSAGE(seen.end == "exit code 2", seen.output());
    CHECK_MESSAGE(seen.lines.size() == 1, seen.output());
    CHECK_MESSAGE(seen.lines_with(flag) == 1, seen.output());
    CHECK_MESSAGE(seen.lines_with(help) == 1, seen.output());
  }

  TEST_CASE("a new cluster without its last member says whom it waits for, and its refusals exit with 3") {
    running_cluster cluster({}, false);
    for (const auto* name : {"a", "b"}) {
      const auto started = cluster->start(name);
      REQUIRE_MESSAGE(started.ok(), started.message());
    }
    const auto both = cluster->address("a") + "," + cluster->address("b");
    const auto refused = attempt({QUORATE_PROGRAM, "--endpoints", both, "store", "--title", "t", "--content", "c"},
                                 cluster->directory() + "/store");
    CHECK_MESSAGE(refused.end == "exit code 3", refused.output());
    CHECK_MESSAGE(refused.lines.size() == 1, refused.output());
    CHECK_MESSAGE(refused.lines_with("c was never heard of") == 1, refused.output());
    CHECK_MESSAGE(refused.lines_with("--accept-loss") == 1, refused.output());
    CHECK_MESSAGE(refused.lines_with("write through") == 0, refused.output());
    const auto status =
        attempt({QUORATE_PROGRAM, "--endpoints", both, "admin", "status"}, cluster->directory() + "/status");
    CHECK_MESSAGE(status.end == "exit code 0", status.output());
    for (const std::string name : {"a", "b"})
      CHECK_MESSAGE(status.lines_with(name + " takes no writes: this node's disk is new and waits until") == 1,
                    status.output());
    // The log says it once it has lasted.
    CHECK(chaos::wait_until(converge_bound, [&] {
      const auto lines = cluster->log_tail("a", 100);
      return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
        return line.find("writes.refused state=filling waiting_for=c") != std::string::npos;
      });
    }));
    const auto started = cluster->start("c");
    REQUIRE_MESSAGE(started.ok(), started.message());
    CHECK(chaos::wait_until(converge_bound, [&] {
      const auto lines = cluster->log_tail("a", 100);
      return std::any_of(lines.begin(), lines.end(),
                         [](const std::string& line) { return line.find("writes.taken") != std::string::npos; });
    }));
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
