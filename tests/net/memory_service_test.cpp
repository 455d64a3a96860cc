// The client service: what it asks of the node, and what it makes of the node's answers.
#include "net/memory_service.hpp"

#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

#include "google/rpc/status.pb.h"
#include "memory/key.hpp"
#include "tests/net/fake_node_api.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;

namespace {

v1::StoreRequest storing(const std::string& title, const std::string& content = "content") {
  v1::StoreRequest request;
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content(content);
  return request;
}

v1::StoreReply store(served_node& node, const v1::StoreRequest& request) {
  v1::StoreReply reply;
  grpc::ClientContext context;
  const auto answer = node.memory().Store(&context, request, &reply);
  REQUIRE_MESSAGE(answer.ok(), answer.error_message());
  return reply;
}

/// The four calls that write, each with the terms the test sets.
struct write_call {
  const char* name;
  std::function<grpc::Status(v1::WriteQuorum, v1::WriteConsistency, v1::OnSuperseded)> run;
};

template <class Request>
Request with_terms(Request request, v1::WriteQuorum quorum, v1::WriteConsistency consistency, v1::OnSuperseded choice) {
  request.set_write_quorum(quorum);
  request.set_consistency(consistency);
  request.set_on_superseded(choice);
  return request;
}

std::vector<write_call> write_calls(served_node& node, const std::string& id) {
  return {{"Store",
           [&node](auto... terms) {
             v1::StoreReply reply;
             grpc::ClientContext context;
             return node.memory().Store(&context, with_terms(storing("a"), terms...), &reply);
           }},
          {"StoreBatch",
           [&node](auto... terms) {
             v1::StoreBatchReply reply;
             v1::StoreBatchRequest request;
             *request.add_items() = storing("a");
             grpc::ClientContext context;
             return node.memory().StoreBatch(&context, with_terms(request, terms...), &reply);
           }},
          {"Update",
           [&node, id](auto... terms) {
             v1::StoreReply reply;
             v1::UpdateRequest request;
             request.set_id(id);
             request.set_content("x");
             grpc::ClientContext context;
             return node.memory().Update(&context, with_terms(request, terms...), &reply);
           }},
          {"Delete", [&node, id](auto... terms) {
             v1::DeleteReply reply;
             v1::DeleteRequest request;
             request.set_id(id);
             grpc::ClientContext context;
             return node.memory().Delete(&context, with_terms(request, terms...), &reply);
           }}};
}

v1::InvalidField invalid_field_of(const grpc::Status& answer) {
  google::rpc::Status details;
  v1::InvalidField field;
  if (details.ParseFromString(answer.error_details()) && details.details_size() > 0)
    details.details(0).UnpackTo(&field);
  return field;
}

record_key key_of(std::string_view title) { return memory::key_of("global", title); }

v1::GetRequest getting_id(const std::string& id) {
  v1::GetRequest request;
  request.set_id(id);
  request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
  return request;
}

v1::GetRequest getting_name(const std::string& title) {
  v1::GetRequest request;
  request.mutable_name()->set_namespace_("global");
  request.mutable_name()->set_title(title);
  request.set_consistency(v1::READ_CONSISTENCY_QUORUM);
  return request;
}

grpc::Status get(served_node& node, const v1::GetRequest& request, v1::GetReply* reply) {
  grpc::ClientContext context;
  return node.memory().Get(&context, request, reply);
}

}  // namespace

TEST_SUITE("net.memory_service.write") {
  TEST_CASE("a write takes its terms to the node; without any it is a default write that is repeated when superseded") {
    served_node node;
    const auto id = store(node, storing("a")).id();
    for (const auto& call : write_calls(node, id)) {
      CAPTURE(call.name);
      node->writes.clear();
      CHECK(call.run(v1::WRITE_QUORUM_DEFAULT, v1::WRITE_CONSISTENCY_DEFAULT, v1::ON_SUPERSEDED_RETRY).ok());
      REQUIRE(node->writes.size() == 1);
      CHECK(node->writes[0].quorum == write_quorum::by_default);
      CHECK(node->writes[0].consistency == write_consistency::by_default);
      CHECK(node->writes[0].on_superseded == when_superseded::retry);
      store(node, storing("a"));
      node->writes.clear();
      CHECK(call.run(v1::WRITE_QUORUM_ALL, v1::WRITE_CONSISTENCY_LINEARIZABLE, v1::ON_SUPERSEDED_REPORT).ok());
      REQUIRE(node->writes.size() == 1);
      CHECK(node->writes[0].quorum == write_quorum::all);
      CHECK(node->writes[0].consistency == write_consistency::linearizable);
      CHECK(node->writes[0].on_superseded == when_superseded::report);
    }
  }

  TEST_CASE("a value that no release knows is refused by its field, and nothing is written") {
    served_node node;
    const auto id = store(node, storing("a")).id();
    node->writes.clear();
    for (const auto& call : write_calls(node, id)) {
      CAPTURE(call.name);
      const auto consistency = call.run(v1::WRITE_QUORUM_DEFAULT, static_cast<v1::WriteConsistency>(2), {});
      CHECK(consistency.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
      CHECK(invalid_field_of(consistency).field() == "consistency");
      CHECK(invalid_field_of(consistency).rule() == "must be a value of quorate.v1.WriteConsistency (0 to 1), got 2");
      const auto choice = call.run(v1::WRITE_QUORUM_DEFAULT, {}, static_cast<v1::OnSuperseded>(7));
      CHECK(invalid_field_of(choice).field() == "on_superseded");
      CHECK(invalid_field_of(choice).rule() == "must be a value of quorate.v1.OnSuperseded (0 to 1), got 7");
      const auto quorum = call.run(static_cast<v1::WriteQuorum>(4), {}, {});
      CHECK(invalid_field_of(quorum).field() == "write_quorum");
      CHECK(invalid_field_of(quorum).rule() == "must be a value of quorate.v1.WriteQuorum (0 to 3), got 4");
    }
    CHECK(node->writes.empty());
  }

  TEST_CASE("a linearizable write on one copy is refused, a default one is not") {
    served_node node;
    const auto id = store(node, storing("a")).id();
    for (const auto& call : write_calls(node, id)) {
      CAPTURE(call.name);
      node->writes.clear();
      const auto answer = call.run(v1::WRITE_QUORUM_ONE, v1::WRITE_CONSISTENCY_LINEARIZABLE, {});
      CHECK(answer.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
      CHECK(invalid_field_of(answer).field() == "write_quorum");
      CHECK(node->writes.empty());
      CHECK(call.run(v1::WRITE_QUORUM_ONE, v1::WRITE_CONSISTENCY_DEFAULT, {}).ok());
      CHECK(node->writes.size() == 1);
    }
  }

  TEST_CASE("a write names the keys it is about before it is planned") {
    served_node node;
    // What a standard may forbid or put off names also where it would wait for its approval.
    const auto governed_keys = [&] {
      auto keys = node->writes.back().keys;
      REQUIRE(!keys.empty());
      CHECK(keys.back().kind == key_kind::pending);
      keys.pop_back();
      return keys;
    };
    const auto id = store(node, storing("a")).id();
    CHECK(governed_keys() == std::vector{key_of("a")});

    v1::StoreBatchRequest batch;
    *batch.add_items() = storing("b");
    *batch.add_items() = storing("c");
    v1::StoreBatchReply batch_reply;
    grpc::ClientContext batching;
    REQUIRE(node.memory().StoreBatch(&batching, batch, &batch_reply).ok());
    REQUIRE(node->writes.size() == 3);
    CHECK(node->writes[1].keys == std::vector{key_of("b")});
    CHECK(node->writes[2].keys == std::vector{key_of("c")});

    v1::UpdateRequest update;
    update.set_id(id);
    update.set_title("z");
    v1::StoreReply updated;
    grpc::ClientContext updating;
    REQUIRE(node.memory().Update(&updating, update, &updated).ok());
    CHECK(node->writes.back().keys == std::vector{key_of("a"), key_of("z")});

    v1::DeleteRequest removal;
    removal.mutable_name()->set_namespace_("global");
    removal.mutable_name()->set_title("nowhere");
    v1::DeleteReply removed;
    grpc::ClientContext removing;
    CHECK(node.memory().Delete(&removing, removal, &removed).error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK(governed_keys() == std::vector{key_of("nowhere")});
  }

  TEST_CASE("a write that is planned a second time is planned over what superseded it, and says that it was repeated") {
    served_node node;
    v1::StoreRequest first = storing("a");
    first.mutable_memory()->set_priority(3);
    CHECK_FALSE(store(node, first).retried());
    // Another member's write of the same record, newer than what is about to be written.
    stored_record theirs = node->reader.records.at(key_of("a"));
    v1::MemoryRecord record;
    REQUIRE(record.ParseFromString(theirs.value));
    record.set_priority(9);
    theirs.value = record.SerializeAsString();

    const auto now_there = [&] {
      v1::MemoryRecord there;
      REQUIRE(there.ParseFromString(node->reader.records.at(key_of("a")).value));
      return there;
    };
    node->newer = theirs;
    const auto stored = store(node, storing("a", "second"));
    CHECK(stored.retried());
    CHECK(stored.id() == record.id());
    CHECK(now_there().content() == "second");
    CHECK(now_there().priority() == 9);

    node->newer = theirs;
    v1::StoreBatchRequest batch;
    *batch.add_items() = storing("a", "third");
    v1::StoreBatchReply batch_reply;
    grpc::ClientContext batching;
    REQUIRE(node.memory().StoreBatch(&batching, batch, &batch_reply).ok());
    CHECK(batch_reply.items(0).stored().retried());
    CHECK(now_there().content() == "third");

    node->newer = theirs;
    v1::UpdateRequest update;
    update.set_id(record.id());
    update.set_content("fourth");
    v1::StoreReply updated;
    grpc::ClientContext updating;
    REQUIRE(node.memory().Update(&updating, update, &updated).ok());
    CHECK(updated.retried());
    CHECK(updated.id() == record.id());
    CHECK(now_there().content() == "fourth");
    CHECK(now_there().priority() == 9);

    node->newer = theirs;
    v1::DeleteRequest removal;
    removal.set_id(record.id());
    v1::DeleteReply removed;
    grpc::ClientContext removing;
    REQUIRE(node.memory().Delete(&removing, removal, &removed).ok());
    CHECK(removed.retried());
    CHECK(removed.id() == record.id());
    CHECK(node->reader.records.at(key_of("a")).deleted);
  }
}

TEST_SUITE("net.memory_service.get") {
  TEST_CASE("a quorum read by name asks for that key, whatever this node has, and answers what came back") {
    served_node node;
    store(node, storing("a", "old"));
    stored_record newest = node->reader.records.at(key_of("a"));
    v1::MemoryRecord record;
    REQUIRE(record.ParseFromString(newest.value));
    record.set_content("new");
    newest.value = record.SerializeAsString();
    newest.stamp = {99, node_id{7}};
    node->on_read = [&](const record_key&) { return read_answer{{}, newest}; };

    v1::GetReply reply;
    REQUIRE(get(node, getting_name("a"), &reply).ok());
    CHECK(reply.memory().content() == "new");
    CHECK(reply.version().time() == 99);
    CHECK(reply.version().node() == 7);
    REQUIRE(node->reads.size() == 1);
    CHECK(node->reads[0].first == key_of("a"));

    // This node has never heard of it.
    node->reader.records.clear();
    CHECK(get(node, getting_name("a"), &reply).ok());
    CHECK(node->reader.records.empty());

    // A local read asks nobody.
    auto local = getting_name("a");
    local.set_consistency(v1::READ_CONSISTENCY_LOCAL);
    CHECK(get(node, local, &reply).error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK(node->reads.size() == 2);
  }

  TEST_CASE("a quorum read by id looks the name up here, and takes only a record that still has the id") {
    served_node node;
    const auto id = store(node, storing("a")).id();
    std::optional<stored_record> newest = node->reader.records.at(key_of("a"));
    node->on_read = [&](const record_key&) { return read_answer{{}, newest}; };

    v1::GetReply reply;
    REQUIRE(get(node, getting_id(id), &reply).ok());
    CHECK(reply.memory().id() == id);
    CHECK(node->reads.back().first == key_of("a"));

    v1::MemoryRecord other;
    REQUIRE(other.ParseFromString(newest->value));
    other.set_id("another-id");
    newest->value = other.SerializeAsString();
    CHECK(get(node, getting_id(id), &reply).error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK(get(node, getting_name("a"), &reply).ok());

    const auto asked = node->reads.size();
    CHECK(get(node, getting_id("unknown"), &reply).error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK(node->reads.size() == asked);
  }

  TEST_CASE("a quorum read of a record that is deleted or was never written finds nothing") {
    served_node node;
    store(node, storing("a"));
    read_answer answer;
    node->on_read = [&](const record_key&) { return answer; };
    v1::GetReply reply;
    CHECK(get(node, getting_name("a"), &reply).error_code() == grpc::StatusCode::NOT_FOUND);
    answer.record = node->reader.records.at(key_of("a"));
    answer.record->deleted = true;
    answer.record->value.clear();
    CHECK(get(node, getting_name("a"), &reply).error_code() == grpc::StatusCode::NOT_FOUND);
    answer.record = stored_record{{1, node_id{1}}, false, {}, "\xFF\xFF"};
    CHECK(get(node, getting_name("a"), &reply).error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  }

  TEST_CASE("a quorum read that fails is answered with its error, one that is lost too") {
    served_node node;
    node->on_read = [](const record_key&) { return read_answer{{errc::quorum_unreachable, "1 of 3"}, {}}; };
    v1::GetReply reply;
    const auto refused = get(node, getting_name("a"), &reply);
    CHECK(refused.error_code() == grpc::StatusCode::UNAVAILABLE);
    CHECK(refused.error_message() == "1 of 3");
    node->on_read = nullptr;
    CHECK(get(node, getting_name("a"), &reply).error_code() == grpc::StatusCode::UNAVAILABLE);
  }

  TEST_CASE("a quorum read ends within the node's quorum timeout, and before its caller stops listening") {
    served_node node;
    node->on_read = [](const record_key&) { return read_answer{}; };
    v1::GetReply reply;
    const auto before_us = node->time().steady_us();
    (void)get(node, getting_name("a"), &reply);
    grpc::ClientContext hurried;
    hurried.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1'500));
    (void)node.memory().Get(&hurried, getting_name("a"), &reply);
    const auto after_us = node->time().steady_us();
    REQUIRE(node->reads.size() == 2);
    CHECK(node->reads[0].second >= before_us + 2'000'000);
    CHECK(node->reads[0].second <= after_us + 2'000'000);
    CHECK(node->reads[1].second < after_us + 1'500'000);
  }

  TEST_CASE("a consistency that no release knows is refused by its field") {
    served_node node;
    auto request = getting_name("a");
    request.set_consistency(static_cast<v1::ReadConsistency>(2));
    v1::GetReply reply;
    const auto answer = get(node, request, &reply);
    CHECK(invalid_field_of(answer).field() == "consistency");
    CHECK(invalid_field_of(answer).rule() == "must be a value of quorate.v1.ReadConsistency (0 to 1), got 2");
    CHECK(node->reads.empty());
  }
}
