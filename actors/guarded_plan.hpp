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

/// The keys it is about to change; errc::internal when that throws.
result<std::vector<record_key>> keys_of(const net::write_request& request, const record_reader& now);

/// What it changes; its own error, or errc::internal when it throws.
result<std::vector<mutation>> plan_of(net::write_request& request, const record_reader& now, const version& stamp);

}  // namespace quorate
