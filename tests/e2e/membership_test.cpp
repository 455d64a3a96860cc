// Members that begin with something: whatever a directory held before it got peers, no read of any node shows less of
// it than was acknowledged, from the first start to the last.
#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "chaos/ports.hpp"
#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

namespace fs = std::filesystem;

constexpr int records = 3'000;
constexpr int batch = 1'000;
constexpr int reads_at_least = 100;
constexpr milliseconds run_bound(20'000);
constexpr milliseconds down_pause(20);
constexpr std::array members{"a", "b", "c"};

std::string title_of(int i) { return "record " + std::to_string(i); }

void store_all(chaos::node_client& node) {
  for (int first = 0; first < records; first += batch) {
    v1::StoreBatchRequest request;
    for (int i = first; i < first + batch; ++i) *request.add_items() = record(title_of(i), "alone");
    v1::StoreBatchReply reply;
    const auto answer = node.store_batch(request, &reply, call_deadline);
    REQUIRE_MESSAGE(answer.ok(), text_of(answer));
    for (const auto& item : reply.items()) REQUIRE_MESSAGE(item.code() == 0, item.message());
  }
}

struct ended {
  std::string how;
  std::vector<std::string> lines;
  std::string output() const {
    auto all = how;
    for (const auto& line : lines) all += "\n  " + line;
    return all;
  }
  bool says(const std::string& text) const { return output().find(text) != std::string::npos; }
};

/// Runs the program to its end.
ended run(running_cluster& cluster, std::vector<std::string> command) {
  static int runs = 0;
  const auto output = cluster->directory() + "/run " + std::to_string(++runs);
  auto child = chaos::process::start({std::move(command), {}, output});
  REQUIRE_MESSAGE(child.ok(), child.error().message());
  const auto end = child->wait(run_bound);
  ended seen{end ? text_of(*end) : "still running", {}};
  std::ifstream file(output);
  for (std::string line; std::getline(file, line);) seen.lines.push_back(line);
  return seen;
}

/// A start that must be refused in one line.
void require_refused(running_cluster& cluster, const std::vector<std::string>& command,
                     const std::vector<std::string>& parts) {
  const auto seen = run(cluster, command);
  CHECK_MESSAGE(seen.how == "exit code 2", seen.output());
  CHECK_MESSAGE(seen.lines.size() == 1, seen.output());
  for (const auto& part : parts) CHECK_MESSAGE(seen.says(part), part << " is not in " << seen.output());
}

std::vector<std::string> without_peers(std::vector<std::string> command) {
  for (auto at = command.begin(); at != command.end();)
    at = *at == "--peer" ? command.erase(at, at + 2) : std::next(at);
  for (std::size_t i = 0; i + 1 < command.size(); ++i)
    if (command[i] == "--write-quorum") command[i + 1] = "1";
  return command;
}

/// Reads from every node, all the time. A read that is refused shows nothing; one that is answered shows all. A LOCAL
/// read is this node's copy, which a node that is being filled says of itself is not complete: who says that it is
/// complete must show all of it, and a QUORUM read must whoever answers it.
class watch {
 public:
  explicit watch(running_cluster& cluster) {
    for (std::size_t i = 0; i < members.size(); ++i)
      threads_[i] = std::thread([this, i, address = cluster->address(members[i])] { look(i, address); });
  }
  ~watch() { stop(); }

  void stop() {
    stopped_ = true;
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }

  /// Both kinds of reads were answered there, from now on.
  bool shows_all(const std::string& name) {
    const auto i = static_cast<std::size_t>(std::find(members.begin(), members.end(), name) - members.begin());
    const auto before = shown_[i].load();
    return chaos::wait_until(converge_bound, [&] { return shown_[i] >= before + reads_at_least || !told().empty(); })
           && told().empty();
  }
  std::string told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  void look(std::size_t i, const std::string& address) {
    chaos::node_client node(address);
    const auto wrong = [&](const std::string& what) {
      const std::lock_guard lock(mutex_);
      if (told_.empty()) told_ = std::string(members[i]) + " " + what;
    };
    for (int turn = 0; !stopped_; ++turn) {
      v1::StatusReply status;
      if (!node.node_status(&status).ok()) {
        chaos::wait_until(down_pause, [&] { return stopped_.load(); });
        continue;
      }
      auto request = by_name(title_of(turn * 7 % records));
      v1::GetReply reply;
      bool all = status.complete();
      if (status.complete()) {
        if (status.records() < records) wrong("is complete with " + std::to_string(status.records()) + " records");
        const auto read = node.get(request, &reply);
        if (read.error_code() == grpc::StatusCode::NOT_FOUND) wrong("is complete, and LOCAL says " + text_of(read));
        all = read.ok();
      }
      request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
      const auto read = node.get(request, &reply);
      if (read.error_code() == grpc::StatusCode::NOT_FOUND) wrong("says to a QUORUM read " + text_of(read));
      if (all && read.ok()) ++shown_[i];
    }
  }

  std::array<std::atomic<int>, 3> shown_{};
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  std::string told_;  ///< the first that showed less
  std::array<std::thread, 3> threads_;
};

/// All have all of it, and two of them without the third.
void require_all_filled(running_cluster& cluster, watch& seen) {
  for (const auto* name : members) REQUIRE_MESSAGE(seen.shows_all(name), name << ": " << seen.told());
  REQUIRE(cluster->terminate("a", converge_bound).ok());
  for (const auto* name : {"b", "c"}) {
    REQUIRE_MESSAGE(seen.shows_all(name), name << ": " << seen.told());
    const auto contents = cluster->export_all(name);
    REQUIRE_MESSAGE(contents.ok(), contents.error().message());
    CHECK(contents->size() == records);
  }
  seen.stop();
  CHECK_MESSAGE(seen.told().empty(), seen.told());
}

void use_alone(running_cluster& cluster) {
  auto alone =
      chaos::process::start({without_peers(cluster->command_line("a")), {}, cluster->directory() + "/a alone.log"});
  REQUIRE_MESSAGE(alone.ok(), alone.error().message());
  REQUIRE(chaos::wait_until(run_bound, [&] { return !alone->running() || cluster->client("a").serving(); }));
  REQUIRE(alone->running());
  store_all(cluster->client("a"));
  alone->signal(SIGTERM);
  REQUIRE(alone->wait(run_bound));
}

}  // namespace

TEST_SUITE("e2e.membership") {
  TEST_CASE("a node that was used alone gets two empty peers, and no read shows less than it had acknowledged") {
    running_cluster cluster({}, false);
    use_alone(cluster);
    require_refused(cluster, cluster->command_line("a"), {"was used without peers", "--adopt-peers", "b, c"});
    watch seen(cluster);
    // The empty ones wait for it.
    for (const auto* name : {"b", "c"}) REQUIRE(cluster->start(name).ok());
    cluster->set_flag("a", "--adopt-peers", "");
    REQUIRE(cluster->start("a").ok());
    // Stopped in the middle, and started again: nobody counts without what it had not yet passed on.
    REQUIRE(chaos::wait_until(converge_bound, [&] {
      v1::StatusReply status;
      return cluster->client("b").node_status(&status).ok() && status.records() > 0;
    }));
    cluster->kill("a");
    REQUIRE(cluster->wait_peer("b", "a", false, converge_bound));
    REQUIRE(cluster->start("a").ok());
    require_all_filled(cluster, seen);
  }

  TEST_CASE("a restored member among empty ones: refused until it is said that the cluster begins with it") {
    running_cluster cluster;
    const auto backups = cluster->directory() + "/backups";
    store_all(cluster->client("b"));
    cluster.require_equal({"a", "b", "c"});
    REQUIRE(run(cluster, {QUORATE_PROGRAM, "backup", "--to", backups, "--endpoints", cluster->address("b")}).how
            == "exit code 0");
    for (const auto* name : members) {
      cluster->kill(name);
      fs::remove_all(cluster->data_directory(name));
    }
    REQUIRE(run(cluster,
                {QUORATE_PROGRAM, "restore", "--from", backups, "--data", cluster->data_directory("a"), "--name", "a"})
                .how
            == "exit code 0");
    watch seen(cluster);
    for (const auto* name : members) REQUIRE(cluster->start(name).ok());
    for (const std::string name : members) {
      v1::StatusReply status;
      const bool told = chaos::wait_until(converge_bound, [&] {
        return cluster->client(name).node_status(&status).ok()
               && status.advice().find("--adopt-peers") != std::string::npos;
      });
      CHECK_MESSAGE(told, name << ": " << status.reason() << "; " << status.advice());
      CHECK_FALSE(status.complete());
    }
    REQUIRE(cluster->terminate("a", converge_bound).ok());
    cluster->set_flag("a", "--adopt-peers", "");
    REQUIRE(cluster->start("a").ok());
    require_all_filled(cluster, seen);
  }

  TEST_CASE("from three to five without a change is refused in one line, by the old members and by the new ones") {
    running_cluster cluster;
    store_all(cluster->client("a"));
    cluster.require_equal({"a", "b", "c"});
    watch seen(cluster);
    const auto ports = chaos::free_ports(2);
    REQUIRE(ports.ok());
    const std::vector<std::string> more{"--peer", "d=127.0.0.1:" + std::to_string(ports->at(0)), "--peer",
                                        "e=127.0.0.1:" + std::to_string(ports->at(1))};
    auto command = cluster->command_line("c");
    command.insert(command.end(), more.begin(), more.end());
    REQUIRE(cluster->terminate("c", converge_bound).ok());
    require_refused(cluster, command,
                    {"a, b, c (write quorum 2)", "a, b, c, d, e", "start it with the members it has"});
    // Nor does the flag for directories that were used alone help.
    command.emplace_back("--adopt-peers");
    require_refused(cluster, command, {"start it with the members it has"});
    // A fourth one that is started all the same is nobody's member.
    auto fourth = cluster->command_line("c");
    for (auto& word : fourth) {
      if (word == "c") word = "d";
      if (word == cluster->data_directory("c")) word = cluster->directory() + "/d";
      if (word == cluster->address("c")) word = more[1].substr(2);
    }
    fourth.insert(fourth.end(), {"--peer", "c=" + cluster->address("c"), "--peer", more[3]});
    auto child = chaos::process::start({fourth, {}, cluster->directory() + "/d.log"});
    REQUIRE_MESSAGE(child.ok(), child.error().message());
    chaos::node_client d(more[1].substr(2));
    v1::StatusReply status;
    const bool told = chaos::wait_until(converge_bound, [&] {
      if (!d.node_status(&status).ok()) return false;
      for (const auto& peer : status.peers())
        if (peer.name() == "a")
          return peer.last_error().find("check --name there and --peer here") != std::string::npos;
      return false;
    });
    CHECK_MESSAGE(told, status.ShortDebugString());
    CHECK_FALSE(status.complete());
    // The three go on.
    REQUIRE(cluster->start("c").ok());
    for (const auto* name : members) CHECK_MESSAGE(seen.shows_all(name), name << ": " << seen.told());
    CHECK(text_of(store(cluster->client("c"), "later", "x")) == "OK");
    seen.stop();
    CHECK_MESSAGE(seen.told().empty(), seen.told());
  }
}

}  // namespace quorate::e2e
