// Rows whose value is no record of their kind: in nobody's way.
#include "memory/stored_value.hpp"

#include "memory/agents.hpp"
#include "memory/archive.hpp"
#include "memory/counts.hpp"
#include "memory/curation.hpp"
#include "memory/governance.hpp"
#include "memory/links.hpp"
#include "memory/listing.hpp"
#include "memory/messages.hpp"
#include "memory/pending.hpp"
#include "memory/standards.hpp"
#include "memory/subscriptions.hpp"
#include "memory/transfer.hpp"
#include "memory/usage.hpp"
#include "proto/limits.hpp"
#include "tests/memory/planned_store.hpp"
#include "tests/memory/written_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using quorate::memory::tests::planned_store;
using quorate::memory::tests::written_store;

namespace {

/// Values that are no record of any name: no message, an empty one, one that is not UTF-8, another's.
std::vector<std::string> no_records() {
  v1::MemoryRecord other;
  other.set_id("other");
  other.set_namespace_("global");
  other.set_title("other");
  return {"\xFF\xFF", "", "\x0A\x02\xFF\xFF", other.SerializeAsString()};
}

stored_record row_of(const std::string& alias, const std::string& value) {
  return {{hybrid_time_at(1'000), node_id{9}}, false, alias, value};
}

v1::DeleteRequest removing(const std::string& title) {
  v1::DeleteRequest request;
  request.mutable_name()->set_namespace_("global");
  request.mutable_name()->set_title(title);
  return request;
}

std::vector<std::string> titles(const record_reader& now, v1::ListOrder order) {
  v1::ListRequest request;
  request.set_order(order);
  request.set_with_expired(true);
  const auto wanted = prepare(request);
  REQUIRE(wanted);
  const auto page = list(now, *wanted, 0, [] { return false; });
  REQUIRE_MESSAGE(page, page.error().message());
  std::vector<std::string> found;
  for (const auto& record : page->memories()) found.push_back(record.title());
  std::sort(found.begin(), found.end());
  return found;
}

using texts = std::vector<std::string>;

/// A record as `prepare` and a store leave it.
mutation written_record() {
  planned_store store;
  const auto id = store.store("a");
  const auto& stored = store.reader.records.at(key_of("global", "a"));
  return {key_of("global", "a"), false, stored.alias, stored.value};
}

status checked_with(const std::function<void(v1::MemoryRecord&, mutation&)>& change) {
  auto row = written_record();
  v1::MemoryRecord record;
  REQUIRE(record.ParseFromString(row.value));
  change(record, row);
  row.value = record.SerializeAsString();
  return check_value(row);
}

}  // namespace

TEST_SUITE("memory.stored_value") {
  TEST_CASE("a memory whose value is none is told by its name and id, and in no list") {
    for (const auto& value : no_records()) {
      CAPTURE(value.size());
      planned_store store;
      const auto a = store.store("a");
      store.store("b");
      auto& row = store.reader.records.at(key_of("global", "a"));
      row.value = value;
      v1::RecordName name;
      name.set_title("a");
      for (const auto& error :
           {find_record(store.reader, a, nullptr).error(), find_record(store.reader, "", &name).error(),
            record_at(key_of("global", "a"), row, a).error(), record_at(key_of("global", "a"), row, "").error()}) {
        CHECK(error.code() == errc::unreadable);
        CHECK(error.context().find("delete or overwrite it") != std::string::npos);
      }
      CHECK(record_at(key_of("global", "a"), row, "another").error().code() == errc::not_found);
      CHECK(titles(store.reader, v1::LIST_ORDER_NAME) == texts{"b"});
      CHECK(titles(store.reader, v1::LIST_ORDER_PRIORITY) == texts{"b"});
      v1::UpdateRequest update;
      update.set_id(a);
      update.set_content("x");
      CHECK(plan_update(store.reader, update, 0).error().code() == errc::unreadable);
      const auto counts = count_records(store.reader, 0);
      REQUIRE(counts);
      CHECK(counts->total() == 1);
      CHECK(counts->unreadable() == 1);
    }
  }

  TEST_CASE("a memory whose value is none is overwritten by a store, and gone by a delete") {
    // What is done with it; whether a record is there then.
    const std::vector<std::pair<bool, std::function<void(planned_store&, const std::string& id)>>> ways{
        {true, [](planned_store& store, const std::string& id) { CHECK(store.store("a") == id); }},
        {true,
         [](planned_store& store, const std::string&) {
           v1::UpdateRequest renaming;
           renaming.set_id(store.store("b"));
           renaming.set_title("a");
           REQUIRE(store.write(plan_update(store.reader, renaming, store.now_ms)).ok());
         }},
        {false, [](planned_store& store, const std::string& id) { store.remove(id); }},
        {false,
         [](planned_store& store, const std::string& id) {
           const auto plan = store.write(plan_delete(store.reader, removing("a")));
           REQUIRE_MESSAGE(plan, plan.error().message());
           CHECK(plan->id == id);
         }},
        {false, [](planned_store& store, const std::string& id) {
           v1::DeleteRequest request;
           request.set_id(id.substr(0, 10));
           request.set_allow_prefix(true);
           REQUIRE(store.write(plan_delete(store.reader, request)).ok());
         }}};
    for (const auto& value : no_records())
      for (std::size_t way = 0; way < ways.size(); ++way) {
        CAPTURE(value.size());
        CAPTURE(way);
        planned_store store;
        const auto a = store.store("a");
        auto& row = store.reader.records.at(key_of("global", "a"));
        row.value = value;
        ways[way].second(store, a);
        CHECK(row.deleted != ways[way].first);
        if (!row.deleted) CHECK(is_readable(key_of("global", "a"), row));
        CHECK(count_records(store.reader, 0)->unreadable() == 0);
      }
  }

  TEST_CASE("a record that is stored over such a row begins a life of its own") {
    planned_store store;
    const auto a = store.store("a");
    store.touch(a, 3);
    auto& row = store.reader.records.at(key_of("global", "a"));
    row.value = "\xFF";
    const auto before = row.stamp.time;
    CHECK(store.store("a") == a);
    CHECK(store.stored(a).life() == before);
    CHECK(store.shown(a).access_count() == 0);
  }

  TEST_CASE("a row without an alias whose value is none goes by its name, with nothing else") {
    planned_store store;
    store.store("b");
    store.reader.records[key_of("global", "a")] = row_of("", "\xFF");
    CHECK(keys_of_delete(store.reader, removing("a")) == std::vector{key_of("global", "a")});
    const auto plan = store.write(plan_delete(store.reader, removing("a")));
    REQUIRE(plan);
    CHECK(plan->mutations.size() == 1);
    CHECK(store.reader.records.at(key_of("global", "a")).deleted);
  }

  TEST_CASE("of two rows with one id the one that is a record is found, whichever is newer") {
    planned_store store;
    const auto a = store.store("a");
    store.reader.records[key_of("global", "b")] = {{~0ull, node_id{9}}, false, a, "\xFF"};
    CHECK(store.stored(a).title() == "a");
    store.remove(a);
    CHECK(store.reader.records.at(key_of("global", "a")).deleted);
    CHECK_FALSE(store.reader.records.at(key_of("global", "b")).deleted);
    CHECK(find_record(store.reader, a, nullptr).error().code() == errc::unreadable);
    store.remove(a);
    CHECK(store.reader.records.at(key_of("global", "b")).deleted);
  }

  TEST_CASE("who would delete such a row is judged by its namespace") {
    planned_store store;
    store.reader.records[key_of("global", "a")] = row_of("id", "\xFF");
    const auto found = find_to_delete(store.reader, removing("a"));
    REQUIRE(found);
    const auto act = act_on(governed_action::remove, found->record, "alice");
    CHECK(act.name_space == "global");
    CHECK(act.owner.empty());
    CHECK(act.memory_id == "id");
  }

  TEST_CASE("a count of uses that is none counts nothing, and the next use begins one") {
    planned_store store;
    const auto a = store.store("a");
    store.touch(a, 3, node_id{1});
    store.touch(a, 2, node_id{2});
    for (const std::string value : {"\xFF", "\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"}) {
      store.reader.records.at(usage_key(a, node_id{1})).value = value;
      CHECK(store.shown(a).access_count() == 2);
      CHECK(count_records(store.reader, 0)->unreadable() == 1);
    }
    store.touch(a, 1, node_id{1});
    CHECK(store.shown(a).access_count() == 3);
    CHECK(count_records(store.reader, 0)->unreadable() == 0);
  }

  TEST_CASE("uses are counted of the records among what was recalled") {
    planned_store store;
    const auto a = store.store("a");
    store.reader.records[key_of("global", "b")] = row_of("id", "\xFF");
    const auto plan = plan_touch(store.reader, {key_of("global", "b"), key_of("global", "a")}, node_id{1}, 1);
    REQUIRE(plan);
    CHECK(plan->mutations.size() == 1);
  }

  TEST_CASE("a record with the highest count there is is shown with the highest that is shown") {
    planned_store store;
    v1::StoreRequest request;
    request.set_full_record(true);
    request.mutable_memory()->set_title("a");
    request.mutable_memory()->set_content("c");
    request.mutable_memory()->set_access_count(std::numeric_limits<std::int64_t>::max());
    const auto id = store.store(std::move(request));
    store.touch(id, 2);
    CHECK(store.shown(id).access_count() == 1'000'000);
  }

  TEST_CASE("what collects, forgets and consolidates leaves such a row alone or writes over it") {
    planned_store store;
    const auto a = store.store("a");
    const auto b = store.store("b");
    store.reader.records[key_of("global", "c")] = row_of("id", "\xFF");
    const auto always = [](const found_record&) -> result<bool> { return true; };
    CHECK(plan_removal(store.reader, {key_of("global", "c"), reason_expired, true, true}, always, 0).error().code()
          == errc::not_found);
    v1::ConsolidateRequest request;
    request.add_ids(a);
    request.add_ids(b);
    request.set_title("c");
    request.set_summary("both");
    const auto prepared = prepare(request, store.now_ms);
    REQUIRE(prepared);
    const auto plan = store.write(plan_consolidate(store.reader, request, *prepared, store.next_stamp()));
    REQUIRE_MESSAGE(plan, plan.error().message());
    CHECK(store.stored(plan->id).title() == "c");
  }

  TEST_CASE("a standard whose value is none is nobody's standard; it is told by its name, cleared and set anew") {
    written_store store;
    const auto rules = store.store("team", "Rules");
    store.reader.records[standard_key("team")] = row_of(rules, "\xFF");
    CHECK(standard_of(store.reader, "team").error().code() == errc::unreadable);
    CHECK(*chain_of(store.reader, "team/a") == texts{"*", "team", "team/a"});
    CHECK_FALSE(*find_policy(store.reader, "team"));
    governed_act act;
    act.name_space = "team";
    CHECK(*judge(store.reader, act, 0) == verdict::allowed);
    SUBCASE("cleared") {
      const auto plan = plan_clear_standard(store.reader, "team");
      REQUIRE(plan);
      store.apply(*plan);
    }
    SUBCASE("set anew") {
      v1::SetStandardRequest request;
      request.set_namespace_("team");
      request.set_id(rules);
      const auto plan = plan_set_standard(store.reader, request, store.now_ms());
      REQUIRE(plan);
      store.apply(plan->write);
    }
    SUBCASE("gone with its record") { store.remove(rules); }
    CHECK(standard_of(store.reader, "team").ok());
  }

  TEST_CASE("a standard that names a record whose value is none has no rules") {
    written_store store;
    const auto rules = store.store("team", "Rules");
    v1::SetStandardRequest request;
    request.set_namespace_("team");
    request.set_id(rules);
    store.apply(plan_set_standard(store.reader, request, store.now_ms())->write);
    store.reader.records.at(key_of("team", "Rules")).value = "\xFF";
    const auto standard = standard_of(store.reader, "team");
    REQUIRE(standard);
    CHECK_FALSE(standard->found());
    CHECK_FALSE(*find_policy(store.reader, "team"));
  }

  TEST_CASE(
      "a request for approval whose value is none is in no list, cannot be approved, and goes when it is rejected") {
    written_store store;
    store.register_agent("alice");
    store.reader.records[pending_key("p")] = row_of("", "\xFF");
    CHECK(list_pending(store.reader, "", 10)->empty());
    v1::ApprovePendingRequest approving;
    approving.set_id("p");
    approving.set_agent_id("alice");
    CHECK(plan_approve(store.reader, approving, {1, node_id{1}}, 0).error().code() == errc::unreadable);
    v1::RejectPendingRequest rejecting;
    rejecting.set_id("p");
    rejecting.set_agent_id("alice");
    const auto plan = plan_reject(store.reader, rejecting, 0);
    REQUIRE_MESSAGE(plan, plan.error().message());
    CHECK(plan->action.status() == "rejected");
    store.apply(plan->write);
    CHECK(store.reader.records.at(pending_key("p")).deleted);
  }

  TEST_CASE("a subscription whose value is none is in no list, is sent nothing, and can be taken back") {
    written_store store;
    store.reader.records[subscription_key("s")] = row_of("", "\xFF");
    CHECK(list_subscriptions(store.reader)->empty());
    v1::RecordDispatchRequest delivered;
    delivered.set_id("s");
    CHECK(plan_record_dispatch(store.reader, delivered, node_id{1}, 0).error().code() == errc::unreadable);
    store.apply(*plan_unsubscribe(store.reader, "s"));
    CHECK(store.reader.records.at(subscription_key("s")).deleted);
  }

  TEST_CASE("agents and messages are the records among the rows of their namespaces") {
    written_store store;
    store.register_agent("alice");
    store.reader.records[agent_key("bob")] = row_of("id", "\xFF");
    CHECK(list_agents(store.reader, store.now_ms())->size() == 1);
    CHECK_FALSE(*is_registered(store.reader, "bob", store.now_ms()));
    store.register_agent("bob");
    CHECK(*is_registered(store.reader, "bob", store.now_ms()));
    const auto inbox = inbox_of("alice", "agent_id");
    REQUIRE(inbox);
    store.store(*inbox, "message");
    store.reader.records[key_of(*inbox, "none")] = row_of("id-2", "\xFF");
    CHECK(read_inbox(store.reader, *inbox, false, 10, store.now_ms())->size() == 1);
  }

  TEST_CASE("rows of all kinds whose value is none are counted, those of unknown kinds are not judged") {
    planned_store store;
    store.store("a");
    std::uint64_t rows = 0;
    for (const auto kind : known_kinds) {
      store.reader.records[{kind, "key of none"}] = row_of("", "\xFF");
      CHECK(count_records(store.reader, 0)->unreadable() == ++rows);
      CHECK_FALSE(is_readable({kind, "key of none"}, row_of("", "\xFF")));
      CHECK(check_value(kind, "key of none", "", "\xFF").code() == errc::malformed);
    }
    const auto later = static_cast<key_kind>(200);
    store.reader.records[{later, "key"}] = row_of("", "\xFF");
    CHECK(count_records(store.reader, 0)->unreadable() == rows);
    CHECK(is_readable({later, "key"}, row_of("", "\xFF")));
    CHECK(check_value(later, "key", "alias", "\xFF").ok());
  }

  TEST_CASE("a value that names what no record can be called is none, and stops nobody who follows the name") {
    planned_store store;
    store.store("a");
    const auto put = [&](const record_key& key, const std::string& alias, const google::protobuf::MessageLite& value) {
      store.reader.records[key] = row_of(alias, value.SerializeAsString());
    };
    const std::string no_id(limits::id_bytes_max + 1, 'i');
    v1::LinkRecord link;
    link.set_source_id(no_id);
    link.set_target_id("b");
    link.set_relation("related_to");
    put(link_key(no_id, "b", "related_to"), "b", link);
    v1::Standard standard;
    standard.set_namespace_("team");
    standard.set_standard_id(no_id);
    put(standard_key("team"), no_id, standard);
    v1::MemoryRecord memory;
    memory.set_id(no_id);
    memory.set_namespace_("n");
    memory.set_title("t");
    put(key_of("n", "t"), no_id, memory);
    CHECK(count_records(store.reader, 0)->unreadable() == 3);
    CHECK(link_reader(store.reader).list({})->links().empty());
    CHECK_FALSE(*find_policy(store.reader, "team"));
    export_walk walk(store.reader);
    auto piece = walk.next();
    while (piece && *piece) piece = walk.next();
    CHECK(piece.ok());
  }

  TEST_CASE("what is taken from somebody else is a record under its own key and alias, of a size that one can have") {
    CHECK(checked_with([](v1::MemoryRecord&, mutation&) {}).ok());
    CHECK(checked_with([](v1::MemoryRecord&, mutation& row) { row.deleted = true; }).ok());
    CHECK(checked_with([](v1::MemoryRecord& record, mutation&) {
            record.set_content(std::string(limits::content_bytes_max, 'c'));
          }).ok());
    const std::vector<std::function<void(v1::MemoryRecord&, mutation&)>> wrong{
        [](auto&, auto& row) { row.alias = "another"; },
        [](auto&, auto& row) { row.alias.clear(); },
        [](auto&, auto& row) { row.key.bytes += "x"; },
        [](auto&, auto& row) { row.key.kind = key_kind::archived; },
        [](auto& record, auto&) { record.set_title("another"); },
        [](auto& record, auto&) { record.set_namespace_("another"); },
        [](auto& record, auto& row) {
          record.clear_id();
          row.alias.clear();
        },
        [](auto& record, auto& row) {
          record.set_id("no id\x01");
          row.alias = record.id();
        },
        [](auto& record, auto&) { record.set_access_count(-1); },
        [](auto& record, auto&) { record.set_priority(std::numeric_limits<std::int32_t>::min()); },
        [](auto& record, auto&) { record.set_expiry_set_ms(std::numeric_limits<std::int64_t>::max()); },
        [](auto& record, auto&) { record.set_content(std::string(limits::content_bytes_max + 1, 'c')); },
        [](auto& record, auto&) { record.set_metadata(std::string(limits::metadata_bytes_max + 1, 'm')); },
        [](auto& record, auto&) {
          for (std::size_t i = 0; i <= limits::tags_max; ++i) record.add_tags("t");
        },
        [](auto& record, auto&) { record.add_tags(std::string(limits::tag_bytes_max + 1, 't')); },
        [](auto& record, auto& row) {
          record.set_id(std::string(limits::id_bytes_max + 1, 'i'));
          row.alias = record.id();
        }};
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      CAPTURE(i);
      CHECK(checked_with(wrong[i]).code() == errc::malformed);
    }
  }
}
