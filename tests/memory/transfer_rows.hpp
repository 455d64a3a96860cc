// Rows of every table, as another store would send them, and what comes of importing them into a small store.
//
// One test program; one thread.
#pragma once

#include "memory/transfer.hpp"

#include "memory/archive.hpp"
#include "memory/pending.hpp"
#include "memory/standards.hpp"
#include "memory/stored_value.hpp"
#include "memory/subscriptions.hpp"
#include "memory/timestamp.hpp"
#include "proto/limits.hpp"
#include "tests/memory/planned_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using quorate::memory::tests::planned_store;

namespace {

constexpr auto early = "2026-01-01T00:00:00Z";
constexpr auto late = "2026-02-01T00:00:00Z";
constexpr auto later = "2026-03-01T00:00:00Z";

v1::TransferRow memory_row(const std::string& id, const std::string& title = "title", const std::string& at = late) {
  v1::TransferRow row;
  auto& record = *row.mutable_memory();
  record.set_id(id);
  record.set_tier(v1::TIER_MID);
  record.set_namespace_("team/a");
  record.set_title(title);
  record.set_content("content of " + title);
  record.add_tags("x");
  record.add_tags("x");
  record.set_priority(7);
  record.set_confidence(0.25);
  record.set_source("their own");
  record.set_access_count(0);
  record.set_created_at(early);
  record.set_updated_at(at);
  record.set_expires_at("2036-01-01T00:00:00.5+02:00");
  record.set_metadata(R"({"agent_id":"alice"})");
  return row;
}

v1::TransferRow archived_row(const std::string& id, const std::string& at = late) {
  v1::TransferRow row;
  *row.mutable_archived()->mutable_memory() = memory_row(id).memory();
  row.mutable_archived()->mutable_memory()->set_access_count(25);
  row.mutable_archived()->set_archived_at(at);
  row.mutable_archived()->set_archive_reason("gc");
  return row;
}

v1::TransferRow standard_row(const std::string& name_space, const std::string& id, const std::string& at = late) {
  v1::TransferRow row;
  row.mutable_standard()->set_namespace_(name_space);
  row.mutable_standard()->set_standard_id(id);
  row.mutable_standard()->set_parent_namespace("team");
  row.mutable_standard()->set_updated_at(at);
  return row;
}

v1::TransferRow pending_row(const std::string& id, const std::string& at = late) {
  v1::TransferRow row;
  auto& action = *row.mutable_pending();
  action.set_id(id);
  action.set_action_type("store");
  action.set_namespace_("team/a");
  action.set_payload(R"({"title":"t"})");
  action.set_requested_by("bob");
  action.set_requested_at(early);
  action.set_status("pending");
  auto& approval = *action.add_approvals();
  approval.set_agent_id("carol");
  approval.set_approved_at(at);
  return row;
}

v1::TransferRow subscription_row(const std::string& id, const std::string& at = late) {
  v1::TransferRow row;
  auto& subscription = *row.mutable_subscription();
  subscription.set_id(id);
  subscription.set_url("https://example.com/hook");
  subscription.set_events("*");
  subscription.set_secret_hash("ab12");
  subscription.set_created_by("alice");
  subscription.set_created_at(early);
  subscription.set_last_dispatched_at(at);
  subscription.set_dispatch_count(9);
  subscription.set_failure_count(4);
  return row;
}

v1::TransferRow link_row(const std::string& source, const std::string& target, const std::string& at = late) {
  v1::TransferRow row;
  row.mutable_link()->set_source_id(source);
  row.mutable_link()->set_target_id(target);
  row.mutable_link()->set_relation("supersedes");
  row.mutable_link()->set_created_at(at);
  return row;
}

/// One of each table, in an order in which they can be imported.
std::vector<v1::TransferRow> one_of_each(const std::string& at = late) {
  return {memory_row("m-1", "one", at),      memory_row("m-2", "two", at), archived_row("gone", at),
          standard_row("team/a", "m-1", at), pending_row("p", at),         subscription_row("s", at),
          link_row("m-1", "m-2", at)};
}

bool same(const v1::TransferRow& a, const v1::TransferRow& b) {
  const auto one = content_hash(a);
  const auto other = content_hash(b);
  return one.low == other.low && one.high == other.high;
}

struct moved_store : planned_store {
  /// Prepares and plans the import, and does it. `changes` is how many keys it changed.
  result<import_outcome> import(v1::TransferRow row) {
    changes = 0;
    const auto prepared = prepare_row(std::move(row));
    if (!prepared) return prepared.error();
    const auto asked = keys_of_import(reader, *prepared);
    const auto plan = plan_import_row(reader, *prepared, next_stamp());
    if (!plan) return plan.error();
    CHECK(plan->mutations.empty() == (plan->outcome != import_outcome::written));
    for (const auto& change : plan->mutations) CHECK(std::find(asked.begin(), asked.end(), change.key) != asked.end());
    changes = plan->mutations.size();
    quorate::memory::tests::check_written(plan->mutations);
    reader.apply(plan->mutations, next_stamp());
    ++now_ms;
    return plan->outcome;
  }
  import_outcome imported(v1::TransferRow row) {
    const auto outcome = import(std::move(row));
    REQUIRE_MESSAGE(outcome, outcome.error().message());
    return *outcome;
  }
  std::optional<v1::TransferRow> read(const v1::TransferRow& identity) const {
    const auto row = read_row(reader, identity);
    REQUIRE(row);
    return *row;
  }
  bool holds(const v1::TransferRow& row) const {
    const auto there = read(row);
    return there && same(*there, row);
  }
  void link(const std::string& source, const std::string& target) {
    v1::LinkRequest request;
    request.set_source_id(source);
    request.set_target_id(target);
    REQUIRE(write(plan_link(reader, request, now_ms)));
  }
  void deliver(const std::string& id, int times) {
    v1::RecordDispatchRequest request;
    request.set_id(id);
    request.set_delivered(true);
    for (int i = 0; i < times; ++i) REQUIRE(write(plan_record_dispatch(reader, request, node_id{2}, now_ms)));
  }

  std::size_t changes = 0;
};

std::vector<v1::TransferRow> exported(const record_reader& now, std::string cursor = {}) {
  export_walk walk(now);
  REQUIRE(walk.start_after(cursor));
  std::vector<v1::TransferRow> rows;
  for (;;) {
    auto piece = walk.next();
    REQUIRE_MESSAGE(piece, piece.error().message());
    if (!*piece) return rows;
    CHECK((*piece)->rows_size() <= 500);
    for (auto& row : *(*piece)->mutable_rows()) rows.push_back(std::move(row));
  }
}

std::string invalid_field(v1::TransferRow row) { return prepare_row(std::move(row)).error().field(); }

}  // namespace
