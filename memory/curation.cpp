#include "memory/curation.hpp"

#include <algorithm>
#include <set>

#include "memory/compact_json.hpp"
#include "memory/key.hpp"
#include "memory/links.hpp"
#include "memory/metadata.hpp"
#include "memory/stored_value.hpp"
#include "memory/timestamp.hpp"
#include "memory/usage.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::memory {

namespace {

constexpr std::size_t consolidated_min = 2;
constexpr std::size_t consolidated_max = 100;
constexpr int loser_priority = 1;
constexpr double loser_confidence = 0.1;

/// A live record by its id; the error says which one is missing.
result<found_record> record_of(const record_reader& now, const std::string& id) {
  auto found = find_record(now, id, nullptr);
  if (!found && found.error().code() == errc::not_found)
    return status(errc::not_found, "no live record has the id " + id);
  return found;
}

bool is_above(std::string_view name_space, std::string_view below) {
  return below.size() > name_space.size() && below.starts_with(name_space) && below[name_space.size()] == '/';
}

std::string array_of(const std::vector<std::string>& texts) {
  std::string array = "[";
  for (const auto& text : texts) {
    if (array.size() > 1) array += ',';
    append_json_string(array, text);
  }
  return array + ']';
}

result<planned_promotion> plan_clone(const record_reader& now, const v1::MemoryRecord& record,
                                     const std::string& to_namespace, std::int64_t now_ms, const version& stamp) {
  if (status broken = validate_namespace(to_namespace); !broken)
    return status::invalid("to_namespace", broken.context());
  if (!is_above(to_namespace, record.namespace_()))
    return status::invalid("to_namespace", "must be a namespace above that of the record");
  v1::MemoryRecord clone = record;
  if (status failed = present(now, &clone); !failed) return failed;
  clone.set_namespace_(to_namespace);
  clone.clear_id();
  clear_internal(&clone);
  clone.clear_access_count();
  clone.clear_last_accessed_at();
  clone.set_created_at(format_timestamp(now_ms));
  clone.set_updated_at(clone.created_at());
  auto stored = plan_store(now, clone, stamp);
  if (!stored) return stored.error();
  planned_promotion plan{std::move(*stored)};
  v1::MemoryRecord made;
  made.ParseFromString(plan.mutations.front().value);
  plan.mutations.push_back(put_link(made, record, "derived_from", made.updated_at()));
  plan.clone_id = plan.id;
  plan.id = record.id();
  return plan;
}

/// What a consolidation takes from its sources.
class gathering {
 public:
  explicit gathering(v1::MemoryRecord record) : record_(std::move(record)), metadata_("{}") {}

  void add(const v1::MemoryRecord& source) {
    record_.set_priority(std::max(record_.priority(), source.priority()));
    record_.set_access_count(record_.access_count() + source.access_count());
    tags_.insert(source.tags().begin(), source.tags().end());
    metadata_ = with_members(metadata_, source.metadata(), "agent_id");
    ids_.push_back(source.id());
    const auto agent = text_member(source.metadata(), "agent_id");
    if (agent && std::find(agents_.begin(), agents_.end(), *agent) == agents_.end()) agents_.push_back(*agent);
  }

  result<v1::MemoryRecord> take(const std::string& agent_id) {
    if (tags_.size() > limits::tags_max)
      return status::invalid("ids", "have " + std::to_string(tags_.size()) + " tags together, a record has at most "
                                        + std::to_string(limits::tags_max));
    record_.mutable_tags()->Assign(tags_.begin(), tags_.end());
    metadata_ = with_member(metadata_, "derived_from", array_of(ids_));
    if (!agent_id.empty()) metadata_ = with_text_member(metadata_, "agent_id", agent_id);
    metadata_ = with_member(metadata_, "consolidated_from_agents", array_of(agents_));
    if (status broken = check_metadata_size(metadata_, "with that of all sources"); !broken) return broken;
    record_.set_metadata(std::move(metadata_));
    record_.set_priority_base_count(record_.access_count());
    return std::move(record_);
  }

 private:
  v1::MemoryRecord record_;
  std::string metadata_;
  std::set<std::string> tags_;
  std::vector<std::string> ids_;
  std::vector<std::string> agents_;
};

}  // namespace

result<planned_promotion> plan_promote(const record_reader& now, const v1::PromoteRequest& request, std::int64_t now_ms,
                                       const version& stamp) {
  const auto id = full_id(now, request.id(), request.allow_prefix());
  if (!id) return id.error();
  auto found = find_record(now, *id, nullptr);
  if (!found) return found.error();
  auto& record = found->record;
  if (!request.to_namespace().empty()) return plan_clone(now, record, request.to_namespace(), now_ms, stamp);
  record.set_tier(v1::TIER_LONG);
  record.clear_expires_at();
  record.set_updated_at(format_timestamp(now_ms));
  planned_promotion plan;
  plan.id = record.id();
  plan.mutations.push_back(put_record(record));
  return plan;
}

result<planned_write> plan_resolve(const record_reader& now, const v1::ResolveRequest& request, node_id self,
                                   std::int64_t now_ms) {
  for (const auto& [field, id] : {std::pair{"winner_id", &request.winner_id()}, {"loser_id", &request.loser_id()}})
    if (status broken = validate_id(*id); !broken) return status::invalid(field, broken.context());
  if (request.winner_id() == request.loser_id()) return status::invalid("loser_id", "must not be the winner");
  auto winner = record_of(now, request.winner_id());
  if (!winner) return winner.error();
  auto loser = record_of(now, request.loser_id());
  if (!loser) return loser.error();

  auto plan = plan_touch(now, {winner->key}, self, now_ms);
  if (!plan) return plan.error();
  plan->mutations.push_back(put_link(winner->record, loser->record, "supersedes", format_timestamp(now_ms)));
  v1::MemoryRecord seen = loser->record;
  if (status failed = present(now, &seen); !failed) return failed;
  auto& record = loser->record;
  record.set_priority(loser_priority);
  record.set_priority_base_count(seen.access_count());
  record.set_confidence(loser_confidence);
  record.set_updated_at(format_timestamp(now_ms));
  plan->mutations.push_back(put_record(record));
  plan->id = winner->record.id();
  return plan;
}

result<v1::MemoryRecord> prepare(const v1::ConsolidateRequest& request, std::int64_t now_ms) {
  const auto count = static_cast<std::size_t>(request.ids_size());
  if (count < consolidated_min || count > consolidated_max)
    return status::invalid("ids", "must be " + std::to_string(consolidated_min) + " to "
                                      + std::to_string(consolidated_max) + ", got " + std::to_string(count));
  std::set<std::string_view> different;
  for (const auto& id : request.ids()) {
    if (status broken = validate_id(id); !broken) return status::invalid("ids", broken.context());
    if (!different.insert(id).second) return status::invalid("ids", "must not name a record twice");
  }
  v1::StoreRequest store;
  auto& record = *store.mutable_memory();
  record.set_title(request.title());
  record.set_content(request.summary());
  record.set_namespace_(request.namespace_());
  record.set_tier(request.tier() == v1::TIER_UNSPECIFIED ? v1::TIER_LONG : request.tier());
  record.set_source(request.source().empty() ? "consolidation" : request.source());
  store.set_agent_id(request.agent_id());
  auto prepared = prepare(std::move(store), now_ms);
  if (!prepared && prepared.error().field() == "content") return status::invalid("summary", prepared.error().context());
  if (prepared) prepared->clear_expires_at();
  return prepared;
}

result<planned_write> plan_consolidate(const record_reader& now, const v1::ConsolidateRequest& request,
                                       const v1::MemoryRecord& prepared, const version& stamp) {
  const auto key = key_of(prepared.namespace_(), prepared.title());
  const auto stored = now.get(key);
  if (!stored) return stored.error();
  if (holds_record(key, *stored))
    return status(errc::already_exists, "a record of that title already exists in namespace");

  planned_write plan;
  gathering gathered(prepared);
  for (const auto& id : request.ids()) {
    auto source = record_of(now, id);
    if (!source) return source.error();
    plan.mutations.push_back({source->key, true, {}, {}});
    if (status failed = present(now, &source->record); !failed) return failed;
    gathered.add(source->record);
  }
  auto record = gathered.take(request.agent_id());
  if (!record) return record.error();
  auto id = choose_id(now, {}, key, stamp);
  if (!id) return id.error();
  record->set_id(std::move(*id));
  if (*stored) record->set_life((*stored)->stamp.time);
  plan.id = record->id();
  plan.created = true;
  plan.mutations.insert(plan.mutations.begin(), put_record(*record));

  // A link between two of the sources is met twice.
  std::set<record_key> changed;
  std::vector<mutation> cascade;
  for (const auto& source : request.ids()) {
    const auto room = cascade_links_max - std::min(cascade_links_max, changed.size());
    cascade.clear();
    if (status failed = plan_cascade(now, source, room, &cascade); !failed) return failed;
    for (auto& change : cascade)
      if (changed.insert(change.key).second) plan.mutations.push_back(std::move(change));
  }
  return plan;
}

}  // namespace quorate::memory
