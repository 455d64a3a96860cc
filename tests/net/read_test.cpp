// Reading records: beginnings of ids, links, lists, and the session that a read must not fall behind.
#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

#include <future>
#include <thread>
#include <vector>

#include "google/rpc/status.pb.h"
#include "memory/key.hpp"
#include "memory/usage.hpp"
#include "net/memory_service.hpp"
#include "proto/limits.hpp"
#include "proto/session_token.hpp"
#include "tests/net/fake_node_api.hpp"
#include "tests/support/eventually.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;

namespace {

v1::StoreRequest storing(const std::string& title) {
  v1::StoreRequest request;
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content("content");
  return request;
}

v1::StoreReply store(served_node& node, const v1::StoreRequest& request) {
  v1::StoreReply reply;
  grpc::ClientContext context;
  const auto end = node.memory().Store(&context, request, &reply);
  REQUIRE_MESSAGE(end.ok(), end.error_message());
  return reply;
}

grpc::Status get(served_node& node, const v1::GetRequest& request, v1::GetReply* reply, int timeout_ms = 5'000) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_ms));
  return node.memory().Get(&context, request, reply);
}

grpc::Status list(served_node& node, const v1::ListRequest& request, v1::ListReply* reply) {
  grpc::ClientContext context;
  return node.memory().List(&context, request, reply);
}

void touch(served_node& node, const std::string& title, int times) {
  for (int i = 0; i < times; ++i) {
    const auto plan = memory::plan_touch(node->reader, {memory::key_of("global", title)}, node_id{7}, 1795300230123);
    REQUIRE(plan);
    node->reader.apply(plan->mutations, {1'000, node_id{7}});
  }
}

std::string field_of(const grpc::Status& end) {
  google::rpc::Status details;
  v1::InvalidField field;
  if (details.ParseFromString(end.error_details()) && details.details_size() > 0) details.details(0).UnpackTo(&field);
  return field.field();
}

struct one_read {
  grpc::ClientContext context;
  v1::GetRequest request;
  v1::GetReply reply;
  std::promise<grpc::Status> end;
};

const std::string token = session_token({{node_id{9}, 4}, 1'000'001});

}  // namespace

TEST_SUITE("net.read") {
  TEST_CASE("a record is answered as it is with its use, from this node and from the members") {
    served_node node;
    v1::GetRequest request;
    request.set_id(store(node, storing("a")).id());
    touch(node, "a", 12);
    node->on_read = [&](const record_key& key) { return read_answer{{}, node->reader.records.at(key)}; };
    for (const auto consistency : {v1::READ_CONSISTENCY_LOCAL, v1::READ_CONSISTENCY_QUORUM}) {
      request.set_consistency(consistency);
      v1::GetReply reply;
      REQUIRE(get(node, request, &reply).ok());
      CHECK(reply.memory().access_count() == 12);
      CHECK(reply.memory().priority() == 6);
      CHECK(reply.memory().tier() == v1::TIER_LONG);
    }
    v1::ListReply listed;
    REQUIRE(list(node, {}, &listed).ok());
    CHECK(listed.memories(0).access_count() == 12);
  }

  TEST_CASE("what is stored with a record for the system's own use is not answered") {
    served_node node;
    const auto id = store(node, storing("a")).id();
    v1::DeleteRequest removal;
    removal.set_id(id);
    v1::DeleteReply removed;
    grpc::ClientContext context;
    REQUIRE(node.memory().Delete(&context, removal, &removed).ok());
    store(node, storing("a"));
    v1::MemoryRecord there;
    REQUIRE(there.ParseFromString(node->reader.records.at(memory::key_of("global", "a")).value));
    REQUIRE(there.life() != 0);
    v1::GetRequest request;
    request.set_id(id);
    v1::GetReply reply;
    REQUIRE(get(node, request, &reply).ok());
    CHECK(reply.memory().life() == 0);
    v1::ListReply listed;
    REQUIRE(list(node, {}, &listed).ok());
    CHECK(listed.memories(0).life() == 0);
  }

  TEST_CASE("the beginning of an id is enough when asked so and when it is of one record only") {
    served_node node;
    const auto id = store(node, storing("a")).id();
    store(node, storing("b"));
    node->on_read = [&](const record_key& key) { return read_answer{{}, node->reader.records.at(key)}; };
    for (const auto consistency : {v1::READ_CONSISTENCY_LOCAL, v1::READ_CONSISTENCY_QUORUM}) {
      v1::GetRequest request;
      request.set_consistency(consistency);
      request.set_id(id.substr(0, 8));
      v1::GetReply reply;
      CHECK(get(node, request, &reply).error_code() == grpc::StatusCode::NOT_FOUND);
      request.set_allow_prefix(true);
      REQUIRE(get(node, request, &reply).ok());
      CHECK(reply.memory().id() == id);
      request.set_id("zz");
      CHECK(get(node, request, &reply).error_code() == grpc::StatusCode::NOT_FOUND);
    }
    auto twin = storing("twin");
    twin.set_full_record(true);
    twin.mutable_memory()->set_id(id + "-twin");
    store(node, twin);
    v1::GetRequest request;
    request.set_allow_prefix(true);
    v1::GetReply reply;
    request.set_id(id.substr(0, 8));
    const auto ambiguous = get(node, request, &reply);
    CHECK(ambiguous.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(field_of(ambiguous) == "id");
    request.set_id(id);
    REQUIRE(get(node, request, &reply).ok());
    CHECK(reply.memory().id() == id);
  }

  TEST_CASE("a record comes with its links when asked so") {
    served_node node;
    v1::LinkRequest link;
    link.set_source_id(store(node, storing("a")).id());
    link.set_target_id(store(node, storing("b")).id());
    v1::LinkReply linked;
    grpc::ClientContext context;
    REQUIRE(node.memory().Link(&context, link, &linked).ok());
    node->on_read = [&](const record_key& key) { return read_answer{{}, node->reader.records.at(key)}; };
    v1::GetRequest request;
    request.set_id(link.target_id());
    for (const auto consistency : {v1::READ_CONSISTENCY_LOCAL, v1::READ_CONSISTENCY_QUORUM}) {
      request.set_consistency(consistency);
      request.set_with_links(false);
      v1::GetReply without;
      REQUIRE(get(node, request, &without).ok());
      CHECK(without.links().empty());
      request.set_with_links(true);
      v1::GetReply with;
      REQUIRE(get(node, request, &with).ok());
      REQUIRE(with.links_size() == 1);
      CHECK(with.links(0).source_id() == link.source_id());
    }
  }

  TEST_CASE("an update answers the record as it is now") {
    served_node node;
    v1::UpdateRequest update;
    update.set_id(store(node, storing("a")).id().substr(0, 8));
    update.set_allow_prefix(true);
    update.set_priority(9);
    v1::StoreReply reply;
    grpc::ClientContext context;
    REQUIRE(node.memory().Update(&context, update, &reply).ok());
    CHECK(reply.memory().id() == reply.id());
    CHECK(reply.memory().priority() == 9);
    CHECK(reply.memory().content() == "content");
  }

  TEST_CASE("a list in another order and with a filter goes on where its page ended") {
    served_node node;
    for (int priority : {3, 8, 5, 1}) {
      auto request = storing("p" + std::to_string(priority));
      request.mutable_memory()->set_priority(priority);
      store(node, request);
    }
    v1::ListRequest request;
    request.set_order(v1::LIST_ORDER_PRIORITY);
    request.mutable_filter()->set_min_priority(2);
    request.set_limit(2);
    v1::ListReply reply;
    REQUIRE(list(node, request, &reply).ok());
    REQUIRE(reply.memories_size() == 2);
    CHECK(reply.memories(0).title() == "p8");
    CHECK(reply.memories(1).title() == "p5");
    request.set_cursor(reply.next_cursor());
    REQUIRE(list(node, request, &reply).ok());
    REQUIRE(reply.memories_size() == 1);
    CHECK(reply.memories(0).title() == "p3");
    CHECK(reply.next_cursor().empty());
    request.set_offset(1);
    CHECK(field_of(list(node, request, &reply)) == "offset");
  }

  TEST_CASE("records that sound like the one that is stored are told, without itself and five at most") {
    served_node node;
    std::vector<std::string> ids;
    for (int i = 0; i < 7; ++i) {
      ids.push_back(store(node, storing("t" + std::to_string(i))).id());
      node->index.matches.push_back({memory::key_of("global", "t" + std::to_string(i)), 1.0});
    }
    node->index.matches.push_back({memory::key_of("global", "gone"), 1.0});
    auto request = storing("t1");
    CHECK(store(node, request).potential_contradictions().empty());
    request.set_find_contradictions(true);
    const auto reply = store(node, request);
    CHECK(std::vector<std::string>(reply.potential_contradictions().begin(), reply.potential_contradictions().end())
          == std::vector<std::string>{ids[0], ids[2], ids[3], ids[4], ids[5]});
    CHECK(reply.id() == ids[1]);
    CHECK(node->index.asked.limit == 6);
    CHECK(node->index.asked.filter.name_space == "global");
    CHECK(node->index.asked.by == memory::ranking::classic);
    // A store does not depend on the words.
    node->index.failure = status(errc::unavailable, "being built");
    CHECK(store(node, request).potential_contradictions().empty());
  }
}

TEST_SUITE("net.session") {
  TEST_CASE("a read that shows what it has seen waits until this node has it") {
    served_node node;
    v1::GetRequest request;
    request.set_id(store(node, storing("a")).id());
    request.set_session(token);
    node->on_read = [&](const record_key& key) { return read_answer{{}, node->reader.records.at(key)}; };
    for (const auto consistency : {v1::READ_CONSISTENCY_LOCAL, v1::READ_CONSISTENCY_QUORUM}) {
      request.set_consistency(consistency);
      node->held = 1'000'000;
      std::thread writer([&] {
        CHECK(quorate::testing::eventually([&] { return node->waiting() == 1; }));
        node->held = 1'000'001;
      });
      v1::GetReply reply;
      const auto end = get(node, request, &reply);
      writer.join();
      CHECK_MESSAGE(end.ok(), end.error_message());
      CHECK(reply.memory().title() == "a");
    }
  }

  TEST_CASE("however many wait, others are answered meanwhile") {
    // More than wait for a thread: those that waited are not refused when they are woken.
    constexpr std::size_t many = 2 * limits::waiting_reads_max;
    std::vector<one_read> waiting(many);
    served_node node;
    node->quorum_timeout_ms = 60'000;
    const auto id = store(node, storing("a")).id();
    for (auto& one : waiting) {
      one.request.set_id(id);
      one.request.set_session(token);
      node.memory().async()->Get(&one.context, &one.request, &one.reply,
                                 [&one](const grpc::Status& end) { one.end.set_value(end); });
    }
    REQUIRE(quorate::testing::eventually([&] { return node->waiting() == many; }));
    v1::GetRequest plain;
    plain.set_id(id);
    v1::GetReply reply;
    CHECK(get(node, plain, &reply).ok());
    v1::ListReply page;
    grpc::ClientContext context;
    CHECK(node.memory().List(&context, v1::ListRequest(), &page).ok());
    CHECK(node->waiting() == many);
    node->held = 1'000'001;
    for (auto& one : waiting) CHECK(one.end.get_future().get().ok());
  }

  TEST_CASE("a node that does not get it in time says that it is behind, in each call that reads") {
    served_node node;
    const auto id = store(node, storing("a")).id();
    const auto behind = [&](auto method, auto request, auto reply) {
      request.set_session(token);
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(150));
      const auto end = (node.memory().*method)(&context, request, &reply);
      CHECK(end.error_code() == grpc::StatusCode::UNAVAILABLE);
      CHECK(end.error_message().starts_with("this node has not yet got the write"));
      request.set_session("not a token");
      grpc::ClientContext again;
      CHECK(field_of((node.memory().*method)(&again, request, &reply)) == "session");
    };
    using stub = v1::Memory::Stub;
    v1::GetRequest getting;
    getting.set_id(id);
    behind(&stub::Get, getting, v1::GetReply());
    getting.set_consistency(v1::READ_CONSISTENCY_QUORUM);
    behind(&stub::Get, getting, v1::GetReply());
    behind(&stub::List, v1::ListRequest(), v1::ListReply());
    behind(&stub::ListLinks, v1::ListLinksRequest(), v1::ListLinksReply());
    behind(&stub::ListArchive, v1::ListArchiveRequest(), v1::ListArchiveReply());
    behind(&stub::Stats, v1::StatsRequest(), v1::StatsReply());
  }
}
