// The nodes of a drill as the containers of deploy/docker-compose.yml, in a project of their own: a deployment on the
// same engine is never touched.
//
// See environment.hpp for owner, thread and promises. Clients reach each node over a published port of loopback that
// no fault touches; nodes talk over the network `peers`. The engine connects a container to a network or not, so a
// node can be cut off from both others and nothing less. Needs an engine and the image; `prepare` says what is missing.
// What containers cannot do at all is known before a drill starts: see `cannot`. A drill that is itself killed leaves
// its project behind: `docker-compose -p PROJECT down -v` removes it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chaos/drill/docker_engine.hpp"
#include "chaos/drill/environment.hpp"
#include "chaos/drill/fault_class.hpp"

namespace quorate::chaos {

class compose_network;

struct compose_options {
  std::string file;                          ///< of compose; empty: looked for above this program's place
  std::string image = "quorate:dev";         ///< what `./dev containers` builds
  std::map<std::string, std::string> flags;  ///< of every node, e.g. {"--quorum-timeout", "500ms"}; "" = no value
};

class compose_environment final : public environment {
 public:
  /// Finds engine, image and ports; nothing runs yet. Errors: one of them is missing, and what to do about it.
  static result<std::unique_ptr<compose_environment>> prepare(compose_options options = {});
  /// Why a class of faults cannot be run here; empty when it can.
  static std::string cannot(fault_class fault);
  ~compose_environment() override;

  /// Of compose: what its containers, volumes and networks are called after.
  const std::string& project() const { return project_; }
  const docker_engine& engine() const { return engine_; }
  /// Of the node's container; empty before `start_all`.
  const std::string& container(const std::string& node) const { return members_.at(node).container; }

  const std::vector<std::string>& nodes() const override { return names_; }
  std::string address(const std::string& node) const override;
  node_client& client(const std::string& node) override;

  status start_all(std::chrono::milliseconds bound) override;
  status start(const std::string& node, std::chrono::milliseconds bound) override;
  status kill(const std::string& node) override;
  status kill_together() override;
  status stop(const std::string& node, std::chrono::milliseconds bound) override;
  status pause(const std::string& node) override;
  status resume(const std::string& node) override;
  bool running(const std::string& node) override;
  std::vector<std::string> log_tail(const std::string& node, std::size_t lines) const override;

  network* net() override;

  result<std::uint64_t> wipe(const std::string& node) override;
  result<damage_done> damage(const std::string& node, std::uint64_t seed) override;
  status give_small_disk(const std::string& node, std::uint64_t bytes) override;
  result<std::uint64_t> fill_disk(const std::string& node) override;
  status free_disk(const std::string& node) override;
  status give_movable_clock(const std::string& node) override;
  status move_clock(const std::string& node, std::chrono::seconds offset) override;

 private:
  struct member {
    std::uint16_t port = 0;
    std::string container;
    std::unique_ptr<node_client> client;
  };

  compose_environment(compose_options options, docker_engine engine);
  status take_ports();
  std::vector<std::string> variables() const;
  result<std::string> compose(std::vector<std::string> arguments, std::chrono::milliseconds bound) const;
  /// `docker VERB... CONTAINER`.
  status act(std::vector<std::string> verb, const std::string& node, std::chrono::milliseconds bound) const;
  result<std::string> inspect(const std::string& node, const std::string& format) const;
  status up(std::chrono::milliseconds bound);
  status find_containers();
  status remove_all();
  status wait_serving(const std::string& node, std::chrono::milliseconds bound);
  status wait_connected(std::chrono::milliseconds bound);
  status failure(const std::string& node, const std::string& what) const;

  compose_options options_;
  docker_engine engine_;
  std::string project_;
  const std::vector<std::string> names_ = {"a", "b", "c"};
  std::map<std::string, member> members_;
  bool anything_made_ = false;
  std::unique_ptr<compose_network> network_;
};

}  // namespace quorate::chaos
