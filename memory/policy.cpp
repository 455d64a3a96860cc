#include "memory/policy.hpp"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "memory/agent_identity.hpp"
#include "memory/metadata.hpp"

namespace quorate::memory {

namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> permission_names{"any", "registered", "owner", "approve"};

std::string_view text_of(permission what) { return permission_names.at(static_cast<std::size_t>(what)); }

status broken(std::string rule) { return status::invalid("governance", std::move(rule)); }

result<permission> permission_in(const ordered_json& object, const char* key) {
  if (const auto found = object.find(key); found != object.end() && found->is_string()) {
    for (std::size_t i = 0; i < permission_names.size(); ++i)
      if (found->get_ref<const std::string&>() == permission_names.at(i)) return static_cast<permission>(i);
  }
  return broken(std::string("must have ") + key + " with one of any, registered, owner, approve");
}

result<approver> approver_in(const ordered_json& object) {
  const auto found = object.find("approver");
  if (found != object.end() && *found == "human") return approver{};
  if (found != object.end() && found->is_object() && found->size() == 1) {
    if (const auto agent = found->find("agent"); agent != found->end() && agent->is_string()) {
      auto id = agent->get<std::string>();
      if (!validate_agent_id(id)) return broken("must have an agent id in approver.agent");
      return approver{approver::kind::agent, std::move(id), 1};
    }
    if (const auto votes = found->find("consensus"); votes != found->end() && votes->is_number_unsigned()) {
      const auto count = votes->get<std::uint64_t>();
      if (count >= 1 && count <= std::numeric_limits<std::uint32_t>::max())
        return approver{approver::kind::consensus, {}, static_cast<std::uint32_t>(count)};
    }
  }
  return broken(R"(must have approver: "human", {"agent": an agent id} or {"consensus": a number from 1})");
}

}  // namespace

result<policy> parse_policy(std::string_view json) {
  // Checked first, because a text of any depth must not cost stack.
  const auto compact = compact_metadata(json);
  if (!compact) return broken(compact.error().context());
  const auto object = ordered_json::parse(*compact, nullptr, false);
  const auto write = permission_in(object, "write");
  if (!write) return write.error();
  const auto promote = permission_in(object, "promote");
  if (!promote) return promote.error();
  const auto remove = permission_in(object, "delete");
  if (!remove) return remove.error();
  auto approved_by = approver_in(object);
  if (!approved_by) return approved_by.error();
  return policy{*write, *promote, *remove, std::move(*approved_by)};
}

std::string text_of(const policy& policy) {
  ordered_json approved_by = "human";
  if (policy.approved_by.who == approver::kind::agent) approved_by = {{"agent", policy.approved_by.agent_id}};
  if (policy.approved_by.who == approver::kind::consensus) approved_by = {{"consensus", policy.approved_by.votes}};
  return ordered_json{{"write", text_of(policy.write)},
                      {"promote", text_of(policy.promote)},
                      {"delete", text_of(policy.remove)},
                      {"approver", approved_by}}
      .dump();
}

std::optional<policy> policy_in(std::string_view metadata) {
  const auto text = find_member(metadata, "governance");
  if (!text) return std::nullopt;
  auto found = parse_policy(*text);
  if (!found) return std::nullopt;
  return std::move(*found);
}

}  // namespace quorate::memory
