#include "chaos/local_cluster.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <utility>

#include "chaos/convergence.hpp"
#include "chaos/drill/network.hpp"
#include "chaos/ports.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr int port_attempts_max = 5;
constexpr std::size_t failure_lines = 12;
constexpr milliseconds key_bound(10'000);

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "\n    | " + line;
  return text;
}

}  // namespace

result<std::unique_ptr<local_cluster>> local_cluster::prepare(cluster_options options) {
  std::unique_ptr<local_cluster> cluster(new local_cluster(std::move(options)));
  auto& chosen = cluster->options_;
  if (chosen.directory.empty()) {
    auto scratch = scratch_directory::make(chosen.scratch_parent);
    if (!scratch) return scratch.error();
    cluster->scratch_ = std::move(*scratch);
    if (chosen.keep) cluster->scratch_.keep();
    cluster->directory_ = cluster->scratch_.path();
  } else {
    cluster->directory_ = chosen.directory;
  }
  for (unsigned i = 0; i < chosen.size; ++i) {
    cluster->names_.emplace_back(1, static_cast<char>('a' + i));
    std::error_code error;
    std::filesystem::create_directories(cluster->data_directory(cluster->names_.back()), error);
    if (error) return status(errc::internal, "cannot create " + cluster->directory_ + ": " + error.message());
  }
  if (auto taken = cluster->take_addresses(); !taken) return taken;
  if (auto made = chosen.key ? cluster->make_key() : status(); !made) return made;
  return cluster;
}

local_cluster::~local_cluster() {
  for (auto& [name, node] : members_) node.running.kill();
}

status local_cluster::make_key() const {
  // A directory that is used again keeps its key.
  auto making = process::start({{options_.program, "cluster-key", "--keep", key_file()}, {}, "/dev/null", -1});
  if (!making) return making.error();
  const auto end = making->wait(key_bound);
  if (end && end->exit_code == 0) return {};
  return status(errc::internal, "'" + options_.program + " cluster-key --keep " + key_file() + "' "
                                    + (end ? "ended with " + text_of(*end) : std::string("does not end")));
}

status local_cluster::take_addresses() {
  auto ports = options_.ports;
  if (ports.empty() && !options_.net) {
    auto found = free_ports(names_.size());
    if (!found) return found.error();
    ports = *found;
  }
  for (std::size_t i = 0; i < names_.size(); ++i) {
    auto& node = members_[names_[i]];
    node.address = options_.net ? options_.net->listen_address(names_[i]) : "127.0.0.1:" + std::to_string(ports.at(i));
    node.client = std::make_unique<node_client>(node.address);
  }
  return {};
}

std::string local_cluster::data_directory(const std::string& name) const {
  const auto found = members_.find(name);
  return found == members_.end() || found->second.data_directory.empty() ? directory_ + "/" + name
                                                                         : found->second.data_directory;
}

std::string local_cluster::address(const std::string& name) const { return at(name).address; }

std::vector<std::string> local_cluster::addresses() const {
  std::vector<std::string> all;
  for (const auto& name : names_) all.push_back(address(name));
  return all;
}

std::string local_cluster::log_file(const std::string& name) const { return directory_ + "/" + name + ".log"; }

std::vector<std::string> local_cluster::log_tail(const std::string& name, std::size_t lines) const {
  std::ifstream file(log_file(name));
  std::deque<std::string> last;
  for (std::string line; std::getline(file, line);) {
    last.push_back(line);
    if (last.size() > lines) last.pop_front();
  }
  return {last.begin(), last.end()};
}

std::vector<pid_t> local_cluster::pids() const {
  std::vector<pid_t> all;
  for (const auto& [name, node] : members_) {
    if (node.running.pid() != 0) all.push_back(node.running.pid());
  }
  return all;
}

void local_cluster::set_flag(const std::string& name, const std::string& flag, const std::string& value) {
  at(name).flags[flag] = value;
}

void local_cluster::set_environment(const std::string& name, std::vector<std::string> environment) {
  at(name).environment = std::move(environment);
}

void local_cluster::set_program(const std::string& name, std::string program) { at(name).program = std::move(program); }

void local_cluster::set_data_directory(const std::string& name, std::string directory) {
  at(name).data_directory = std::move(directory);
}

std::vector<std::string> local_cluster::command_line(const std::string& name) const {
  std::map<std::string, std::string> flags = {
      {"--name", name}, {"--data", data_directory(name)}, {"--listen", address(name)}, {"--cluster-id", "local"}};
  if (options_.net && !address(name).starts_with("127.")) flags["--insecure-listen"] = "";
  if (options_.key) flags["--cluster-key-file"] = key_file();
  for (const auto& [flag, value] : options_.flags) flags[flag] = value;
  for (const auto& [flag, value] : at(name).flags) flags[flag] = value;
  std::vector<std::string> line = {at(name).program.empty() ? options_.program : at(name).program, "serve"};
  for (const auto& [flag, value] : flags) {
    line.push_back(flag);
    if (!value.empty()) line.push_back(value);
  }
  for (const auto& peer : names_) {
    if (peer == name) continue;
    line.push_back("--peer");
    line.push_back(peer + "=" + (options_.net ? options_.net->peer_address(name, peer) : address(peer)));
  }
  return line;
}

status local_cluster::failure(const std::string& name, const std::string& what) const {
  return status(errc::unavailable, "node " + name + " " + what + joined(log_tail(name, failure_lines)));
}

status local_cluster::spawn(const std::string& name) {
  auto started = process::start(
      {command_line(name), at(name).environment, log_file(name), options_.net ? options_.net->namespace_of(name) : -1});
  if (!started) return started.error();
  at(name).running = std::move(*started);
  return {};
}

status local_cluster::wait_serving(const std::string& name, milliseconds bound) {
  auto& node = at(name);
  const auto end = steady_clock::now() + bound;
  // The port first: a channel that was refused once waits a while before it tries again.
  const bool listens = wait_until(
      bound, [&] { return !node.running.running() || accepts_connections(node.address); }, milliseconds(2));
  if (!node.running.running()) return failure(name, "ended with " + text_of(*node.running.wait(milliseconds(0))));
  if (!listens) return failure(name, "does not listen on " + address(name));
  const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
  const bool serves = wait_until(left, [&] { return !node.running.running() || node_client(address(name)).serving(); });
  if (!node.running.running()) return failure(name, "ended with " + text_of(*node.running.wait(milliseconds(0))));
  if (!serves) return failure(name, "listens, but does not serve");
  return {};
}

status local_cluster::start(const std::string& name, milliseconds bound) {
  if (auto started = spawn(name); !started) return started;
  return wait_serving(name, bound);
}

status local_cluster::start_all(milliseconds bound) {
  status outcome;
  for (int attempt = 0; attempt < port_attempts_max; ++attempt) {
    outcome = {};
    for (const auto& name : names_) {
      if (outcome) outcome = spawn(name);
    }
    bool port_taken = false;
    for (const auto& name : names_) {
      if (!outcome) break;
      outcome = wait_serving(name, bound);
      const auto end = at(name).running.wait(milliseconds(0));
      port_taken = end && end->exit_code == 2 && outcome.context().find("--listen") != std::string::npos;
    }
    if (outcome || !port_taken || !options_.ports.empty() || options_.net) break;
    for (auto& [name, node] : members_) node.running.kill();
    if (auto taken = take_addresses(); !taken) return taken;
  }
  return outcome ? wait_connected(bound) : outcome;
}

void local_cluster::kill(const std::string& name) { at(name).running.kill(); }

result<process_end> local_cluster::terminate(const std::string& name, milliseconds bound) {
  at(name).running.signal(SIGTERM);
  const auto end = at(name).running.wait(bound);
  if (!end) return failure(name, "still runs " + std::to_string(bound.count()) + " ms after SIGTERM");
  return *end;
}

void local_cluster::pause(const std::string& name) { at(name).running.stop_running(); }

void local_cluster::resume(const std::string& name) { at(name).running.signal(SIGCONT); }

bool local_cluster::running(const std::string& name) { return at(name).running.running(); }

pid_t local_cluster::pid(const std::string& name) const { return at(name).running.pid(); }

node_client& local_cluster::client(const std::string& name) { return *at(name).client; }

result<double> local_cluster::wait_digests_equal(const std::vector<std::string>& names, milliseconds bound) {
  std::vector<node_client*> nodes;
  for (const auto& name : names) nodes.push_back(&client(name));
  return wait_equal(nodes, bound);
}

bool local_cluster::wait_peer(const std::string& name, const std::string& peer, bool up, milliseconds bound) {
  return wait_until(bound, [&] {
    v1::StatusReply reply;
    if (!client(name).node_status(&reply).ok()) return false;
    const auto& peers = reply.peers();
    return std::any_of(peers.begin(), peers.end(),
                       [&](const auto& seen) { return seen.name() == peer && seen.up() == up; });
  });
}

status local_cluster::wait_connected(milliseconds bound) {
  const auto end = steady_clock::now() + bound;
  for (const auto& name : names_) {
    for (const auto& peer : names_) {
      if (name == peer || !running(name) || !running(peer)) continue;
      const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
      if (!wait_peer(name, peer, true, left)) return failure(name, "does not see " + peer);
    }
  }
  // On new disks, until each knows that it may count, and that the others do.
  for (const auto& name : names_) {
    if (!running(name)) continue;
    v1::StatusReply reply;
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    const bool settled = wait_until(left, [&] {
      reply.Clear();
      const auto& peers = reply.peers();
      return client(name).node_status(&reply).ok() && reply.state() != "filling"
             && std::all_of(peers.begin(), peers.end(), [&](const auto& peer) { return !peer.up() || peer.counts(); });
    });
    if (!settled) return failure(name, "is up, but its state is " + reply.state());
  }
  return {};
}

result<node_contents> local_cluster::export_all(const std::string& name) { return client(name).export_all(); }

}  // namespace quorate::chaos
