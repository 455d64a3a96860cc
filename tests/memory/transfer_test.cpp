// Rows that are imported, read and exported: a reader sees each as it was given, and doing it again changes nothing.
#include "memory/transfer.hpp"

#include "memory/archive.hpp"
#include "memory/pending.hpp"
#include "memory/standards.hpp"
#include "memory/stored_value.hpp"
#include "memory/subscriptions.hpp"
#include "memory/timestamp.hpp"
#include "proto/limits.hpp"
#include "tests/memory/planned_store.hpp"
#include "tests/memory/transfer_rows.hpp"

using namespace quorate;
using namespace quorate::memory;
using quorate::memory::tests::planned_store;

TEST_SUITE("memory.transfer") {
  TEST_CASE("a row of every table comes in as it is, and again changes nothing") {
    moved_store store;
    for (const auto& row : one_of_each()) {
      CAPTURE(describe(row));
      CHECK_FALSE(store.read(row));
      CHECK(store.imported(row) == import_outcome::written);
      CHECK(store.holds(row));
    }
    for (const auto& row : one_of_each()) {
      CAPTURE(describe(row));
      CHECK(store.imported(row) == import_outcome::unchanged);
      CHECK(store.changes == 0);
    }
  }

  TEST_CASE("of two rows that say different things the later one is there in the end") {
    moved_store store;
    for (const auto& row : one_of_each(late)) store.imported(row);
    for (const auto& row : one_of_each(early)) {
      CAPTURE(describe(row));
      CHECK(store.imported(row) == import_outcome::kept);
      CHECK(store.changes == 0);
    }
    for (const auto& row : one_of_each(later)) {
      CAPTURE(describe(row));
      CHECK(store.imported(row) == import_outcome::written);
      CHECK(store.holds(row));
    }
    // As late as what is there, but different.
    auto row = memory_row("m-1", "one", later);
    row.mutable_memory()->set_content("other");
    CHECK(store.imported(row) == import_outcome::written);
    CHECK(store.holds(row));
  }

  TEST_CASE("a memory whose expiry has come is moved like any other") {
    moved_store store;
    auto row = memory_row("m");
    row.mutable_memory()->set_expires_at(early);
    CHECK(store.imported(row) == import_outcome::written);
    CHECK(store.holds(row));
    CHECK(exported(store.reader).size() == 1);
    CHECK(store.imported(row) == import_outcome::unchanged);
  }

  TEST_CASE("the uses a memory came with do not raise its priority, those that follow do") {
    moved_store store;
    auto row = memory_row("m");
    row.mutable_memory()->set_access_count(25);
    store.imported(row);
    CHECK(store.shown("m").priority() == 7);
    CHECK(store.shown("m").access_count() == 25);
    store.touch("m", 5);
    CHECK(store.shown("m").priority() == 8);
    CHECK(store.shown("m").access_count() == 30);
  }

  TEST_CASE("over uses that were counted here a memory shows as it was given") {
    moved_store store;
    store.imported(memory_row("m"));
    store.touch("m", 12, node_id{1});
    store.touch("m", 3, node_id{2});
    CHECK(store.shown("m").priority() == 8);
    auto row = memory_row("m", "title", format_timestamp(store.now_ms + 1'000));
    row.mutable_memory()->set_access_count(40);
    row.mutable_memory()->set_priority(2);
    row.mutable_memory()->set_tier(v1::TIER_LONG);
    row.mutable_memory()->clear_expires_at();
    row.mutable_memory()->set_last_accessed_at(format_timestamp(store.now_ms + 1'000));
    CHECK(store.imported(row) == import_outcome::written);
    CHECK(store.holds(row));
    CHECK(store.stored("m").access_count() == 25);
    CHECK(store.imported(row) == import_outcome::unchanged);
    store.touch("m", 10);
    CHECK(store.shown("m").access_count() == 50);
    CHECK(store.shown("m").priority() == 3);
  }

  TEST_CASE("an expiry that is earlier than the one uses gave is the one that shows, until it is used again") {
    moved_store store;
    auto row = memory_row("m");
    row.mutable_memory()->set_expires_at(format_timestamp(store.now_ms + 1'000));
    store.imported(row);
    store.touch("m", 1);
    CHECK(store.shown("m").expires_at() > row.memory().expires_at());
    row.mutable_memory()->set_access_count(1);
    row.mutable_memory()->set_last_accessed_at(format_timestamp(store.now_ms + 1'000));
    CHECK(store.imported(row) == import_outcome::written);
    CHECK(store.holds(row));
    store.touch("m", 1);
    CHECK(store.shown("m").expires_at() > row.memory().expires_at());
  }

  TEST_CASE("where more uses were counted here than a row says, they show, and again changes nothing") {
    moved_store store;
    store.imported(memory_row("m"));
    store.touch("m", 12);
    auto row = memory_row("m", "title", format_timestamp(store.now_ms + 1'000));
    row.mutable_memory()->set_access_count(2);
    CHECK(store.imported(row) == import_outcome::written);
    CHECK(store.shown("m").access_count() == 12);
    CHECK(store.shown("m").priority() == 7);
    CHECK(store.imported(row) == import_outcome::kept);
    CHECK(store.changes == 0);
  }

  TEST_CASE("a memory that is known under another name moves, its links with it; an older one does not") {
    moved_store store;
    store.imported(memory_row("m", "old name"));
    store.imported(memory_row("other", "x"));
    store.link("m", "other");
    CHECK(store.imported(memory_row("m", "new name", early)) == import_outcome::kept);
    const auto moved = memory_row("m", "new name", later);
    CHECK(store.imported(moved) == import_outcome::written);
    CHECK(store.changes == 2);
    CHECK(store.holds(moved));
    CHECK(store.reader.records.at(key_of("team/a", "old name")).deleted);
    CHECK(link_reader(store.reader).of("m")->size() == 1);
    CHECK(store.imported(moved) == import_outcome::unchanged);
    // Where it was under several names at once it is under one then.
    store.reader.records[key_of("team/a", "twin")] = store.reader.records.at(key_of("team/a", "new name"));
    store.reader.records[key_of("team/a", "twin")].stamp.time += 1;
    const auto again = memory_row("m", "third", "2026-04-01T00:00:00Z");
    CHECK(store.imported(again) == import_outcome::written);
    CHECK(store.reader.find(key_kind::memory, "m")->size() == 1);
  }

  TEST_CASE("a name that another memory has is refused, and says whose it is") {
    moved_store store;
    store.imported(memory_row("holder", "name", early));
    const auto refused = store.import(memory_row("m", "name", later)).error();
    CHECK(refused.code() == errc::already_exists);
    CHECK(refused.message().find("holder") != std::string::npos);
    store.imported(memory_row("m", "other name"));
    CHECK(store.import(memory_row("m", "name", later)).error().code() == errc::already_exists);
    CHECK(store.is_live("m"));
    // What is later stays anyway.
    CHECK(store.imported(memory_row("m", "name", early)) == import_outcome::kept);
  }

  TEST_CASE("a memory that was deleted begins a new life: neither old uses nor old links are its own") {
    moved_store store;
    store.imported(memory_row("m"));
    store.imported(memory_row("other", "x"));
    store.link("m", "other");
    const auto links = store.reader.records;
    store.touch("m", 12);
    store.remove("m");
    for (const auto& [key, stored] : links)
      if (key.kind == key_kind::link) store.reader.records[key] = stored;  // one that another node made meanwhile
    const auto row = memory_row("m");
    CHECK(store.imported(row) == import_outcome::written);
    CHECK(store.holds(row));
    CHECK(store.stored("m").life() != 0);
    CHECK(link_reader(store.reader).of("m")->empty());
    // What no longer shows is no reason to leave a link out.
    v1::TransferRow link = link_row("m", "other", early);
    link.mutable_link()->set_relation("related_to");
    CHECK_FALSE(store.read(link));
    CHECK(store.imported(link) == import_outcome::written);
    CHECK(store.holds(link));
    CHECK(store.imported(link) == import_outcome::unchanged);
  }

  TEST_CASE("a memory that breaks a rule is refused under the name of the field") {
    const auto field_without = [](auto change) {
      auto row = memory_row("m");
      change(*row.mutable_memory());
      return invalid_field(row);
    };
    CHECK(field_without([](auto& m) { m.clear_id(); }) == "id");
    CHECK(field_without([](auto& m) { m.set_title(" "); }) == "title");
    CHECK(field_without([](auto& m) { m.set_tier(v1::TIER_LONG); }) == "expires_at");
    CHECK(field_without([](auto& m) { m.set_priority(11); }) == "priority");
    CHECK(field_without([](auto& m) { m.set_access_count(-1); }) == "access_count");
    CHECK(field_without([](auto& m) { m.set_updated_at("yesterday"); }) == "updated_at");
    CHECK(field_without([](auto& m) {
            m.clear_created_at();
            m.clear_updated_at();
          })
          == "created_at");
    CHECK(invalid_field({}) == "row");
    const auto refused = prepare_row([] {
                           auto row = memory_row("m");
                           row.mutable_memory()->set_tier(v1::TIER_LONG);
                           return row;
                         }())
                             .error();
    CHECK(refused.message().find("never expires") != std::string::npos);
  }

  TEST_CASE("what a reader never sees is not taken over") {
    auto row = memory_row("m");
    row.mutable_memory()->set_life(7);
    row.mutable_memory()->set_priority_base_count(-100);
    row.mutable_memory()->set_expiry_set_ms(9);
    moved_store store;
    store.imported(row);
    CHECK(store.stored("m").life() == 0);
    CHECK(store.stored("m").priority_base_count() == 0);
    CHECK(store.stored("m").expiry_set_ms() == 0);
    row = standard_row("n", "m");
    row.mutable_standard()->set_content("of its record");
    row.mutable_standard()->set_found(true);
    store.imported(row);
    v1::Standard stored;
    REQUIRE(stored.ParseFromString(store.reader.records.at(standard_key("n")).value));
    CHECK_FALSE(stored.found());
    CHECK(stored.content().empty());
  }

  TEST_CASE("a restored memory of the archive has the priority it came with, and counts on") {
    moved_store store;
    store.imported(archived_row("gone"));
    REQUIRE(store.write(plan_restore(store.reader, "gone", store.now_ms)));
    CHECK(store.shown("gone").priority() == 7);
    CHECK(store.shown("gone").access_count() == 25);
    store.touch("gone", 5);
    CHECK(store.shown("gone").priority() == 8);
    auto row = archived_row("gone");
    row.mutable_archived()->clear_archived_at();
    CHECK(invalid_field(row) == "archived_at");
    row = archived_row("");
    CHECK(invalid_field(row) == "id");
    row = archived_row("gone");
    row.mutable_archived()->mutable_memory()->set_tier(v1::TIER_LONG);
    CHECK(invalid_field(row) == "expires_at");
    row = archived_row("gone");
    row.mutable_archived()->set_archive_reason("\x01");
    CHECK(invalid_field(row) == "archive_reason");
  }

  TEST_CASE("a standard that names no record keeps its parent, and is found with none") {
    moved_store store;
    auto row = standard_row("a", "");
    row.mutable_standard()->set_parent_namespace("b");
    store.imported(row);
    CHECK(store.read(row));
    CHECK_FALSE(standard_of(store.reader, "a")->found());
    CHECK(chain_of(store.reader, "a"));
    CHECK(find_policy(store.reader, "a"));
  }

  TEST_CASE("a standard goes with the record it names") {
    moved_store store;
    store.imported(memory_row("m"));
    store.imported(standard_row("team/b", "m"));
    CHECK(standard_of(store.reader, "team/b")->title() == "title");
    store.remove("m");
    CHECK_FALSE(store.read(standard_row("team/b", "m")));
    CHECK(invalid_field(standard_row("", "m")) == "namespace");
    CHECK(invalid_field(standard_row("n", std::string(129, 'x'))) == "standard_id");
    auto row = standard_row("n", "m");
    row.mutable_standard()->set_parent_namespace("a//b");
    CHECK(invalid_field(row) == "parent_namespace");
    CHECK(invalid_field(standard_row("n", "m", "soon")) == "updated_at");
  }

  TEST_CASE("a pending action can be decided where it came to") {
    moved_store store;
    auto row = pending_row("p");
    row.mutable_pending()->set_payload(R"({"title":"t","content":"c","namespace":"team/a"})");
    store.imported(row);
    v1::ApprovePendingRequest request;
    request.set_id("p");
    request.set_agent_id("dora");
    const auto plan = plan_approve(store.reader, request, store.next_stamp(), store.now_ms);
    REQUIRE_MESSAGE(plan, plan.error().message());
    CHECK(plan->approved);
    const auto field_without = [](auto change) {
      auto wrong = pending_row("p");
      change(*wrong.mutable_pending());
      return invalid_field(wrong);
    };
    CHECK(field_without([](auto& p) { p.clear_id(); }) == "id");
    CHECK(field_without([](auto& p) { p.set_action_type("format"); }) == "action_type");
    CHECK(field_without([](auto& p) { p.set_namespace_(""); }) == "namespace");
    CHECK(field_without([](auto& p) { p.set_payload("[1]"); }) == "payload");
    CHECK(field_without([](auto& p) { p.set_payload("{"); }) == "payload");
    CHECK(field_without([](auto& p) { p.set_payload("{\"k\":\"" + std::string(400'000, 'x') + "\"}"); }) == "payload");
    CHECK(field_without([](auto& p) { p.set_requested_at(""); }) == "requested_at");
    CHECK(field_without([](auto& p) { p.set_status("open"); }) == "status");
    CHECK(field_without([](auto& p) { p.set_decided_at("never"); }) == "decided_at");
    CHECK(field_without([](auto& p) { p.set_decided_by(std::string(513, 'x')); }) == "decided_by");
    CHECK(field_without([](auto& p) { p.add_approvals(); }) == "approvals");
    CHECK(field_without([](auto& p) {
            while (p.approvals_size() <= 256) *p.add_approvals() = p.approvals(0);
          })
          == "approvals");
  }

  TEST_CASE("what was delivered elsewhere is counted with what is delivered here") {
    moved_store store;
    store.imported(subscription_row("s"));
    store.deliver("s", 3);
    auto shown = store.read(subscription_row("s"));
    REQUIRE(shown);
    CHECK(shown->subscription().dispatch_count() == 12);
    CHECK(shown->subscription().failure_count() == 4);
    CHECK(list_subscriptions(store.reader)->front().dispatch_count() == 12);
    // Later counts of the other store: they have those of here in them.
    auto row = subscription_row("s", format_timestamp(store.now_ms));
    row.mutable_subscription()->set_dispatch_count(20);
    CHECK(store.imported(row) == import_outcome::written);
    CHECK(store.holds(row));
    CHECK(store.imported(row) == import_outcome::unchanged);
    store.deliver("s", 1);
    CHECK(store.read(row)->subscription().dispatch_count() == 21);
    CHECK(store.imported(row) == import_outcome::kept);
    // Fewer than were counted here.
    row.mutable_subscription()->set_dispatch_count(1);
    row.mutable_subscription()->set_last_dispatched_at(format_timestamp(store.now_ms + 10));
    CHECK(store.imported(row) == import_outcome::written);
    CHECK(store.read(row)->subscription().dispatch_count() == 4);
    CHECK(store.imported(row) == import_outcome::unchanged);
    const auto field_without = [](auto change) {
      auto wrong = subscription_row("s");
      change(*wrong.mutable_subscription());
      return invalid_field(wrong);
    };
    CHECK(field_without([](auto& s) { s.clear_id(); }) == "id");
    CHECK(field_without([](auto& s) { s.set_url("http://10.0.0.1/"); }) == "url");
    CHECK(field_without([](auto& s) { s.set_events(std::string(513, 'x')); }) == "events");
    CHECK(field_without([](auto& s) { s.set_secret_hash("\x02"); }) == "secret_hash");
    CHECK(field_without([](auto& s) { s.set_namespace_filter("/"); }) == "namespace_filter");
    CHECK(field_without([](auto& s) { s.set_created_at(""); }) == "created_at");
    CHECK(field_without([](auto& s) { s.set_last_dispatched_at("x"); }) == "last_dispatched_at");
    CHECK(field_without([](auto& s) { s.set_dispatch_count(-1); }) == "dispatch_count");
  }

  TEST_CASE("a link needs both of its ends and a relation that there is") {
    moved_store store;
    store.imported(memory_row("m"));
    const auto to_nowhere = store.import(link_row("m", "nowhere")).error();
    CHECK(to_nowhere.code() == errc::not_found);
    CHECK(to_nowhere.message().find("nowhere") != std::string::npos);
    CHECK(store.import(link_row("nowhere", "m")).error().code() == errc::not_found);
    CHECK(invalid_field(link_row("m", "m")) == "target_id");
    CHECK(invalid_field(link_row("", "m")) == "source_id");
    CHECK(invalid_field(link_row("m", "")) == "target_id");
    CHECK(invalid_field(link_row("m", "n", "")) == "created_at");
    auto row = link_row("m", "n");
    row.mutable_link()->set_relation("likes");
    CHECK(invalid_field(row) == "relation");
    store.imported(memory_row("n", "other"));
    row = link_row("m", "n");
    row.mutable_link()->set_source_life(5);
    store.imported(row);
    CHECK(link_reader(store.reader).of("n")->size() == 1);
  }

  TEST_CASE("the largest rows fit an entry") {
    const auto size_of = [](v1::TransferRow row) {
      const auto prepared = prepare_row(std::move(row));
      REQUIRE_MESSAGE(prepared, prepared.error().message());
      return prepared->ByteSizeLong();
    };
    auto row = archived_row(std::string(128, 'i'));
    auto& record = *row.mutable_archived()->mutable_memory();
    record.set_content(std::string(limits::content_bytes_max, 'c'));
    record.set_metadata("{\"k\":\"" + std::string(limits::metadata_bytes_max - 8, 'm') + "\"}");
    while (record.tags_size() < 50) record.add_tags(std::string(128, 't'));
    row.mutable_archived()->set_archive_reason(std::string(512, 'r'));
    CHECK(size_of(row) < limits::entry_bytes_max - 1'024);
    row = pending_row(std::string(128, 'i'));
    auto& action = *row.mutable_pending();
    action.set_payload("{\"k\":\"" + std::string((384u << 10) - 8, 'x') + "\"}");
    action.mutable_approvals(0)->set_agent_id(std::string(128, 'a'));
    action.mutable_approvals(0)->set_approved_at("2026-01-01T00:00:00." + std::string(40, '0') + "Z");
    while (action.approvals_size() < 256) *action.add_approvals() = action.approvals(0);
    CHECK(size_of(row) < limits::entry_bytes_max - 1'024);
  }

  TEST_CASE("rows are found by their identity alone; one that no row can have is not there") {
    moved_store store;
    for (const auto& row : one_of_each()) store.imported(row);
    for (const auto& row : one_of_each()) {
      CAPTURE(describe(row));
      v1::TransferRow identity;
      if (row.has_memory()) identity.mutable_memory()->set_id(row.memory().id());
      if (row.has_archived()) identity.mutable_archived()->mutable_memory()->set_id(row.archived().memory().id());
      if (row.has_standard()) identity.mutable_standard()->set_namespace_(row.standard().namespace_());
      if (row.has_pending()) identity.mutable_pending()->set_id(row.pending().id());
      if (row.has_subscription()) identity.mutable_subscription()->set_id(row.subscription().id());
      if (row.has_link()) {
        identity = row;
        identity.mutable_link()->clear_created_at();
      }
      const auto found = store.read(identity);
      REQUIRE(found);
      CHECK(same(*found, row));
    }
    CHECK_FALSE(store.read(memory_row("")));
    CHECK_FALSE(store.read(memory_row(std::string(70'000, 'x'))));
    CHECK_FALSE(store.read(link_row("m-2", "m-1")));
    store.remove("m-2");
    CHECK_FALSE(store.read(link_row("m-1", "m-2")));
  }

  TEST_CASE("an export is everything a reader sees, table after table, and imports into the same again") {
    moved_store store;
    for (const auto& row : one_of_each()) store.imported(row);
    store.touch("m-1", 6);
    store.deliver("s", 2);
    store.store("another");
    // A link that outlived its end.
    store.imported(memory_row("end", "end"));
    store.imported(link_row("m-1", "end"));
    const auto kept = store.reader.records;
    store.remove("end");
    for (const auto& [key, stored] : kept)
      if (key.kind == key_kind::link) store.reader.records[key] = stored;

    const auto rows = exported(store.reader);
    CHECK(rows.size() == 8);
    CHECK(std::is_sorted(rows.begin(), rows.end(),
                         [](const auto& a, const auto& b) { return table_of(a) < table_of(b); }));
    for (const auto& row : rows) {
      CAPTURE(describe(row));
      CHECK(store.holds(row));
      CHECK(store.imported(row) == import_outcome::unchanged);
      if (row.has_memory()) {
        CHECK(row.memory().life() == 0);
        CHECK(row.memory().priority_base_count() == 0);
        CHECK(row.memory().expiry_set_ms() == 0);
      }
      if (row.has_archived()) CHECK(row.archived().memory().priority_base_count() == 0);
      if (row.has_link()) CHECK(row.link().target_id() == "m-2");
    }
    CHECK(rows.front().memory().id() != "m-1");  // global comes before team
    moved_store other;
    for (const auto& row : rows) CHECK(other.imported(row) == import_outcome::written);
    const auto copy = exported(other.reader);
    REQUIRE(copy.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) CHECK(same(copy[i], rows[i]));
  }

  TEST_CASE("pieces are of a moderate size, and an export goes on behind any of them") {
    moved_store store;
    for (int i = 0; i < 1'100; ++i) store.imported(memory_row("m" + std::to_string(i), std::to_string(i)));
    for (int i = 0; i < 8; ++i) {
      auto row = pending_row("p" + std::to_string(i));
      row.mutable_pending()->set_payload("{\"k\":\"" + std::string(100'000, 'x') + "\"}");
      store.imported(row);
    }
    for (int i = 0; i < 600; ++i) store.imported(link_row("m0", "m" + std::to_string(i + 1)));
    const auto all = exported(store.reader);
    CHECK(all.size() == 1'100 + 8 + 600);
    export_walk walk(store.reader);
    std::size_t before = 0;
    int pieces = 0;
    for (auto piece = walk.next(); *piece; piece = walk.next()) {
      ++pieces;
      CHECK((*piece)->rows_size() <= 500);
      CHECK((*piece)->ByteSizeLong() < (400u << 10));
      before += static_cast<std::size_t>((*piece)->rows_size());
      const auto rest = exported(store.reader, (*piece)->cursor());
      REQUIRE(rest.size() == all.size() - before);
      if (!rest.empty()) CHECK(same(rest.front(), all[before]));
    }
    CHECK(pieces >= 6);
    export_walk astray(store.reader);
    CHECK(astray.start_after("x").field() == "cursor");
  }

  TEST_CASE("of records that share an id the one that it names is exported, the others are told") {
    moved_store store;
    for (const auto* id : {"1", "2", "3"}) store.imported(memory_row(id, id));
    store.imported(pending_row("p"));
    // As renames at two nodes at once leave it: another name, the same id, an earlier and a later one.
    const auto add = [&](const std::string& id, const std::string& title, std::uint64_t time) {
      auto record = store.read(memory_row(id))->memory();
      record.set_title(title);
      store.reader.records[key_of(record.namespace_(), title)] = {
          {time, node_id{1}}, false, id, record.SerializeAsString()};
    };
    add("1", "A earlier", 1);
    add("2", "A later", std::uint64_t{1} << 62);
    export_walk walk(store.reader);
    std::vector<std::string> titles;
    std::vector<std::string> told;
    for (auto piece = walk.next(); *piece; piece = walk.next()) {
      for (const auto& row : (*piece)->rows()) {
        if (row.has_memory())
          titles.push_back(row.memory().title());
        else
          CHECK((*piece)->left_out().empty());
      }
      for (const auto& one : (*piece)->left_out())
        told.push_back(one.id() + ' ' + one.name().title() + " < " + one.later().title());
    }
    std::sort(titles.begin(), titles.end());
    CHECK(titles == std::vector<std::string>{"1", "3", "A later"});
    CHECK(told == std::vector<std::string>{"2 2 < A later", "1 A earlier < 1"});
  }

  TEST_CASE("an export with uses shows each memory with its own") {
    moved_store store;
    for (int i = 0; i < 5; ++i) store.imported(memory_row("m" + std::to_string(i), std::to_string(i)));
    store.imported(subscription_row("s"));
    store.deliver("s", 1);
    for (const auto& row : exported(store.reader))
      if (row.has_memory()) CHECK(row.memory().access_count() == 0);
    store.touch("m3", 2, node_id{5});
    for (const auto& row : exported(store.reader))
      if (row.has_memory()) CHECK(row.memory().access_count() == (row.memory().id() == "m3" ? 2 : 0));
  }

  TEST_CASE("a store that fails ends an export, an import and a look") {
    moved_store store;
    store.imported(memory_row("m"));
    store.reader.failure = status(errc::storage_failure, "planted");
    CHECK(export_walk(store.reader).next().error().code() == errc::storage_failure);
    CHECK(store.import(memory_row("m")).error().code() == errc::storage_failure);
    CHECK(read_row(store.reader, pending_row("p")).error().code() == errc::storage_failure);
  }

  TEST_CASE("rows whose value is none are told beside the rows of their table, and an import overwrites them") {
    moved_store store;
    for (const auto& row : one_of_each()) store.imported(row);
    const auto whole = store.reader.records;
    for (auto& [key, stored] : store.reader.records)
      if (key != key_of("team/a", "two")) stored.value = "\xFF";
    std::vector<std::string> told;
    std::vector<std::string> rows;
    export_walk walk(store.reader);
    for (auto piece = walk.next();; piece = walk.next()) {
      REQUIRE_MESSAGE(piece, piece.error().message());
      if (!*piece) break;
      for (const auto& row : (*piece)->rows()) rows.push_back(describe(row));
      for (const auto& one : (*piece)->left_out()) {
        told.push_back(one.unreadable() + ' ' + one.id());
        for (const auto& row : (*piece)->rows()) CHECK(name_of(table_of(row)) == one.unreadable());
      }
    }
    CHECK(rows == std::vector<std::string>{"memory m-2"});
    CHECK(told
          == std::vector<std::string>{"memories m-1", "archived_memories gone", "namespace_meta team/a",
                                      "pending_actions p", "subscriptions s", "memory_links m-1 m-2 supersedes"});
    for (const auto& row : one_of_each()) {
      if (!(row.has_memory() && row.memory().id() == "m-2")) CHECK_FALSE(*read_row(store.reader, row));
      const auto end = store.import(row);
      REQUIRE_MESSAGE(end, end.error().message());
      REQUIRE(*read_row(store.reader, row));
      CHECK(same(**read_row(store.reader, row), row));
    }
    for (const auto& [key, stored] : store.reader.records) CHECK(is_readable(key, stored));
  }

  TEST_CASE("a memory that is imported takes its id from a row whose value is none") {
    moved_store store;
    store.reader.records[key_of("elsewhere", "x")] = {{1, node_id{1}}, false, "m-1", "\xFF"};
    store.imported(memory_row("m-1"));
    CHECK(store.reader.records.at(key_of("elsewhere", "x")).deleted);
    CHECK(same(**read_row(store.reader, memory_row("m-1")), memory_row("m-1")));
  }

  TEST_CASE("what is left out is told as far as it is text") {
    moved_store store;
    store.reader.records[{key_kind::memory, "\xFFno zero byte"}] = {{1, node_id{1}}, false, "\xFF", "\xFF"};
    store.reader.records[{key_kind::standard, std::string("\xFF\0", 2)}] = {{1, node_id{1}}, false, {}, "\xFF"};
    export_walk walk(store.reader);
    int told = 0;
    for (auto piece = walk.next(); *piece; piece = walk.next()) {
      v1::ExportPiece again;
      REQUIRE(again.ParseFromString((*piece)->SerializeAsString()));
      told += again.left_out_size();
      for (const auto& one : again.left_out()) CHECK(one.id().empty());
    }
    CHECK(told == 2);
  }
}
