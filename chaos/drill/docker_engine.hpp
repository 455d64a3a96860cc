// The docker engine of this machine, as the programs `docker` and `docker compose` (or docker-compose 1) reach it.
//
// A value, used by the main thread (it starts processes). Every call has a bound. It owns nothing: what is made in the
// engine is taken away by who made it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::chaos {

class docker_engine {
 public:
  /// Errors, in one line that says what to do: no `docker`, no engine that answers, no compose.
  static result<docker_engine> find();

  /// What `docker ARGUMENTS` prints, without the line ends around it; any exit code but 0 is an
  /// error, `internal`: it is one of the tools, not of a node.
  result<std::string> docker(std::vector<std::string> arguments, std::chrono::milliseconds bound) const;
  /// Likewise, of compose. The environment, NAME=VALUE, fills in the variables of the compose file.
  result<std::string> compose(std::vector<std::string> arguments, std::vector<std::string> environment,
                              std::chrono::milliseconds bound) const;

 private:
  std::vector<std::string> compose_program_;
};

}  // namespace quorate::chaos
