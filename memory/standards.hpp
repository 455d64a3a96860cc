// The standards of namespaces: which record says what a namespace expects of its writers, and which namespaces it is
// under besides those of its path.
//
// A standard is a value of its own (kind standard, key namespace) that names a record by its id; the record may be in
// any namespace. Whoever deletes the record deletes the standards that name it.
//
// Functions over a reader; its errors are passed on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "memory/operations.hpp"
#include "memory/policy.hpp"
#include "proto/record.hpp"
#include "quorate/v1/governance.pb.h"

namespace quorate::memory {

/// How many parents a chain follows at most.
inline constexpr std::size_t explicit_parents_max = 8;

record_key standard_key(std::string_view name_space);

/// Namespace, id, parent and policy on their own, for who plans later.
status validate(const v1::SetStandardRequest& request);

struct planned_standard {
  planned_write write;  ///< its id is that of the record
  v1::Standard standard;
};
/// errc::not_found when there is no live record of that id. A policy goes into the record's metadata in the same entry,
/// invalid_argument when the metadata gets too large by it. Without a parent it is the nearest namespace that has a
/// standard, dashes taken off one by one: of a-b-c that is a-b, else a, else none.
result<planned_standard> plan_set_standard(const record_reader& now, const v1::SetStandardRequest& request,
                                           std::int64_t now_ms);
std::vector<record_key> keys_of_set_standard(const record_reader& now, const v1::SetStandardRequest& request);

/// No mutations when none is set.
result<planned_write> plan_clear_standard(const record_reader& now, std::string_view name_space);

/// The standard of exactly this namespace, filled from its record; only `namespace` when none is set.
result<v1::Standard> standard_of(const record_reader& now, std::string_view name_space);

/// The namespaces whose standards hold for this one, outermost first: "*", the explicit parents of its first segment,
/// the first segment, and so on down to itself. A parent that is in the chain already ends it.
result<std::vector<std::string>> chain_of(const record_reader& now, std::string_view name_space);

/// What counts when something is done in a namespace: the policy of its own standard and who wrote the record that
/// holds it (empty: unknown). Nothing when there is no standard, no record or no valid policy in it.
struct policy_in_force {
  policy rules;
  std::string owner;
};
result<std::optional<policy_in_force>> find_policy(const record_reader& now, std::string_view name_space);

}  // namespace quorate::memory
