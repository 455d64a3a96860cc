// The one way to ask a request what it makes of what is stored: one that makes the domain throw is the request's
// problem, and nobody's who asks. It is refused and reported.
//
// Any thread. Pure but for the report.
#pragma once

#include <vector>

#include "net/node_api.hpp"
#include "proto/record.hpp"
#include "proto/status.hpp"

namespace quorate {

/// Has `found.keys` hold, beside those that are there, the keys it is about to change, each with the version that `now`
/// has of it. errc::internal when the request throws; other errors are those of `now`.
status list_keys(net::write_request& request, const record_reader& now);

/// Whether all that is to be changed was listed.
bool asked_about(const net::write_request& request, const std::vector<mutation>& changes);

/// What it changes; its own error, or errc::internal when it throws.
result<std::vector<mutation>> plan_of(net::write_request& request, const record_reader& now, const version& stamp);

}  // namespace quorate
