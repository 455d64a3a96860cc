// Taking many records out: those whose expiry has come, and those somebody wants forgotten.
//
// A scan finds them, then each one is a write of its own that looks again before it removes anything. Blocks: on a
// thread of the read pool, or of whoever does it regularly. What was done when one of the writes fails stays done; the
// error says how many that were.
#pragma once

#include <cstdint>

#include "net/node_api.hpp"
#include "proto/status.hpp"
#include "quorate/v1/curation.pb.h"

namespace quorate::net {

/// Moves the records whose expiry has come, with their use considered, to the archive. Yields to every store since.
result<v1::CollectExpiredReply> collect_expired(node_api& node, const v1::CollectExpiredRequest& request,
                                                std::int64_t deadline_us);

/// Validates the request. A record that is stored anew while this goes on is left alone.
result<v1::ForgetReply> forget(node_api& node, const v1::ForgetRequest& request, std::int64_t deadline_us);

/// Drops rows of the archive.
result<v1::PurgeArchiveReply> purge_archive(node_api& node, const v1::PurgeArchiveRequest& request,
                                            std::int64_t deadline_us);

}  // namespace quorate::net
