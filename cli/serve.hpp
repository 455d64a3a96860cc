// Runs nodes: as a server until a signal, or embedded for one command. Linked into the program only.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>

#include "cli/session.hpp"

namespace quorate::cli {

struct serve_options;

/// Called before the process has other threads. Starts a node, prints one line on `out` once it serves, and stops it at
/// SIGTERM or SIGINT, within limits::drain_ms_max and a second. A second signal ends the process at once with exit code
/// 1, as does a fatal error of the node; but a node whose data is damaged, and that has peers to fill it, is stopped
/// and started anew on an emptied directory (--on-damage).
int serve(const serve_options& options, std::ostream& out, std::ostream& err);

/// A node alone on `directory`, without a listener.
result<std::unique_ptr<embedded_node>> open_embedded(const std::string& directory);

/// Makes a data directory of a snapshot (storage/rocks_store.hpp, restore_rocks_store).
result<restored_directory> restore_directory(const restore_order& order);

}  // namespace quorate::cli
