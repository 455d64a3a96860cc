#include "cli/curator_cycle.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/llm_tasks.hpp"
#include "memory/curator.hpp"
#include "memory/metadata.hpp"
#include "memory/timestamp.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

using memory::curator_act;
using nlohmann::ordered_json;

constexpr std::uint64_t scanned_per_op = 4;
constexpr std::int64_t log_kept_seconds = 30LL * 86'400;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Another write was there first: the act is simply not made, the next cycle looks again.
bool came_too_late(const net::call_result& result) {
  return result.outcome == net::call_outcome::superseded || result.reason == name_of(errc::not_found)
         || result.reason == name_of(errc::already_exists) || result.reason == name_of(errc::conflict);
}

void make_linearizable(v1::WriteTerms* terms) {
  terms->set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
  terms->set_on_superseded(v1::ON_SUPERSEDED_REPORT);
}

template <class Request>
void make_linearizable(Request* request) {
  request->set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
  request->set_on_superseded(v1::ON_SUPERSEDED_REPORT);
}

}  // namespace

ordered_json json_of(const curator_report& report) {
  return {{"started_at", report.started_at},
          {"completed_at", report.completed_at},
          {"cycle_duration_ms", report.cycle_duration_ms},
          {"memories_scanned", report.memories_scanned},
          {"memories_eligible", report.memories_eligible},
          {"auto_tagged", report.auto_tagged},
          {"contradictions_found", report.contradictions_found},
          {"operations_attempted", report.operations_attempted},
          {"operations_skipped_cap", report.operations_skipped_cap},
          {"autonomy",
           {{"clusters_formed", report.clusters_formed},
            {"memories_consolidated", report.memories_consolidated},
            {"memories_forgotten", report.memories_forgotten},
            {"priority_adjustments", report.priority_adjustments},
            {"rollback_entries_written", report.rollback_entries_written},
            {"errors", report.autonomy_errors}}},
          {"errors", report.errors},
          {"dry_run", report.dry_run},
          {"truncated", report.truncated},
          {"changed_meanwhile", report.changed_meanwhile},
          {"too_large", report.too_large},
          {"governed", report.governed}};
}

curator_cycle::curator_cycle(net::client& client, const curator_settings& settings, llm_client* model,
                             std::function<std::int64_t()> now_ms, std::function<bool()> may_act)
    : client_(client), settings_(settings), model_(model), now_ms_(std::move(now_ms)), may_act_(std::move(may_act)) {}

curator_report curator_cycle::run(std::string* position) {
  report_ = {};
  report_.dry_run = settings_.dry_run;
  const auto begin_ms = now_ms_();
  report_.started_at = memory::format_timestamp(begin_ms);
  if (model_ == nullptr) report_.errors.emplace_back(no_llm_client);
  if (scan(position)) {
    consolidate_alike();
    forget_superseded();
    adjust_priorities();
    ask_model();
  }
  const auto end_ms = now_ms_();
  report_.completed_at = memory::format_timestamp(end_ms);
  report_.cycle_duration_ms = std::max<std::int64_t>(end_ms - begin_ms, 0);
  return report_;
}

bool curator_cycle::wanted(const v1::MemoryRecord& record) const {
  const auto& name = record.namespace_();
  return memory::is_curated(name) && record.tier() != v1::TIER_SHORT
         && (settings_.include.empty() || contains(settings_.include, name)) && !contains(settings_.exclude, name);
}

/// In order of names, so that records of one namespace come together.
bool curator_cycle::scan(std::string* position) {
  const auto read_max = 2 * scanned_per_op * settings_.max_ops;
  v1::ListRequest request;
  request.set_cursor(*position);
  for (std::uint64_t read = 0; read < read_max;) {
    request.set_limit(static_cast<std::uint32_t>(std::min<std::uint64_t>(limits::page_items_max, read_max - read)));
    v1::ListReply page;
    if (const auto result = client_.list(request, &page); !result.ok()) {
      report_.errors.push_back("scan: " + result.reason + ": " + result.message);
      return false;
    }
    for (const auto& record : page.memories())
      if (wanted(record)) records_.push_back(record);
    read += static_cast<std::uint64_t>(page.memories_size());
    const bool stuck = page.memories().empty() && page.next_cursor() == request.cursor();
    request.set_cursor(stuck ? std::string() : page.next_cursor());
    if (request.cursor().empty()) break;
  }
  *position = request.cursor();
  report_.truncated = !position->empty();
  report_.memories_scanned = records_.size();
  report_.memories_eligible =
      static_cast<std::uint64_t>(std::count_if(records_.begin(), records_.end(), memory::wants_tags));
  return true;
}

/// Counts an act against the limit and makes sure that this curator is still the one to act.
bool curator_cycle::may_begin() {
  if (stopped_) return false;
  if (report_.operations_attempted >= settings_.max_ops) {
    ++report_.operations_skipped_cap;
    return false;
  }
  if (!settings_.dry_run && !may_act_()) {
    stopped_ = true;
    report_.errors.emplace_back("stopped: another curator has the lease, or no majority can be asked for it");
    return false;
  }
  ++report_.operations_attempted;
  return true;
}

/// The record as a majority has it. False when it is gone or not what was scanned.
bool curator_cycle::refresh(v1::MemoryRecord* record, std::vector<v1::LinkRecord>* links) {
  v1::GetRequest request;
  request.mutable_name()->set_namespace_(record->namespace_());
  request.mutable_name()->set_title(record->title());
  request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
  request.set_with_links(links != nullptr);
  v1::GetReply reply;
  const auto result = client_.get(request, &reply);
  if (!result.ok() && result.reason != name_of(errc::not_found))
    report_.autonomy_errors.push_back("read " + record->id() + ": " + result.reason + ": " + result.message);
  const auto& now = reply.memory();
  if (!result.ok() || now.id() != record->id() || now.updated_at() != record->updated_at()
      || now.content() != record->content()) {
    ++report_.changed_meanwhile;
    return false;
  }
  *record = now;
  if (links != nullptr) links->insert(links->end(), reply.links().begin(), reply.links().end());
  return true;
}

/// A standard that does not let everybody delete is meant for curators, too.
bool curator_cycle::restricts_deletion(const std::string& name_space) {
  v1::GetStandardRequest request;
  request.set_namespace_(name_space);
  v1::GetStandardReply reply;
  // What cannot be known is taken to be restricted.
  bool restricted = true;
  if (client_.call(request, &reply).ok()) {
    restricted = false;
    for (const auto& standard : reply.standards()) {
      const auto policy = nlohmann::json::parse(standard.governance(), nullptr, false);
      restricted = restricted || (standard.found() && policy.is_object() && policy.value("delete", "any") != "any");
    }
  }
  if (restricted) ++report_.governed;
  return restricted;
}

bool curator_cycle::write_down(const curator_act& act) {
  v1::StoreRequest request;
  auto& record = *request.mutable_memory();
  record.set_namespace_(memory::curator_log_namespace);
  record.set_title(memory::title_of(act, now_ms_()));
  record.set_content(memory::to_json(act));
  if (record.content().size() > limits::content_bytes_max) {
    ++report_.too_large;
    return false;
  }
  record.set_tier(v1::TIER_MID);
  record.set_source("system");
  request.set_ttl_seconds(log_kept_seconds);
  request.set_agent_id(settings_.caller);
  make_linearizable(&request);
  v1::StoreReply reply;
  if (const auto result = client_.store(request, &reply); !result.ok()) {
    report_.autonomy_errors.push_back("log: " + result.reason + ": " + result.message);
    return false;
  }
  ++report_.rollback_entries_written;
  return true;
}

/// What a finished act means for the report. The log entry of one that was not made stays: another curator may have
/// made the same act under the same entry, and to take back what was not done changes nothing.
curator_cycle::ending curator_cycle::settle(const net::call_result& result, const std::string& what) {
  if (result.ok()) return ending::done;
  if (came_too_late(result)) {
    ++report_.changed_meanwhile;
    return ending::left_out;
  }
  report_.autonomy_errors.push_back(what + ": " + std::string(net::name_of(result.outcome)) + ": " + result.reason
                                    + ": " + result.message);
  return ending::failed;
}

void curator_cycle::consolidate_alike() {
  const auto clusters = memory::clusters_of(records_);
  report_.clusters_formed = clusters.size();
  for (const auto& cluster : clusters) consolidate(cluster);
}

void curator_cycle::consolidate(const std::vector<std::size_t>& cluster) {
  curator_act act;
  act.what = curator_act::kind::consolidate;
  for (const auto index : cluster) act.records.push_back(records_[index]);
  if (!may_begin()) return;
  if (settings_.dry_run) {
    report_.memories_consolidated += act.records.size();
    return;
  }
  const auto name_space = act.records.front().namespace_();
  if (restricts_deletion(name_space)) return;
  for (auto& record : act.records)
    if (!refresh(&record, &act.links)) return;
  act.at = memory::format_timestamp(now_ms_());
  act.merged_name = memory::merged_title(act.records);
  act.merged_content = memory::merged_content(act.records);
  if (act.merged_content.size() > limits::content_bytes_max) {
    ++report_.too_large;
    return;
  }
  v1::ConsolidateRequest request;
  for (const auto& record : act.records) request.add_ids(record.id());
  request.set_title(act.merged_name);
  request.set_summary(act.merged_content);
  request.set_namespace_(name_space);
  request.set_tier(memory::merged_tier(act.records));
  request.set_agent_id(settings_.caller);
  make_linearizable(request.mutable_terms());
  if (!write_down(act)) return;
  v1::ConsolidateReply reply;
  if (settle(client_.call(request, &reply), "consolidate") != ending::done) return;
  report_.memories_consolidated += act.records.size();
  for (const auto& record : act.records) gone_.insert(record.id());
}

void curator_cycle::forget_superseded() {
  std::set<std::pair<std::string, std::string>> pairs;
  const auto listed = for_each_link(client_, "", [&](const v1::LinkRecord& link) {
    if (link.relation() == "supersedes") pairs.emplace(link.source_id(), link.target_id());
    return true;
  });
  if (!listed.ok()) {
    report_.autonomy_errors.push_back("links: " + listed.reason + ": " + listed.message);
    return;
  }
  std::set<std::string> superseded;
  for (const auto& [winner, loser] : pairs)
    // Two that supersede each other say nothing.
    if (!pairs.contains({loser, winner})) superseded.insert(loser);
  for (const auto& record : records_) {
    if (!superseded.contains(record.id()) || gone_.contains(record.id())) continue;
    if (!may_begin()) continue;
    if (settings_.dry_run) {
      ++report_.memories_forgotten;
      continue;
    }
    curator_act act;
    act.what = curator_act::kind::forget;
    act.records.push_back(record);
    if (restricts_deletion(record.namespace_()) || !refresh(&act.records.front(), &act.links)) continue;
    act.at = memory::format_timestamp(now_ms_());
    if (!write_down(act)) continue;
    v1::DeleteRequest request;
    request.set_id(record.id());
    request.set_agent_id(settings_.caller);
    make_linearizable(&request);
    v1::DeleteReply reply;
    if (settle(client_.remove(request, &reply), "forget") != ending::done || reply.has_pending()) continue;
    ++report_.memories_forgotten;
    gone_.insert(record.id());
  }
}

void curator_cycle::adjust_priorities() {
  for (const auto& record : records_) {
    if (gone_.contains(record.id()) || !memory::adjusted_priority(record, now_ms_())) continue;
    curator_act act;
    act.what = curator_act::kind::priority;
    act.records.push_back(record);
    // One step in seven days, whoever curates how often.
    v1::GetRequest made;
    made.mutable_name()->set_namespace_(memory::curator_log_namespace);
    made.mutable_name()->set_title(memory::title_of(act, now_ms_()));
    v1::GetReply entry;
    if (client_.get(made, &entry).ok()) continue;
    if (!may_begin()) continue;
    if (settings_.dry_run) {
      ++report_.priority_adjustments;
      continue;
    }
    if (!refresh(&act.records.front(), nullptr)) continue;
    const auto priority = memory::adjusted_priority(act.records.front(), now_ms_());
    if (!priority) continue;
    act.at = memory::format_timestamp(now_ms_());
    act.priority = *priority;
    if (!write_down(act)) continue;
    v1::UpdateRequest request;
    request.set_id(record.id());
    request.set_priority(*priority);
    make_linearizable(&request);
    v1::StoreReply reply;
    if (settle(client_.update(request, &reply), "priority") == ending::done) ++report_.priority_adjustments;
  }
}

void curator_cycle::ask_model() {
  // A dry run asks no model: its answers cost, and would be thrown away.
  if (model_ == nullptr || settings_.dry_run) return;
  for (const auto& record : records_)
    if (!gone_.contains(record.id()) && memory::wants_tags(record) && model_ != nullptr) annotate(record);
}

void curator_cycle::annotate(const v1::MemoryRecord& record) {
  if (!may_begin()) return;
  const auto tags = tags_for(*model_, record);
  auto found = ordered_json::object();
  if (tags) found["auto_tags"] = *tags;
  const auto neighbour = memory::neighbour_of(records_, static_cast<std::size_t>(&record - records_.data()));
  bool contradicted = false;
  if (tags && neighbour && !gone_.contains(records_[*neighbour].id())) {
    const auto verdict = contradict(*model_, record, records_[*neighbour]);
    contradicted = verdict && *verdict;
    if (contradicted) found["confirmed_contradictions"] = ordered_json::array({records_[*neighbour].id()});
  }
  if (!tags) {
    // One entry, not one for each record that is left.
    report_.errors.push_back("LLM: " + tags.error().message());
    model_ = nullptr;
    return;
  }
  curator_act act;
  act.what = curator_act::kind::annotate;
  act.records.push_back(record);
  if (!refresh(&act.records.front(), nullptr)) return;
  act.at = memory::format_timestamp(now_ms_());
  found["curated_at"] = act.at;
  act.metadata = act.records.front().metadata();
  for (const auto& [key, value] : found.items()) act.metadata = memory::with_member(act.metadata, key, value.dump());
  if (!write_down(act)) return;
  v1::UpdateRequest request;
  request.set_id(record.id());
  request.set_metadata(act.metadata);
  make_linearizable(&request);
  v1::StoreReply reply;
  if (settle(client_.update(request, &reply), "tags") != ending::done) return;
  ++report_.auto_tagged;
  if (contradicted) ++report_.contradictions_found;
}

}  // namespace quorate::cli
