#include "memory/pending.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "memory/agent_identity.hpp"
#include "memory/agents.hpp"
#include "memory/curation.hpp"
#include "memory/json.hpp"
#include "memory/metadata.hpp"
#include "memory/newest_first.hpp"
#include "memory/scan.hpp"
#include "memory/standards.hpp"
#include "memory/timestamp.hpp"
#include "memory/validation.hpp"

namespace quorate::memory {

namespace {

constexpr std::string_view pending = "pending";
constexpr std::string_view approved = "approved";
constexpr std::string_view rejected = "rejected";

// Of a stored record's JSON, next to its own keys.
constexpr std::string_view ttl_member = "ttl_seconds";
// Of a promotion into another namespace.
constexpr std::string_view namespace_member = "to_namespace";

mutation put(const v1::PendingAction& action) {
  return {pending_key(action.id()), false, {}, action.SerializeAsString()};
}

/// The action, still to be decided, and `agent_id` fit to decide it.
result<v1::PendingAction> open_action(const record_reader& now, const std::string& id, const std::string& agent_id) {
  if (status broken = validate_id(id); !broken) return broken;
  if (status broken = validate_agent_id(agent_id); !broken) return broken;
  const auto key = pending_key(id);
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  if (!*stored || (*stored)->deleted) return status(errc::not_found, "no pending action of that id");
  auto action = value_of<v1::PendingAction>(key, **stored);
  if (action && action->status() != pending)
    return status::invalid("id", "must be that of an action that is pending, this one is " + action->status());
  return action;
}

void decide(v1::PendingAction& action, std::string_view outcome, const std::string& agent_id, std::int64_t now_ms) {
  action.set_status(std::string(outcome));
  action.set_decided_by(agent_id);
  action.set_decided_at(format_timestamp(now_ms));
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// Counts the vote, unless that agent has voted, in whatever case its id was written.
void vote(v1::PendingAction& action, const std::string& agent_id, std::int64_t now_ms) {
  const auto& votes = action.approvals();
  if (std::any_of(votes.begin(), votes.end(),
                  [&](const auto& one) { return lower(one.agent_id()) == lower(agent_id); }))
    return;
  auto* added = action.add_approvals();
  added->set_agent_id(agent_id);
  added->set_approved_at(format_timestamp(now_ms));
}

status denied(const std::string& why) { return {errc::not_permitted, "approval denied by governance: " + why}; }

/// Takes the approval of `agent_id` into the plan, or says why not. The act is to be done once `approved` is set.
status take_approval(const record_reader& now, const std::string& agent_id, std::int64_t now_ms,
                     planned_decision& plan) {
  const auto in_force = find_policy(now, plan.action.namespace_());
  if (!in_force) return in_force.error();
  const approver by = *in_force ? (*in_force)->rules.approved_by : approver();
  if (by.who == approver::kind::agent && agent_id != by.agent_id) return denied("only " + by.agent_id + " may approve");
  if (by.who == approver::kind::consensus) {
    const auto registered = is_registered(now, agent_id, now_ms);
    if (!registered) return registered.error();
    if (!*registered) return denied("only registered agents may vote");
  }
  vote(plan.action, agent_id, now_ms);
  plan.approved = true;
  if (by.who == approver::kind::consensus) {
    plan.votes = static_cast<std::uint32_t>(plan.action.approvals_size());
    plan.votes_needed = by.votes;
    plan.approved = plan.votes >= plan.votes_needed;
  }
  return {};
}

result<planned_write> plan_stored(const record_reader& now, const std::string& payload, const version& stamp,
                                  std::int64_t now_ms) {
  auto record = from_json(payload);
  if (!record) return record.error();
  v1::StoreRequest storing;
  *storing.mutable_memory() = std::move(*record);
  if (const auto ttl = find_member(payload, ttl_member)) {
    const auto seconds = nlohmann::json::parse(*ttl, nullptr, false);
    if (seconds.is_number_integer()) storing.set_ttl_seconds(seconds.get<std::int64_t>());
  }
  const auto prepared = prepare(std::move(storing), now_ms);
  if (!prepared) return prepared.error();
  return plan_store(now, *prepared, stamp);
}

result<planned_write> plan_act(const record_reader& now, const v1::PendingAction& action, const version& stamp,
                               std::int64_t now_ms) {
  if (action.action_type() == name_of(governed_action::store)) return plan_stored(now, action.payload(), stamp, now_ms);
  if (action.action_type() == name_of(governed_action::remove)) {
    v1::DeleteRequest removing;
    removing.set_id(action.memory_id());
    return plan_delete(now, removing);
  }
  if (action.action_type() == name_of(governed_action::promote)) {
    v1::PromoteRequest promoting;
    promoting.set_id(action.memory_id());
    promoting.set_to_namespace(text_member(action.payload(), namespace_member).value_or(""));
    auto promotion = plan_promote(now, promoting, now_ms, stamp);
    if (!promotion) return promotion.error();
    return planned_write(std::move(*promotion));
  }
  return status(errc::unreadable, "a pending action of a type that this release does not know: reject it");
}

}  // namespace

record_key pending_key(std::string_view id) { return {key_kind::pending, std::string(id)}; }

asked_lifetime lifetime_of(const v1::StoreRequest& request) {
  return {request.memory().has_expires_at(),
          request.has_ttl_seconds() ? std::optional(request.ttl_seconds()) : std::nullopt};
}

std::string payload_of_store(const v1::MemoryRecord& prepared, const asked_lifetime& lifetime) {
  if (lifetime.at_given_time) return to_json(prepared);
  v1::MemoryRecord record = prepared;
  record.clear_expires_at();
  const auto json = to_json(record);
  return lifetime.ttl_seconds ? with_member(json, ttl_member, std::to_string(*lifetime.ttl_seconds)) : json;
}

std::string payload_of_promote(std::string_view to_namespace) {
  return to_namespace.empty() ? "{}" : with_text_member("{}", namespace_member, to_namespace);
}

put_off_act plan_put_off(const std::string& id, const governed_act& act, std::string payload, std::int64_t now_ms) {
  v1::PendingAction action;
  action.set_id(id);
  action.set_action_type(std::string(name_of(act.action)));
  action.set_memory_id(act.memory_id);
  action.set_namespace_(act.name_space);
  action.set_payload(std::move(payload));
  action.set_requested_by(act.agent_id);
  action.set_requested_at(format_timestamp(now_ms));
  action.set_status(std::string(pending));

  put_off_act plan;
  plan.write.id = action.memory_id();
  plan.write.mutations.push_back(put(action));
  plan.notice.set_id(id);
  plan.notice.set_action(action.action_type());
  plan.notice.set_reason("governance requires approval");
  plan.notice.set_namespace_(action.namespace_());
  plan.notice.set_memory_id(action.memory_id());
  return plan;
}

result<planned_decision> plan_approve(const record_reader& now, const v1::ApprovePendingRequest& request,
                                      const version& stamp, std::int64_t now_ms) {
  auto action = open_action(now, request.id(), request.agent_id());
  if (!action) return action.error();
  planned_decision plan;
  plan.action = std::move(*action);
  if (status refused = take_approval(now, request.agent_id(), now_ms, plan); !refused) return refused;
  if (plan.approved) {
    auto act = plan_act(now, plan.action, stamp, now_ms);
    if (!act) return act.error();
    plan.write = std::move(*act);
    decide(plan.action, approved, request.agent_id(), now_ms);
  }
  plan.write.mutations.push_back(put(plan.action));
  return plan;
}

std::vector<record_key> keys_of_approve(const record_reader& now, const v1::ApprovePendingRequest& request) {
  std::vector<record_key> keys{pending_key(request.id())};
  // The stamp and the time of a plan decide nothing about its keys.
  const auto plan = plan_approve(now, request, version{1, node_id{}}, 0);
  if (!plan) return keys;
  for (const auto& change : plan->write.mutations)
    if (change.key != keys.front()) keys.push_back(change.key);
  return keys;
}

result<planned_decision> plan_reject(const record_reader& now, const v1::RejectPendingRequest& request,
                                     std::int64_t now_ms) {
  auto action = open_action(now, request.id(), request.agent_id());
  planned_decision plan;
  if (!action && is_unreadable(action.error())) {
    // Nothing can be kept of it, not even that it was rejected.
    plan.action.set_id(request.id());
    decide(plan.action, rejected, request.agent_id(), now_ms);
    plan.write.mutations.push_back({pending_key(request.id()), true, {}, {}});
    return plan;
  }
  if (!action) return action.error();
  plan.action = std::move(*action);
  decide(plan.action, rejected, request.agent_id(), now_ms);
  plan.write.mutations.push_back(put(plan.action));
  return plan;
}

result<std::vector<v1::PendingAction>> list_pending(const record_reader& now, const std::string& wanted_status,
                                                    std::size_t limit) {
  constexpr std::array known{std::string_view(), pending, approved, rejected};
  if (std::find(known.begin(), known.end(), wanted_status) == known.end())
    return status::invalid("status", "must be one of pending, approved, rejected");
  newest_first<v1::PendingAction> newest(limit);
  const auto visit = [&](const record_key& key, const stored_record& stored) -> status {
    auto action = value_of<v1::PendingAction>(key, stored);
    if (!action) return action.error();
    if (!wanted_status.empty() && action->status() != wanted_status) return {};
    const auto time = parse_timestamp(action->requested_at()).value_or(0);
    auto id = action->id();
    newest.add(time, stored.stamp, std::move(id), std::move(*action));
    return {};
  };
  if (status end = for_each(now, key_kind::pending, {}, visit); !end) return end;
  return std::move(newest).take();
}

}  // namespace quorate::memory
