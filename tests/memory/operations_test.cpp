#include "memory/operations.hpp"

#include <doctest/doctest.h>

#include "memory/key.hpp"
#include "memory/validation.hpp"
#include "tests/memory/written_values.hpp"
#include "tests/support/fake_reader.hpp"

using namespace quorate;
using namespace quorate::memory;

namespace {

constexpr std::int64_t start_ms = 1795300230123;

/// A store with one writer: versions and times go up by one with each write.
class small_store {
 public:
  fake_reader reader;

  version next_stamp() const { return {hybrid_time_at(static_cast<std::uint64_t>(start_ms + step_)), node_id{1}}; }
  std::int64_t now_ms() const { return start_ms + step_; }

  result<planned_write> store(v1::StoreRequest request) {
    auto prepared = prepare(std::move(request), now_ms());
    if (!prepared) return prepared.error();
    return write(plan_store(reader, *prepared, next_stamp()));
  }
  result<planned_write> update(const v1::UpdateRequest& request) {
    return write(plan_update(reader, request, now_ms()));
  }
  result<planned_write> remove(const v1::DeleteRequest& request) { return write(plan_delete(reader, request)); }
  result<planned_write> remove(const std::string& id) {
    v1::DeleteRequest request;
    request.set_id(id);
    return remove(request);
  }

  v1::MemoryRecord at(std::string_view name_space, std::string_view title) const {
    const stored_record& stored = reader.records.at(key_of(name_space, title));
    REQUIRE_FALSE(stored.deleted);
    v1::MemoryRecord record;
    REQUIRE(record.ParseFromString(stored.value));
    CHECK(stored.alias == record.id());
    return record;
  }
  v1::MemoryRecord at(std::string_view title) const { return at("global", title); }

  bool is_live(std::string_view title) const {
    const auto found = reader.records.find(key_of("global", title));
    return found != reader.records.end() && !found->second.deleted;
  }

 private:
  result<planned_write> write(result<planned_write> plan) {
    if (plan) {
      quorate::memory::tests::check_written(plan->mutations);
      reader.apply(plan->mutations, next_stamp());
      ++step_;
    }
    return plan;
  }

  std::int64_t step_ = 0;
};

v1::StoreRequest storing(const std::string& title, const std::string& content = "content") {
  v1::StoreRequest request;
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content(content);
  return request;
}

v1::StoreRequest importing(const std::string& title, const std::string& id = "") {
  v1::StoreRequest request = storing(title);
  request.set_full_record(true);
  v1::MemoryRecord& record = *request.mutable_memory();
  record.set_id(id);
  record.set_created_at("2023-05-08T13:56:00+00:00");
  record.set_updated_at("2023-05-09T13:56:00+00:00");
  record.set_last_accessed_at("2023-05-10T13:56:00+00:00");
  record.set_access_count(3);
  record.set_source("import");
  record.set_metadata(R"({"turn":1,"agent_id":"ai:caroline"})");
  return request;
}

v1::UpdateRequest updating(const std::string& id) {
  v1::UpdateRequest request;
  request.set_id(id);
  return request;
}

std::string id_of(std::string_view title) { return derived_id(key_of("global", title)); }

}  // namespace

TEST_SUITE("memory.operations") {
  TEST_CASE("a new name gets the id derived from it, and one get and one find are all the reads it costs") {
    small_store store;
    const auto plan = store.store(storing("a"));
    REQUIRE(plan);
    CHECK(plan->created);
    CHECK(plan->id == id_of("a"));
    REQUIRE(plan->mutations.size() == 1);
    CHECK(plan->mutations[0].key == key_of("global", "a"));
    CHECK(plan->mutations[0].alias == plan->id);
    CHECK_FALSE(plan->mutations[0].deleted);
    CHECK(store.at("a").id() == plan->id);
    CHECK(store.reader.gets == 1);
    CHECK(store.reader.finds == 1);
  }

  TEST_CASE("storing over a live record costs one get and no find") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    store.reader.gets = store.reader.finds = 0;
    const auto plan = store.store(storing("a", "other"));
    REQUIRE(plan);
    CHECK_FALSE(plan->created);
    CHECK(store.reader.gets == 1);
    CHECK(store.reader.finds == 0);
  }

  TEST_CASE("upsert: id, created_at, access_count and last_accessed_at of the record that is there stay") {
    small_store store;
    REQUIRE(store.store(importing("a", "first-id")));
    v1::StoreRequest second = importing("a", "second-id");
    second.mutable_memory()->set_created_at("2024-01-01T00:00:00Z");
    second.mutable_memory()->set_last_accessed_at("2024-01-01T00:00:00Z");
    second.mutable_memory()->set_access_count(99);
    const auto plan = store.store(second);
    REQUIRE(plan);
    CHECK(plan->id == "first-id");
    CHECK_FALSE(plan->created);
    const auto record = store.at("a");
    CHECK(record.id() == "first-id");
    CHECK(record.created_at() == "2023-05-08T13:56:00+00:00");
    CHECK(record.last_accessed_at() == "2023-05-10T13:56:00+00:00");
    CHECK(record.access_count() == 3);
  }

  TEST_CASE("upsert: content, tags, source and updated_at are the new ones") {
    small_store store;
    v1::StoreRequest first = importing("a");
    first.mutable_memory()->add_tags("old");
    REQUIRE(store.store(first));
    v1::StoreRequest second = importing("a");
    second.mutable_memory()->set_content("new content");
    second.mutable_memory()->add_tags("new");
    second.mutable_memory()->add_tags("newer");
    second.mutable_memory()->set_source("elsewhere");
    second.mutable_memory()->set_updated_at("2001-01-01T00:00:00Z");
    REQUIRE(store.store(second));
    const auto record = store.at("a");
    CHECK(record.content() == "new content");
    REQUIRE(record.tags_size() == 2);
    CHECK(record.tags(0) == "new");
    CHECK(record.tags(1) == "newer");
    CHECK(record.source() == "elsewhere");
    CHECK(record.updated_at() == "2001-01-01T00:00:00Z");
  }

  TEST_CASE("upsert: priority and confidence are the higher of the two") {
    small_store store;
    const auto with = [](int priority, double confidence) {
      v1::StoreRequest request = storing("a");
      request.mutable_memory()->set_priority(priority);
      request.mutable_memory()->set_confidence(confidence);
      return request;
    };
    REQUIRE(store.store(with(4, 0.4)));
    REQUIRE(store.store(with(3, 0.9)));
    CHECK(store.at("a").priority() == 4);
    CHECK(store.at("a").confidence() == 0.9);
    REQUIRE(store.store(with(8, 0.1)));
    CHECK(store.at("a").priority() == 8);
    CHECK(store.at("a").confidence() == 0.9);
  }

  TEST_CASE("upsert: the tier never goes down, and decides with the two expiries which one remains") {
    struct row {
      v1::Tier old_tier, new_tier;
      std::string old_expiry, new_expiry;  // empty = none
      v1::Tier tier;
      std::string expiry;
    };
    const std::string one = "2030-01-01T00:00:00Z";
    const std::string two = "2031-01-01T00:00:00Z";
    const auto brief = v1::TIER_SHORT;
    const auto mid = v1::TIER_MID;
    const auto lasting = v1::TIER_LONG;
    for (const row& r : std::vector<row>{
             {brief, brief, one, two, brief, two},
             {brief, brief, one, "", brief, one},
             {brief, brief, "", two, brief, two},
             {brief, brief, "", "", brief, ""},
             {brief, mid, one, two, mid, two},
             {mid, brief, two, one, mid, one},
             {mid, brief, two, "", mid, two},
             {mid, lasting, one, "", lasting, ""},
             {mid, lasting, one, two, lasting, ""},
             {lasting, brief, "", two, lasting, ""},
             {lasting, mid, one, two, lasting, ""},
             {lasting, lasting, one, two, lasting, ""},
         }) {
      const auto with = [](v1::Tier tier, const std::string& expiry) {
        v1::StoreRequest request = importing("a");
        request.mutable_memory()->set_tier(tier);
        if (!expiry.empty()) request.mutable_memory()->set_expires_at(expiry);
        return request;
      };
      small_store store;
      REQUIRE(store.store(with(r.old_tier, r.old_expiry)));
      REQUIRE(store.store(with(r.new_tier, r.new_expiry)));
      const auto record = store.at("a");
      CHECK(record.tier() == r.tier);
      CHECK(record.has_expires_at() == !r.expiry.empty());
      CHECK(record.expires_at() == r.expiry);
    }
  }

  TEST_CASE("upsert: metadata is the new one, but the agent_id that was there stays") {
    small_store store;
    const auto with = [](const char* metadata) {
      v1::StoreRequest request = storing("a");
      request.mutable_memory()->set_metadata(metadata);
      return request;
    };
    REQUIRE(store.store(with(R"({"a":1})")));
    REQUIRE(store.store(with(R"({"b":2,"agent_id":"ai:one"})")));
    CHECK(store.at("a").metadata() == R"({"b":2,"agent_id":"ai:one"})");
    REQUIRE(store.store(with(R"({"agent_id":"ai:two","c":3})")));
    CHECK(store.at("a").metadata() == R"({"agent_id":"ai:one","c":3})");
    REQUIRE(store.store(with("{}")));
    CHECK(store.at("a").metadata() == R"({"agent_id":"ai:one"})");
  }

  TEST_CASE("new metadata that breaks the size limit together with the agent_id that stays is refused") {
    small_store store;
    v1::StoreRequest first = storing("a");
    first.mutable_memory()->set_metadata(R"({"agent_id":"1234"})");
    REQUIRE(store.store(first));
    const auto with_size = [](std::size_t bytes) {
      v1::StoreRequest request = storing("a");
      request.mutable_memory()->set_metadata("{\"k\":\"" + std::string(bytes - 8, 'x') + "\"}");
      return request;
    };
    const std::size_t agent = std::string_view(R"(,"agent_id":"1234")").size();
    CHECK(store.store(with_size(65'536 - agent)));
    const auto refused = store.store(with_size(65'537 - agent));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message()
          == "metadata: must have at most 65536 bytes with the agent_id the record has, got 65537");
  }

  TEST_CASE("a full record planned over its own result gives the same bytes, whatever its tier and expiry") {
    for (const v1::Tier tier : {v1::TIER_UNSPECIFIED, v1::TIER_SHORT, v1::TIER_MID, v1::TIER_LONG}) {
      for (const std::string expiry : {"", "2023-06-01T00:00:00Z"}) {
        for (const std::string id : {"", "given-id"}) {
          small_store store;
          v1::StoreRequest request = importing("a", id);
          request.mutable_memory()->set_tier(tier);
          request.mutable_memory()->set_confidence(0.3);
          request.mutable_memory()->add_tags("t");
          if (!expiry.empty()) request.mutable_memory()->set_expires_at(expiry);
          const auto first = store.store(request);
          const auto second = store.store(request);
          REQUIRE(first);
          REQUIRE(second);
          CHECK(first->created);
          CHECK_FALSE(second->created);
          CHECK(first->mutations == second->mutations);
        }
      }
    }
  }

  TEST_CASE("a given id is kept for a new name, and refused when a live record of another name has it") {
    small_store store;
    REQUIRE(store.store(importing("a", "the-id")));
    CHECK(store.at("a").id() == "the-id");
    const auto refused = store.store(importing("b", "the-id"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == errc::already_exists);
    CHECK(refused.error().context().find("the-id") != std::string::npos);
    REQUIRE(store.remove("the-id"));
    CHECK(store.store(importing("b", "the-id")));
  }

  TEST_CASE("a deleted name counts as not there: it is created again, nothing of the old record remains") {
    small_store store;
    v1::StoreRequest first = storing("a");
    first.mutable_memory()->set_priority(9);
    first.mutable_memory()->set_metadata(R"({"agent_id":"ai:one"})");
    REQUIRE(store.store(first));
    REQUIRE(store.remove(id_of("a")));
    const auto plan = store.store(storing("a"));
    REQUIRE(plan);
    CHECK(plan->created);
    CHECK(plan->id == id_of("a"));
    CHECK(store.at("a").priority() == 5);
    CHECK(store.at("a").metadata() == "{}");
  }

  TEST_CASE("a record whose expiry has come but that is still there is stored over, not created again") {
    small_store store;
    v1::StoreRequest old = importing("a");
    old.mutable_memory()->set_expires_at("2023-05-11T00:00:00Z");
    REQUIRE(store.store(old));
    const auto plan = store.store(storing("a"));
    REQUIRE(plan);
    CHECK_FALSE(plan->created);
    CHECK(store.at("a").created_at() == "2023-05-08T13:56:00+00:00");
  }

  TEST_CASE("after a rename the old name can be stored again, under an id of its own") {
    small_store store;
    REQUIRE(store.store(storing("a", "first")));
    v1::UpdateRequest rename = updating(id_of("a"));
    rename.set_title("b");
    REQUIRE(store.update(rename));
    const version stamp = store.next_stamp();
    const auto plan = store.store(storing("a", "second"));
    REQUIRE(plan);
    CHECK(plan->created);
    CHECK(plan->id == derived_id(key_of("global", "a"), stamp));
    CHECK(store.at("b").id() == id_of("a"));
    CHECK(store.at("b").content() == "first");
    CHECK(store.at("a").content() == "second");
    // The new record is as stable as any other.
    CHECK(store.store(storing("a", "third"))->id == plan->id);
  }

  TEST_CASE("an update changes the fields it gives and updated_at, nothing else") {
    small_store store;
    v1::StoreRequest request = importing("a", "the-id");
    request.mutable_memory()->set_tier(v1::TIER_SHORT);
    request.mutable_memory()->set_expires_at("2030-01-01T00:00:00Z");
    request.mutable_memory()->add_tags("old");
    REQUIRE(store.store(request));
    v1::MemoryRecord expected = store.at("a");

    v1::UpdateRequest update = updating("the-id");
    update.set_content("new content");
    expected.set_content("new content");
    expected.set_updated_at("2026-11-21T22:30:30.124+00:00");
    const auto plan = store.update(update);
    REQUIRE(plan);
    CHECK(plan->id == "the-id");
    CHECK_FALSE(plan->created);
    CHECK(plan->mutations.size() == 1);
    CHECK(store.at("a").SerializeAsString() == expected.SerializeAsString());

    update = updating("the-id");
    update.set_tier(v1::TIER_MID);
    update.mutable_tags();
    update.set_priority(1);
    update.set_confidence(0.1);
    update.set_expires_at("2001-01-01T00:00:00Z");
    update.set_metadata(R"( {"agent_id":"ai:other", "x":1} )");
    expected.set_tier(v1::TIER_MID);
    expected.clear_tags();
    expected.set_priority(1);
    expected.set_confidence(0.1);
    expected.set_expires_at("2001-01-01T00:00:00Z");
    expected.set_priority_base_count(3);
    expected.set_expiry_set_ms(store.now_ms());
    expected.set_metadata(R"({"agent_id":"ai:caroline","x":1})");
    expected.set_updated_at("2026-11-21T22:30:30.125+00:00");
    REQUIRE(store.update(update));
    CHECK(store.at("a").SerializeAsString() == expected.SerializeAsString());
  }

  TEST_CASE("an update never lowers the tier") {
    small_store store;
    v1::StoreRequest request = importing("a", "the-id");
    request.mutable_memory()->set_tier(v1::TIER_MID);
    REQUIRE(store.store(request));
    v1::UpdateRequest update = updating("the-id");
    update.set_tier(v1::TIER_SHORT);
    REQUIRE(store.update(update));
    CHECK(store.at("a").tier() == v1::TIER_MID);
  }

  TEST_CASE("an update to long removes the expiry, and a long record takes none") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    REQUIRE(store.at("a").has_expires_at());
    v1::UpdateRequest update = updating(id_of("a"));
    update.set_tier(v1::TIER_LONG);
    REQUIRE(store.update(update));
    CHECK(store.at("a").tier() == v1::TIER_LONG);
    CHECK_FALSE(store.at("a").has_expires_at());

    update = updating(id_of("a"));
    update.set_expires_at("2030-01-01T00:00:00Z");
    const auto refused = store.update(update);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().field() == "expires_at");
    update.set_expires_at("");
    CHECK(store.update(update));
  }

  TEST_CASE("an update with an empty expires_at removes the expiry") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    v1::UpdateRequest update = updating(id_of("a"));
    update.set_expires_at("");
    REQUIRE(store.update(update));
    CHECK_FALSE(store.at("a").has_expires_at());
    CHECK(store.at("a").tier() == v1::TIER_MID);
  }

  TEST_CASE("a rename deletes the old name and puts the new one in one entry, id kept") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    v1::UpdateRequest update = updating(id_of("a"));
    update.set_title("b");
    update.set_namespace_("else/where");
    const auto plan = store.update(update);
    REQUIRE(plan);
    REQUIRE(plan->mutations.size() == 2);
    CHECK(plan->mutations[0] == mutation{key_of("global", "a"), true, "", ""});
    CHECK(plan->mutations[1].key == key_of("else/where", "b"));
    CHECK_FALSE(plan->mutations[1].deleted);
    CHECK(plan->id == id_of("a"));
    CHECK(store.at("else/where", "b").id() == id_of("a"));
    CHECK_FALSE(store.is_live("a"));
  }

  TEST_CASE("a rename to the name the record has is no rename") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    v1::UpdateRequest update = updating(id_of("a"));
    update.set_title("a");
    const auto plan = store.update(update);
    REQUIRE(plan);
    CHECK(plan->mutations.size() == 1);
  }

  TEST_CASE("a rename to a taken name is refused; to a deleted one it is not") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    REQUIRE(store.store(storing("b")));
    v1::UpdateRequest update = updating(id_of("a"));
    update.set_title("b");
    const auto refused = store.update(update);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == errc::already_exists);
    CHECK(refused.error().context().find("already exists in namespace") != std::string::npos);
    REQUIRE(store.remove(id_of("b")));
    CHECK(store.update(update));
  }

  TEST_CASE("an update finds its record by the exact id only, and checks its fields") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    v1::UpdateRequest update = updating(id_of("a").substr(0, 8));
    update.set_content("x");
    CHECK(store.update(update).error().code() == errc::not_found);
    update = updating(id_of("a"));
    CHECK(store.update(update).error().code() == errc::invalid_argument);
    update.set_priority(11);
    CHECK(store.update(update).error().field() == "priority");
    REQUIRE(store.remove(id_of("a")));
    update.set_priority(1);
    CHECK(store.update(update).error().code() == errc::not_found);
  }

  TEST_CASE("a delete by id or by name writes one tombstone; a second one finds nothing") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    REQUIRE(store.store(storing("b")));
    const auto by_id = store.remove(id_of("a"));
    REQUIRE(by_id);
    CHECK(by_id->id == id_of("a"));
    REQUIRE(by_id->mutations.size() == 1);
    CHECK(by_id->mutations[0] == mutation{key_of("global", "a"), true, "", ""});
    CHECK_FALSE(by_id->created);

    v1::DeleteRequest request;
    request.mutable_name()->set_namespace_("global");
    request.mutable_name()->set_title("b");
    const auto by_name = store.remove(request);
    REQUIRE(by_name);
    CHECK(by_name->id == id_of("b"));
    CHECK_FALSE(store.is_live("b"));
    CHECK(store.remove(request).error().code() == errc::not_found);
    CHECK(store.remove(id_of("a")).error().code() == errc::not_found);
  }

  TEST_CASE("a record is found by id or by name, with its key and version, and not once it is deleted") {
    small_store store;
    const version stamp = store.next_stamp();
    REQUIRE(store.store(storing("a")));
    v1::RecordName name;
    name.set_title("a");
    name.set_namespace_("global");
    const auto by_name = find_record(store.reader, "", &name);
    REQUIRE(by_name);
    const auto by_id = find_record(store.reader, id_of("a"), nullptr);
    REQUIRE(by_id);
    for (const auto* found : {&by_name, &by_id}) {
      CHECK((*found)->record.title() == "a");
      CHECK((*found)->key == key_of("global", "a"));
      CHECK((*found)->stamp == stamp);
    }
    name.clear_namespace_();
    CHECK(find_record(store.reader, "", &name));
    REQUIRE(store.remove(id_of("a")));
    CHECK(find_record(store.reader, "", &name).error().code() == errc::not_found);
    CHECK(find_record(store.reader, id_of("a"), nullptr).error().code() == errc::not_found);
  }

  TEST_CASE("a request must name a record one way, by something a record can have") {
    const small_store store;
    v1::RecordName name;
    name.set_title("a");
    CHECK(find_record(store.reader, "", nullptr).error().code() == errc::invalid_argument);
    CHECK(find_record(store.reader, "an-id", &name).error().code() == errc::invalid_argument);
    CHECK(find_record(store.reader, "a\r", nullptr).error().field() == "id");
    name.set_title("");
    CHECK(find_record(store.reader, "", &name).error().field() == "title");
    name.set_title("a");
    name.set_namespace_(std::string("global\0a", 8));
    CHECK(find_record(store.reader, "", &name).error().field() == "namespace");
  }

  TEST_CASE("of several records with one id the newest is found") {
    small_store store;
    REQUIRE(store.store(importing("a", "the-id")));
    const stored_record copy = store.reader.records.at(key_of("global", "a"));
    v1::MemoryRecord record = store.at("a");
    for (const auto& [title, ahead] : {std::pair("b", 10), std::pair("c", 20), std::pair("d", 5)}) {
      record.set_title(title);
      version stamp = copy.stamp;
      stamp.time += static_cast<std::uint64_t>(ahead);
      store.reader.apply({{key_of("global", title), false, "the-id", record.SerializeAsString()}}, stamp);
    }
    const auto found = find_record(store.reader, "the-id", nullptr);
    REQUIRE(found);
    CHECK(found->record.title() == "c");
  }

  TEST_CASE("a record that was stored anew under another id since its key was found is not found by the old id") {
    small_store store;
    REQUIRE(store.store(importing("a", "the-id")));
    store.reader.records.at(key_of("global", "a")).alias = "older-id";
    CHECK(find_record(store.reader, "older-id", nullptr).error().code() == errc::not_found);
  }

  TEST_CASE("a store touches the key of its name, whether a record is there or not") {
    const auto prepared = prepare(storing("a"), start_ms);
    REQUIRE(prepared);
    CHECK(keys_of_store(*prepared) == std::vector{key_of("global", "a")});
  }

  TEST_CASE("an update touches the key its id has, and that of the new name when it changes") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    v1::UpdateRequest update = updating(id_of("a"));
    update.set_content("x");
    update.set_title("a");
    CHECK(keys_of_update(store.reader, update) == std::vector{key_of("global", "a")});
    update.set_title("b");
    CHECK(keys_of_update(store.reader, update) == std::vector{key_of("global", "a"), key_of("global", "b")});
    update.clear_title();
    update.set_namespace_("other");
    CHECK(keys_of_update(store.reader, update) == std::vector{key_of("global", "a"), key_of("other", "a")});
    // Exactly what the plan then changes.
    const auto plan = plan_update(store.reader, update, start_ms);
    REQUIRE(plan);
    REQUIRE(plan->mutations.size() == 2);
    CHECK(plan->mutations[0].key == key_of("global", "a"));
    CHECK(plan->mutations[1].key == key_of("other", "a"));
    CHECK(keys_of_update(store.reader, updating("unknown")).empty());
  }

  TEST_CASE("a delete touches the key of its name, known here or not, or the key its id has") {
    small_store store;
    v1::DeleteRequest by_name;
    by_name.mutable_name()->set_title("a");
    // The record may be on another member only, so what is here does not matter.
    CHECK(keys_of_delete(store.reader, by_name) == std::vector{key_of("global", "a")});
    v1::DeleteRequest by_id;
    by_id.set_id(id_of("a"));
    CHECK(keys_of_delete(store.reader, by_id).empty());
    REQUIRE(store.store(storing("a")));
    CHECK(keys_of_delete(store.reader, by_id) == std::vector{key_of("global", "a")});
    REQUIRE(store.remove(id_of("a")));
    CHECK(keys_of_delete(store.reader, by_id).empty());
    CHECK(keys_of_delete(store.reader, {}).empty());
  }

  TEST_CASE("where to read a record: a name says it unread, an id must be known") {
    small_store store;
    v1::RecordName name;
    name.set_title("a");
    const auto by_name = find_key(store.reader, "", &name);
    REQUIRE(by_name);
    CHECK(*by_name == key_of("global", "a"));
    CHECK(store.reader.gets + store.reader.finds == 0);
    CHECK(find_key(store.reader, id_of("a"), nullptr).error().code() == errc::not_found);
    REQUIRE(store.store(storing("a")));
    const auto by_id = find_key(store.reader, id_of("a"), nullptr);
    REQUIRE(by_id);
    CHECK(*by_id == key_of("global", "a"));
    CHECK(find_key(store.reader, "an-id", &name).error().code() == errc::invalid_argument);
    CHECK(find_key(store.reader, "", nullptr).error().code() == errc::invalid_argument);
    name.set_title("");
    CHECK(find_key(store.reader, "", &name).error().field() == "title");
  }

  TEST_CASE("what was read is a record only when it is live and has the id that was asked for") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    const auto key = key_of("global", "a");
    stored_record stored = store.reader.records.at(key);
    for (const auto& id : {std::string(), id_of("a")}) {
      const auto found = record_at(key, stored, id);
      REQUIRE(found);
      CHECK(found->record.title() == "a");
      CHECK(found->key == key);
      CHECK(found->stamp == stored.stamp);
    }
    CHECK(record_at(key, stored, "another-id").error().code() == errc::not_found);
    CHECK(record_at(key, std::nullopt, "").error().code() == errc::not_found);
    stored.deleted = true;
    CHECK(record_at(key, stored, "").error().code() == errc::not_found);
    stored.deleted = false;
    stored.value = "\xFF\xFF";
    CHECK(record_at(key, stored, "").error().code() == errc::unreadable);
  }

  TEST_CASE("a failing read is passed on, never planned over") {
    small_store store;
    REQUIRE(store.store(storing("a")));
    v1::UpdateRequest update = updating(id_of("a"));
    update.set_content("x");

    store.reader.failure = status(errc::storage_failure, "disk");
    CHECK(store.store(storing("b")).error().code() == errc::storage_failure);
    CHECK(store.update(update).error().code() == errc::storage_failure);
    CHECK(store.remove(id_of("a")).error().code() == errc::storage_failure);
    CHECK(find_key(store.reader, id_of("a"), nullptr).error().code() == errc::storage_failure);
    CHECK(keys_of_update(store.reader, update).empty());
  }
}
