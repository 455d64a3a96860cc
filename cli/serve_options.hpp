// The flags of `quorate serve`, checked as far as no node is needed for it.
//
// A value comes from the command line, else from QUORATE_<FLAG> in the environment, else from --config.
#pragma once

#include <string>
#include <vector>

#include "actors/log.hpp"
#include "actors/node.hpp"
#include "proto/status.hpp"

namespace quorate::cli {

struct serve_options {
  node_options node;
  std::string directory;
  std::string listen;
  logging::format format = logging::format::text;
  logging::level level = logging::level::info;
};

/// As typed; empty = not given.
struct serve_flags {
  std::string name, data, listen, cluster_id, write_quorum, quorum_timeout, max_clock_offset, relay_delay;
  std::string format, level, config;
  std::vector<std::string> peers;
  bool enable_drills = false;
  bool accept_loss = false;
  bool insecure_listen = false;
};

/// The error names the flag, the limit and what to do.
result<serve_options> resolve(const serve_flags& flags);

}  // namespace quorate::cli
