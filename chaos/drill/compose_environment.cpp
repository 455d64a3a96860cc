#include "chaos/drill/compose_environment.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <random>
#include <sstream>
#include <utility>

#include "chaos/drill/compose_network.hpp"
#include "chaos/ports.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr milliseconds engine_bound(20'000);
constexpr milliseconds removal_bound(60'000);
constexpr milliseconds poll(50);
constexpr int port_attempts_max = 5;
constexpr std::size_t failure_lines = 12;
constexpr const char* compose_file = "deploy/docker-compose.yml";

/// Beside the sources this program was built from: in a folder above it, or above the present one.
result<std::string> find_compose_file() {
  std::error_code error;
  for (const auto& start :
       {std::filesystem::read_symlink("/proc/self/exe", error).parent_path(), std::filesystem::current_path(error)}) {
    for (auto folder = start; !folder.empty(); folder = folder.parent_path()) {
      if (std::filesystem::exists(folder / compose_file, error)) return (folder / compose_file).string();
      if (folder == folder.root_path()) break;
    }
  }
  return status(errc::not_found,
                std::string(compose_file) + " is in no folder above this program; run it from the sources");
}

/// No two drills meet, also when the numbers of processes come round again.
std::string new_project_name() {
  std::ostringstream name;
  name << "quorate-drill-" << std::hex << std::random_device()();
  return name.str();
}

/// --quorum-timeout -> QUORATE_QUORUM_TIMEOUT.
std::string variable_of(const std::string& flag) {
  std::string name = "QUORATE_";
  for (const char letter : flag.substr(std::min(flag.size(), std::size_t{2})))
    name += letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return name;
}

milliseconds left_of(steady_clock::time_point end) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(end - steady_clock::now()));
}

status impossible(fault_class fault) { return status(errc::not_permitted, compose_environment::cannot(fault)); }

}  // namespace

std::string compose_environment::cannot(fault_class fault) {
  switch (fault) {
    case fault_class::partition_asymmetric: return "a container can only be cut off from all others, both ways";
    case fault_class::drop_random_acks: return "packets between containers cannot be lost at random";
    case fault_class::slow_link: return "the link between two containers cannot be slowed down";
    case fault_class::corrupt_sst: return "files in a container's volume cannot be damaged";
    case fault_class::disk_full: return "a container's volume cannot be given a size";
    case fault_class::clock_skew_peer: return "containers share the clock of their machine";
    case fault_class::power_loss:
    case fault_class::io_error: return "the image does not hold the node whose disk can fail";
    case fault_class::old_disk: return "a container's volume cannot be swapped";
    case fault_class::hostile_peer: return "the peers' network cannot be entered";
    case fault_class::pair_of_faults: return "most faults that last cannot be made between containers";
    default: return "";
  }
}

compose_environment::compose_environment(compose_options options, docker_engine engine)
    : options_(std::move(options)),
      engine_(std::move(engine)),
      project_(new_project_name()),
      network_(std::make_unique<compose_network>(*this, project_ + "_peers")) {}

result<std::unique_ptr<compose_environment>> compose_environment::prepare(compose_options options) {
  auto engine = docker_engine::find();
  if (!engine) return engine.error();
  if (options.file.empty()) {
    auto found = find_compose_file();
    if (!found) return found.error();
    options.file = std::move(*found);
  }
  const auto image = engine->docker({"image", "inspect", "--format", "{{.Id}}", options.image}, engine_bound);
  if (!image)
    return status(errc::not_found,
                  "the docker engine has no image " + options.image + "; `./dev containers` builds it");
  std::unique_ptr<compose_environment> made(new compose_environment(std::move(options), std::move(*engine)));
  if (auto taken = made->take_ports(); !taken) return taken;
  return made;
}

compose_environment::~compose_environment() {
  network_.reset();
  if (!anything_made_) return;
  if (const auto removed = remove_all(); !removed)
    std::cerr << "quorate-chaos: containers of " << project_ << " are left: " << removed.message() << "\n";
}

status compose_environment::take_ports() {
  const auto ports = free_ports(names_.size());
  if (!ports) return ports.error();
  for (std::size_t i = 0; i < names_.size(); ++i) {
    auto& node = members_[names_[i]];
    node.port = ports->at(i);
    node.client = std::make_unique<node_client>(address(names_[i]));
  }
  return {};
}

std::string compose_environment::address(const std::string& node) const {
  return "127.0.0.1:" + std::to_string(members_.at(node).port);
}

node_client& compose_environment::client(const std::string& node) { return *members_.at(node).client; }

std::vector<std::string> compose_environment::variables() const {
  std::map<std::string, std::string> values = {{"QUORATE_IMAGE", options_.image},
                                               {"QUORATE_CLUSTER_ID", "drill"},
                                               {"QUORATE_ENABLE_DRILLS", "true"},
                                               // A node that was killed stays dead until the drill starts it.
                                               {"QUORATE_RESTART", "no"}};
  for (const auto& [flag, value] : options_.flags) values[variable_of(flag)] = value.empty() ? "true" : value;
  for (const auto& [name, node] : members_) values[variable_of("--port-" + name)] = std::to_string(node.port);
  std::vector<std::string> all;
  for (const auto& [name, value] : values) all.push_back(name + "=" + value);
  return all;
}

result<std::string> compose_environment::compose(std::vector<std::string> arguments, milliseconds bound) const {
  const std::vector<std::string> common = {"-p", project_, "-f", options_.file};
  arguments.insert(arguments.begin(), common.begin(), common.end());
  return engine_.compose(std::move(arguments), variables(), bound);
}

status compose_environment::act(std::vector<std::string> verb, const std::string& node, milliseconds bound) const {
  if (container(node).empty()) return status(errc::not_found, "node " + node + " has no container yet");
  verb.push_back(container(node));
  return engine_.docker(std::move(verb), bound).error();
}

result<std::string> compose_environment::inspect(const std::string& node, const std::string& format) const {
  return engine_.docker({"inspect", "--format", format, container(node)}, engine_bound);
}

status compose_environment::failure(const std::string& node, const std::string& what) const {
  std::string text = "node " + node + " " + what;
  for (const auto& line : log_tail(node, failure_lines)) text += "\n    | " + line;
  return status(errc::unavailable, text);
}

status compose_environment::remove_all() {
  return compose({"down", "--volumes", "--timeout", "0"}, removal_bound).error();
}

status compose_environment::up(milliseconds bound) {
  anything_made_ = true;
  status outcome;
  for (int attempt = 0; attempt < port_attempts_max; ++attempt) {
    const auto made = compose({"up", "-d", "--no-build"}, bound);
    outcome = made.error();
    // Somebody else took a port between our look and the engine's.
    const bool port_taken = outcome.context().find("address already in use") != std::string::npos
                            || outcome.context().find("port is already allocated") != std::string::npos;
    if (outcome || !port_taken) break;
    if (auto removed = remove_all(); !removed) return removed;
    if (auto taken = take_ports(); !taken) return taken;
  }
  return outcome;
}

status compose_environment::find_containers() {
  const auto ours = "label=com.docker.compose.project=" + project_;
  for (auto& [name, node] : members_) {
    auto id = engine_.docker({"ps", "--all", "--quiet", "--no-trunc", "--filter", ours, "--filter",
                              "label=com.docker.compose.service=" + name},
                             engine_bound);
    if (!id) return id.error();
    if (id->empty()) return status(errc::internal, "compose made no container for " + name);
    node.container = std::move(*id);
  }
  return {};
}

status compose_environment::wait_serving(const std::string& node, milliseconds bound) {
  bool runs = true;
  // A new client for each look: the engine opens the port before the node does, and an attempt to connect that falls
  // between the two hangs for a while.
  const bool serves = wait_until(
      bound, [&] { return node_client(address(node)).serving() || !(runs = running(node)); }, poll);
  if (!runs) {
    const auto code = inspect(node, "{{.State.ExitCode}}");
    return failure(node, "ended with exit code " + (code ? *code : "unknown"));
  }
  if (!serves) return failure(node, "does not serve on " + address(node));
  return {};
}

status compose_environment::wait_connected(milliseconds bound) {
  const auto end = steady_clock::now() + bound;
  for (const auto& name : names_) {
    v1::StatusReply reply;
    const bool settled = wait_until(
        left_of(end),
        [&] {
          reply.Clear();
          const auto& peers = reply.peers();
          return client(name).node_status(&reply).ok() && reply.state() == "serving"
                 && std::all_of(peers.begin(), peers.end(),
                                [](const auto& peer) { return peer.up() && peer.counts(); });
        },
        poll);
    if (!settled) return failure(name, "is up, but not one of three that count; its state is " + reply.state());
  }
  return {};
}

status compose_environment::start_all(milliseconds bound) {
  const auto end = steady_clock::now() + bound;
  if (auto made = up(bound); !made) return made;
  if (auto found = find_containers(); !found) return found;
  for (const auto& name : names_) {
    if (auto serves = wait_serving(name, left_of(end)); !serves) return serves;
  }
  return wait_connected(left_of(end));
}

status compose_environment::start(const std::string& node, milliseconds bound) {
  const auto end = steady_clock::now() + bound;
  if (auto started = act({"start"}, node, bound); !started) return started;
  return wait_serving(node, left_of(end));
}

status compose_environment::kill(const std::string& node) {
  if (auto killed = act({"kill", "--signal", "KILL"}, node, engine_bound); !killed) return killed;
  if (!wait_until(
          engine_bound, [&] { return !running(node); }, poll))
    return failure(node, "still runs after SIGKILL");
  return {};
}

status compose_environment::kill_together() {
  for (const auto& node : nodes())
    if (auto killed = act({"kill", "--signal", "KILL"}, node, engine_bound); !killed) return killed;
  for (const auto& node : nodes())
    if (!wait_until(
            engine_bound, [&] { return !running(node); }, poll))
      return failure(node, "still runs after SIGKILL");
  return {};
}

status compose_environment::stop(const std::string& node, milliseconds bound) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(bound).count();
  if (auto stopped = act({"stop", "-t", std::to_string(seconds)}, node, bound + engine_bound); !stopped) return stopped;
  const auto code = inspect(node, "{{.State.ExitCode}}");
  if (!code) return code.error();
  if (*code != "0") return failure(node, "ended with exit code " + *code + " after SIGTERM");
  return {};
}

status compose_environment::pause(const std::string& node) { return act({"pause"}, node, engine_bound); }

status compose_environment::resume(const std::string& node) { return act({"unpause"}, node, engine_bound); }

bool compose_environment::running(const std::string& node) {
  if (container(node).empty()) return false;
  const auto answer = inspect(node, "{{.State.Running}}");
  return answer && *answer == "true";
}

std::vector<std::string> compose_environment::log_tail(const std::string& node, std::size_t lines) const {
  std::vector<std::string> last;
  if (container(node).empty()) return last;
  const auto text = engine_.docker({"logs", "--tail", std::to_string(lines), container(node)}, engine_bound);
  if (!text) return last;
  std::istringstream all(*text);
  for (std::string line; std::getline(all, line);) last.push_back(line);
  return last;
}

network* compose_environment::net() { return network_.get(); }

result<std::uint64_t> compose_environment::wipe(const std::string& node) {
  if (running(node)) return status(errc::in_use, "node " + node + " runs; a disk is taken from a node that does not");
  const auto volume = inspect(node, "{{range .Mounts}}{{if eq .Destination \"/data\"}}{{.Name}}{{end}}{{end}}");
  if (!volume) return volume.error();
  const auto answer =
      engine_.docker({"run", "--rm", "--network", "none", "--volume", *volume + ":/data", "--entrypoint", "sh",
                      options_.image, "-ec", "find /data -type f -printf '%s\\n'; find /data -mindepth 1 -delete"},
                     engine_bound);
  if (!answer) return answer.error();
  std::istringstream sizes(*answer);
  std::uint64_t bytes = 0;
  for (std::uint64_t size = 0; sizes >> size;) bytes += size;
  return bytes;
}

result<damage_done> compose_environment::damage(const std::string&, std::uint64_t) {
  return impossible(fault_class::corrupt_sst);
}

status compose_environment::give_small_disk(const std::string&, std::uint64_t) {
  return impossible(fault_class::disk_full);
}

result<std::uint64_t> compose_environment::fill_disk(const std::string&) { return impossible(fault_class::disk_full); }

status compose_environment::free_disk(const std::string&) { return impossible(fault_class::disk_full); }

status compose_environment::give_movable_clock(const std::string&) { return impossible(fault_class::clock_skew_peer); }

status compose_environment::move_clock(const std::string&, std::chrono::seconds) {
  return impossible(fault_class::clock_skew_peer);
}

}  // namespace quorate::chaos
