// What a namespace asks of its writers: the object `governance` in the metadata of the record that is its standard.
//
//   {"write":"any","promote":"any","delete":"owner","approver":"human"}
//
// write, promote, delete: any, registered, owner or approve. approver: "human", {"agent":"<id>"} or {"consensus":<n>}.
// All four must be there; other keys are ignored.
//
// Pure functions, any thread, any text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/status.hpp"

namespace quorate::memory {

/// Who may do something.
enum class permission : std::uint8_t {
  any,
  registered,  ///< who is a registered agent
  owner,       ///< who wrote the record; to store: who wrote the standard
  approve,     ///< whoever it is, somebody has to approve it first
};

/// Who approves.
struct approver {
  enum class kind : std::uint8_t { human, agent, consensus };
  kind who = kind::human;
  std::string agent_id;     ///< of kind agent
  std::uint32_t votes = 1;  ///< of kind consensus: how many registered agents it takes
  bool operator==(const approver&) const = default;
};

struct policy {
  permission write = permission::any;
  permission promote = permission::any;
  permission remove = permission::any;
  approver approved_by;
  bool operator==(const policy&) const = default;
};

/// An invalid_argument of field "governance" names what is missing or wrong.
result<policy> parse_policy(std::string_view json);

/// Compact JSON with the four keys.
std::string text_of(const policy& policy);

/// The one in the metadata of a record; nothing when there is none or it is none.
std::optional<policy> policy_in(std::string_view metadata);

}  // namespace quorate::memory
