// A live cluster, or a data directory opened by this program, as an end of a migration.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/migrate/row_store.hpp"
#include "cli/session.hpp"

namespace quorate::cli::migrate {

/// Reads one node as it is at the first call, while others write to it. Before, it waits until that node holds
/// everything that the members that can be asked hold: so every write that was acknowledged by then is there.
result<std::unique_ptr<row_source>> open_cluster_source(const std::vector<std::string>& endpoints,
                                                        const net::client_options& options);

/// Writes as any client does, acknowledged by the write quorum, at a node chosen in the same way; when it fails, at
/// another one.
result<std::unique_ptr<row_target>> open_cluster_target(const std::vector<std::string>& endpoints,
                                                        const net::client_options& options);

/// The same over a data directory that no node has open: it is opened here, without a listener, for as long as they
/// live. A source must be there; a target is made when it is not.
result<std::unique_ptr<row_source>> open_directory_source(const node_parts& parts, const std::string& directory,
                                                          const net::client_options& options);
result<std::unique_ptr<row_target>> open_directory_target(const node_parts& parts, const std::string& directory,
                                                          const net::client_options& options);

}  // namespace quorate::cli::migrate
