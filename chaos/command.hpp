// A program of the system that is run to its end: ip, iptables, tc.
//
// Main thread only (see process.hpp). The program is looked for in PATH and where Debian keeps those of root. Output
// and input lie in memory; nothing is left on any disk. A program that has not ended within the bound is killed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "proto/status.hpp"

namespace quorate::chaos {

struct command {
  std::vector<std::string> arguments;  ///< the program's name first
  std::string package;                 ///< Debian's package that holds it, for the error when it is missing
  std::string input;  ///< when there is some: a file with this text, whose path becomes the last argument
  std::vector<std::string> environment = {};  ///< NAME=VALUE, over ours
  int network_namespace = -1;                 ///< see process_options
};

struct command_end {
  int exit_code = -1;  ///< -1 when a signal ended it
  std::string output;  ///< what it wrote to stdout and stderr
};

/// Errors: it is not installed, cannot be executed, or did not end within `bound`.
result<command_end> run_to_end(const command& what, std::chrono::milliseconds bound);

/// Its output; an exit code other than 0 is an error, which carries the output.
result<std::string> output_of(const command& what, std::chrono::milliseconds bound);

}  // namespace quorate::chaos
