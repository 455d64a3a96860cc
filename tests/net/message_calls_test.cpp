// The calls about messages and subscriptions.
#include <doctest/doctest.h>

#include "memory/key.hpp"
#include "tests/net/call.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;

namespace {

using stub = v1::Memory::Stub;

v1::NotifyRequest notifying(const std::string& to, const std::string& title, const std::string& payload = "text") {
  v1::NotifyRequest request;
  request.set_target_agent_id(to);
  request.set_title(title);
  request.set_payload(payload);
  request.set_agent_id("alice");
  return request;
}

v1::InboxRequest inbox_of(const std::string& agent_id) {
  v1::InboxRequest request;
  request.set_agent_id(agent_id);
  return request;
}

v1::SubscribeRequest subscribing() {
  v1::SubscribeRequest request;
  request.set_url("https://example.com/hook");
  request.set_secret("abc");
  request.set_agent_id("alice");
  return request;
}

void register_agent(served_node& node, const std::string& id) {
  v1::RegisterAgentRequest request;
  request.set_agent_id(id);
  request.set_agent_type("human");
  done(node, &stub::RegisterAgent, request);
}

v1::RecordDispatchRequest dispatched(const std::string& id, bool delivered) {
  v1::RecordDispatchRequest request;
  request.set_id(id);
  request.set_delivered(delivered);
  return request;
}

}  // namespace

TEST_SUITE("net.messages") {
  TEST_CASE("messages of the same title reach the inbox, the newest first, and none replaces another") {
    served_node node;
    const auto first = done(node, &stub::Notify, notifying("bob", "Hello", "first"));
    const auto second = done(node, &stub::Notify, notifying("bob", "Hello", "second"));
    CHECK(first.message().title() == "Hello");
    CHECK(second.message().title() == "Hello");
    CHECK(first.message().id() != second.message().id());
    CHECK(second.message().namespace_() == "_messages/bob");
    CHECK(second.receipt().copies() == 2);
    const auto inbox = done(node, &stub::Inbox, inbox_of("bob"));
    REQUIRE(inbox.messages_size() == 2);
    for (const auto& message : inbox.messages()) {
      CHECK(message.title() == "Hello");
      CHECK(message.access_count() == 0);
      CHECK(message.life() == 0);
    }
    auto one = inbox_of("bob");
    one.set_limit(1);
    CHECK(done(node, &stub::Inbox, one).messages_size() == 1);
    CHECK(done(node, &stub::Inbox, inbox_of("alice")).messages().empty());
  }

  TEST_CASE("a message takes its terms to the node") {
    served_node node;
    auto request = notifying("bob", "Hello");
    request.mutable_terms()->set_quorum(v1::WRITE_QUORUM_ALL);
    request.mutable_terms()->set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
    done(node, &stub::Notify, request);
    CHECK(node->writes.back().quorum == write_quorum::all);
    CHECK(node->writes.back().consistency == write_consistency::linearizable);
    request.mutable_terms()->set_quorum(v1::WRITE_QUORUM_ONE);
    CHECK(invalid_field(node, &stub::Notify, request) == "write_quorum");
  }

  TEST_CASE("what is no message and no inbox is refused by its field") {
    served_node node;
    CHECK(invalid_field(node, &stub::Notify, notifying("a//b", "Hello")) == "target_agent_id");
    CHECK(invalid_field(node, &stub::Notify, notifying("bob", "")) == "title");
    CHECK(invalid_field(node, &stub::Notify, notifying("bob", "Hello", "")) == "payload");
    CHECK(invalid_field(node, &stub::Inbox, inbox_of("")) == "agent_id");
    auto many = inbox_of("bob");
    many.set_limit(501);
    CHECK(invalid_field(node, &stub::Inbox, many) == "limit");
    CHECK(node->writes.empty());
  }
}

TEST_SUITE("net.subscriptions") {
  TEST_CASE("a subscription is made, listed with its deliveries and removed") {
    served_node node;
    register_agent(node, "alice");
    const auto made = done(node, &stub::Subscribe, subscribing());
    const auto& id = made.subscription().id();
    CHECK(id.size() == 36);
    CHECK(made.subscription().created_by() == "alice");
    CHECK(made.receipt().copies() == 2);
    done(node, &stub::RecordDispatch, dispatched(id, true));
    CHECK(node->writes.back().quorum == write_quorum::one);
    done(node, &stub::RecordDispatch, dispatched(id, true));
    done(node, &stub::RecordDispatch, dispatched(id, false));
    const auto listed = done(node, &stub::ListSubscriptions, v1::ListSubscriptionsRequest());
    REQUIRE(listed.subscriptions_size() == 1);
    CHECK(listed.subscriptions(0).id() == id);
    CHECK(listed.subscriptions(0).dispatch_count() == 2);
    CHECK(listed.subscriptions(0).failure_count() == 1);

    v1::UnsubscribeRequest remove;
    remove.set_id(id);
    CHECK(done(node, &stub::Unsubscribe, remove).removed());
    CHECK_FALSE(done(node, &stub::Unsubscribe, remove).removed());
    CHECK(done(node, &stub::ListSubscriptions, v1::ListSubscriptionsRequest()).subscriptions().empty());
    CHECK(refused(node, &stub::RecordDispatch, dispatched(id, true)) == grpc::StatusCode::NOT_FOUND);
  }

  TEST_CASE("strangers, private addresses and empty ids are refused") {
    served_node node;
    CHECK(refused(node, &stub::Subscribe, subscribing()) == grpc::StatusCode::PERMISSION_DENIED);
    register_agent(node, "alice");
    auto request = subscribing();
    request.set_url("https://192.168.0.1/hook");
    CHECK(invalid_field(node, &stub::Subscribe, request) == "url");
    CHECK(invalid_field(node, &stub::Unsubscribe, v1::UnsubscribeRequest()) == "id");
    CHECK(invalid_field(node, &stub::RecordDispatch, dispatched("", true)) == "id");
    node->reader.failure = status(errc::storage_failure, "disk");
    CHECK(refused(node, &stub::ListSubscriptions, v1::ListSubscriptionsRequest()) == grpc::StatusCode::INTERNAL);
  }
}
