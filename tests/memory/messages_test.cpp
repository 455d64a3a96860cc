#include "memory/messages.hpp"

#include <algorithm>

#include "memory/text.hpp"
#include "memory/usage.hpp"
#include "tests/memory/written_store.hpp"

using namespace quorate;
using namespace quorate::memory;
using namespace quorate::memory::tests;

namespace {

v1::NotifyRequest notifying(const std::string& to, const std::string& title, const std::string& payload = "text") {
  v1::NotifyRequest request;
  request.set_target_agent_id(to);
  request.set_title(title);
  request.set_payload(payload);
  request.set_agent_id("alice");
  return request;
}

/// The message as it is stored.
v1::MemoryRecord notify(written_store& store, const v1::NotifyRequest& request) {
  const auto prepared = prepare_message(request, random_id(), store.now_ms());
  REQUIRE_MESSAGE(prepared, prepared.error().message());
  const auto plan = plan_store(store.reader, *prepared, store.next_stamp());
  REQUIRE_MESSAGE(plan, plan.error().message());
  CHECK(plan->created);
  store.apply(*plan);
  return store.record(plan->id);
}

std::vector<v1::MemoryRecord> inbox(const written_store& store, const std::string& agent, bool unread_only = false,
                                    std::size_t limit = 50) {
  const auto name_space = inbox_of(agent, "agent_id");
  REQUIRE(name_space);
  const auto messages = read_inbox(store.reader, *name_space, unread_only, limit, store.now_ms());
  REQUIRE(messages);
  return *messages;
}

void use(written_store& store, const v1::MemoryRecord& stored) {
  const auto plan = plan_touch(store.reader, {key_of(stored.namespace_(), stored.title())}, node_id{1}, store.now_ms());
  REQUIRE(plan);
  store.apply(*plan);
}

}  // namespace

TEST_SUITE("memory.messages") {
  TEST_CASE("a message is a record in its recipient's namespace") {
    written_store store;
    const auto prepared =
        prepare_message(notifying("bob", "Hello"), "12345678-9abc-4def-8123-456789abcdef", store.now_ms());
    REQUIRE(prepared);
    const auto& record = *prepared;
    CHECK(record.namespace_() == "_messages/bob");
    CHECK(record.title() == "Hello (123456789abc)");
    CHECK(record.content() == "text");
    CHECK(record.tier() == v1::TIER_MID);
    CHECK(record.has_expires_at());
    CHECK(record.priority() == 5);
    CHECK(record.source() == "notify");
    REQUIRE(record.tags_size() == 1);
    CHECK(record.tags(0) == "_message");
    CHECK(record.metadata()
          == R"({"agent_id":"alice","recipient_agent_id":"bob","message_kind":"notify","message_title":"Hello"})");
    auto shown = record;
    show_message(&shown);
    CHECK(shown.title() == "Hello");
  }

  TEST_CASE("the priority is moved into 1 to 10, the tier is the one asked for") {
    written_store store;
    auto request = notifying("bob", "a");
    request.set_priority(99);
    request.set_tier(v1::TIER_LONG);
    const auto high = notify(store, request);
    CHECK(high.priority() == 10);
    CHECK(high.tier() == v1::TIER_LONG);
    CHECK_FALSE(high.has_expires_at());
    request.set_title("b");
    request.set_priority(-3);
    CHECK(notify(store, request).priority() == 1);
  }

  TEST_CASE("messages of the same title all stay, each with its sender, and show the title they came with") {
    written_store store;
    notify(store, notifying("bob", "Hello", "first"));
    auto second = notifying("bob", "Hello", "second");
    second.set_agent_id("carol");
    const auto stored = notify(store, second);
    notify(store, notifying("bob", "Hello", "third"));
    const auto messages = inbox(store, "bob");
    REQUIRE(messages.size() == 3);
    CHECK(messages[0].content() == "third");
    CHECK(messages[1].content() == "second");
    CHECK(messages[2].content() == "first");
    for (const auto& message : messages) CHECK(message.title() == "Hello");
    CHECK(messages[1].metadata().find("\"carol\"") != std::string::npos);
    CHECK(messages[1].id() == stored.id());
  }

  TEST_CASE("a title of the greatest length is shown whole, and the one it is stored under is legal, too") {
    written_store store;
    std::string title;
    for (int i = 0; i < 512; ++i) title += "ä";
    const auto stored = notify(store, notifying("bob", title));
    CHECK(count_characters(stored.title()) == 512);
    CHECK(validate_title(stored.title()).ok());
    notify(store, notifying("bob", title));
    const auto messages = inbox(store, "bob");
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].title() == title);
  }

  TEST_CASE("what breaks a rule is refused by the field of the request") {
    written_store store;
    const auto field_of = [&](const v1::NotifyRequest& request) {
      const auto prepared = prepare_message(request, random_id(), store.now_ms());
      return prepared ? "accepted" : prepared.error().field();
    };
    CHECK(field_of(notifying("bob", "a")) == "accepted");
    CHECK(field_of(notifying("team/bob", "a")) == "accepted");
    CHECK(field_of(notifying("", "a")) == "target_agent_id");
    CHECK(field_of(notifying("a b", "a")) == "target_agent_id");
    CHECK(field_of(notifying("bob/", "a")) == "target_agent_id");
    CHECK(field_of(notifying("a//b", "a")) == "target_agent_id");
    CHECK(field_of(notifying("a/../b", "a")) == "target_agent_id");
    CHECK(field_of(notifying("1/2/3/4/5/6/7", "a")) == "accepted");
    CHECK(field_of(notifying("1/2/3/4/5/6/7/8", "a")) == "target_agent_id");
    CHECK(field_of(notifying("bob", " ")) == "title");
    CHECK(field_of(notifying("bob", std::string(513, 'x'))) == "title");
    CHECK(field_of(notifying("bob", "a", "")) == "payload");
    CHECK(field_of(notifying("bob", "a", std::string(65'537, 'x'))) == "payload");
    auto unsent = notifying("bob", "a");
    unsent.clear_agent_id();
    CHECK(field_of(unsent) == "agent_id");
    auto untiered = notifying("bob", "a");
    untiered.set_tier(static_cast<v1::Tier>(9));
    CHECK(field_of(untiered) == "tier");
  }

  TEST_CASE("an inbox shows its own messages, newest first, as many as asked for and as fit an answer") {
    written_store store;
    for (int i = 0; i < 4; ++i) notify(store, notifying("bob", "m" + std::to_string(i)));
    notify(store, notifying("bobby", "other"));
    CHECK(inbox(store, "bob").size() == 4);
    CHECK(inbox(store, "nobody").empty());
    const auto two = inbox(store, "bob", false, 2);
    REQUIRE(two.size() == 2);
    CHECK(two[0].title() == "m3");
    CHECK(two[1].title() == "m2");
    for (int i = 0; i < 20; ++i) notify(store, notifying("bob", "l" + std::to_string(i), std::string(65'536, 'x')));
    const auto fitting = inbox(store, "bob");
    CHECK(fitting.size() == 15);
    CHECK(fitting.front().title() == "l19");
  }

  TEST_CASE("messages of the same millisecond come in the order they were written") {
    written_store store;
    const auto prepared_at = store.now_ms();
    for (const auto* title : {"b", "c", "a"}) {
      const auto prepared = prepare_message(notifying("bob", title), random_id(), prepared_at);
      REQUIRE(prepared);
      const auto plan = plan_store(store.reader, *prepared, store.next_stamp());
      REQUIRE(plan);
      store.apply(*plan);
    }
    const auto messages = inbox(store, "bob");
    REQUIRE(messages.size() == 3);
    CHECK(messages[0].title() == "a");
    CHECK(messages[1].title() == "c");
    CHECK(messages[2].title() == "b");
  }

  TEST_CASE("read is what was used; expired messages are not shown") {
    written_store store;
    const auto first = notify(store, notifying("bob", "first"));
    notify(store, notifying("bob", "second"));
    use(store, first);
    const auto all = inbox(store, "bob");
    REQUIRE(all.size() == 2);
    CHECK(all[0].access_count() == 0);
    CHECK(all[1].access_count() == 1);
    const auto unread = inbox(store, "bob", true);
    REQUIRE(unread.size() == 1);
    CHECK(unread[0].title() == "second");
    CHECK(inbox(store, "bob").size() == 2);  // to look is not to read
    store.pass(8LL * 86'400'000);
    CHECK(inbox(store, "bob").empty());
  }
}
