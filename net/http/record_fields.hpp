// The fields of records as requests carry them, and what becomes of them in calls.
//
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "net/http/route.hpp"
#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace quorate::net::http {

/// namespace, tier, min_priority, since, until, tags, agent_id.
std::vector<field> filter_fields();
v1::RecordFilter filter_of(const call& request);

std::vector<field> new_record_fields();
/// The text of one record that is to be made. It is read as it was written, so that no number loses a digit.
status read_new_record(std::string_view text, std::optional<std::int64_t> ttl_seconds, v1::StoreRequest* request);

std::vector<field> change_fields();
void read_changes(const call& request, v1::UpdateRequest* changes);

}  // namespace quorate::net::http
