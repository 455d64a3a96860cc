// The flags of `quorate serve`, checked as far as no node is needed for it.
//
// A value comes from the command line, else from QUORATE_<FLAG> in the environment, else from --config.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/log.hpp"
#include "actors/node.hpp"
#include "proto/status.hpp"

namespace quorate::cli {

/// What a node does whose disk is found damaged.
enum class on_damage : std::uint8_t {
  refill,  ///< sets what is there aside and begins with an empty disk, which the others fill
  stop,    ///< ends, for an operator to look
};

struct serve_options {
  node_options node;
  std::string directory;
  std::string listen;
  std::string backup_directory;  ///< where incremental backups go; empty = nowhere
  std::string http;              ///< where to serve HTTP; empty = not at all
  std::string api_key;           ///< what HTTP requests must show; empty = nothing
  on_damage damage = on_damage::refill;
  logging::format format = logging::format::text;
  logging::level level = logging::level::info;
};

/// As typed; empty = not given.
struct serve_flags {
  std::string name, data, listen, cluster_id, write_quorum, quorum_timeout, max_clock_offset, relay_delay;
  std::string format, level, config, damage, http, api_key_file, collect_interval, backup_directory, cluster_key_file;
  std::vector<std::string> peers;
  bool enable_drills = false;
  bool accept_loss = false;
  bool adopt_peers = false;
  bool insecure_listen = false;
};

/// The error names the flag, the limit and what to do.
result<serve_options> resolve(const serve_flags& flags);

}  // namespace quorate::cli
