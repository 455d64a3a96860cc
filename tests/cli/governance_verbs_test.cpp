// The verbs about who acts: agents, pending, standards, notify, inbox, subscriptions.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli::tests;
using nlohmann::json;

namespace {

using list = std::vector<std::string>;
const auto not_found = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such thing"); };

}  // namespace

TEST_SUITE("cli.governance") {
  TEST_CASE("agents are registered and listed, and alone it lists") {
    fake_node node;
    v1::RegisterAgentRequest seen;
    node.on_RegisterAgent = [&](const v1::RegisterAgentRequest& request, v1::RegisterAgentReply* reply) {
      seen = request;
      reply->set_id("r1");
      reply->mutable_agent()->set_agent_id(request.agent_id());
      reply->mutable_agent()->set_agent_type(request.agent_type());
      *reply->mutable_agent()->mutable_capabilities() = request.capabilities();
      return grpc::Status::OK;
    };
    const auto run = run_at(node, {"agents", "register", "--agent-id", "ai:scout", "--agent-type", "ai:scout",
                                   "--capabilities", "recall, store", "--json"});
    CHECK(keys_of(run.out) == list{"registered", "id", "agent_id", "agent_type", "capabilities"});
    CHECK(json::parse(run.out)["capabilities"] == json::parse("[\"recall\",\"store\"]"));
    CHECK(seen.agent_id() == "ai:scout");
    CHECK(run_at(node, {"agents", "register", "--agent-id", "x"}).exit == 2);
    node.on_RegisterAgent = [](const auto&, auto*) {
      return invalid_field("agent_type", "must be human, system or ai:");
    };
    CHECK(run_at(node, {"agents", "register", "--agent-id", "x", "--agent-type", "y"}).exit == 2);

    node.on_ListAgents = [](const auto&, v1::ListAgentsReply* reply) {
      reply->add_agents()->set_agent_id("ai:scout");
      return grpc::Status::OK;
    };
    CHECK(keys_of(run_at(node, {"agents", "--json"}).out) == list{"count", "agents"});
    CHECK(run_at(node, {"agents", "list", "--json"}).out == run_at(node, {"agents", "--json"}).out);
    CHECK(run_at(node, {"agents"}).out.find("ai:scout") != std::string::npos);
    node.on_ListAgents = not_found;
    CHECK(run_at(node, {"agents"}).exit == 1);
  }

  TEST_CASE("pending acts are listed, approved and rejected by whoever calls") {
    fake_node node;
    v1::ListPendingRequest asked;
    node.on_ListPending = [&](const v1::ListPendingRequest& request, v1::ListPendingReply* reply) {
      asked = request;
      auto& action = *reply->add_pending();
      action.set_id("p1");
      action.set_payload("{}");
      return grpc::Status::OK;
    };
    CHECK(json::parse(run_at(node, {"pending", "list", "--status", "pending", "--limit", "7", "--json"}).out)["count"]
          == 1);
    CHECK(asked.status() == "pending");
    CHECK(asked.limit() == 7);
    CHECK(run_at(node, {"pending"}).exit == 2);
    CHECK(run_at(node, {"pending", "list", "--limit", "0"}).exit == 2);

    v1::ApprovePendingRequest approved;
    node.on_ApprovePending = [&](const v1::ApprovePendingRequest& request, v1::ApprovePendingReply* reply) {
      approved = request;
      reply->set_approved(true);
      reply->mutable_action()->set_decided_by(request.agent_id());
      reply->set_memory_id("m1");
      return grpc::Status::OK;
    };
    const auto done = run_at(node, {"pending", "approve", "p1", "--agent-id", "ai:lead", "--json"}).out;
    CHECK(keys_of(done) == list{"approved", "id", "decided_by", "executed", "memory_id"});
    CHECK(approved.agent_id() == "ai:lead");
    node.on_ApprovePending = [](const auto&, v1::ApprovePendingReply* reply) {
      reply->set_votes(1);
      reply->set_votes_needed(2);
      return grpc::Status::OK;
    };
    const auto vote = run_at(node, {"pending", "approve", "p1", "--json"});
    CHECK(vote.exit == 0);
    CHECK(keys_of(vote.out) == list{"approved", "status", "id", "votes", "quorum", "reason"});
    node.on_ApprovePending = [](const auto&, auto*) {
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not the approver");
    };
    CHECK(run_at(node, {"pending", "approve", "p1"}).exit == 1);

    node.on_RejectPending = [](const v1::RejectPendingRequest& request, v1::RejectPendingReply* reply) {
      reply->mutable_action()->set_decided_by(request.agent_id());
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"pending", "reject", "p1", "--agent-id", "me", "--json"}).out
          == "{\"rejected\":true,\"id\":\"p1\",\"decided_by\":\"me\"}\n");
    node.on_RejectPending = not_found;
    CHECK(run_at(node, {"pending", "reject", "p1"}).exit == 1);
  }

  TEST_CASE("standards are set, shown with those above them, and cleared") {
    fake_node node;
    v1::SetStandardRequest seen;
    node.on_SetStandard = [&](const v1::SetStandardRequest& request, v1::SetStandardReply* reply) {
      seen = request;
      auto& standard = *reply->mutable_standard();
      standard.set_namespace_(request.namespace_());
      standard.set_standard_id(request.id());
      standard.set_parent_namespace("company");
      standard.set_found(true);
      standard.set_governance(request.governance());
      return grpc::Status::OK;
    };
    const auto set = run_at(node, {"standards", "set", "ops", "m1", "--parent", "company", "--governance",
                                   "{\"write\":\"any\"}", "--json"})
                         .out;
    CHECK(keys_of(set) == list{"set", "namespace", "standard_id", "parent", "governance"});
    CHECK(json::parse(set)["governance"]["write"] == "any");
    CHECK(seen.parent() == "company");
    node.on_SetStandard = not_found;
    CHECK(run_at(node, {"standards", "set", "ops", "m1"}).exit == 1);

    node.on_GetStandard = [](const v1::GetStandardRequest& request, v1::GetStandardReply* reply) {
      auto& standard = *reply->add_standards();
      standard.set_namespace_(request.namespace_());
      if (request.namespace_() == "ops") {
        standard.set_standard_id("m1");
        standard.set_found(true);
        standard.set_governance("{}");
      }
      if (request.inherit()) reply->add_chain("*");
      return grpc::Status::OK;
    };
    CHECK(keys_of(run_at(node, {"standards", "get", "ops", "--json"}).out)
          == list{"namespace", "standard_id", "title", "content", "priority", "governance"});
    CHECK(run_at(node, {"standards", "get", "none", "--json"}).out
          == "{\"namespace\":\"none\",\"standard_id\":null}\n");
    CHECK(keys_of(run_at(node, {"standards", "get", "ops", "--inherit", "--json"}).out)
          == list{"namespace", "chain", "standards", "count"});
    node.on_GetStandard = [](const auto&, auto*) { return invalid_field("namespace", "must not be empty"); };
    CHECK(run_at(node, {"standards", "get", ""}).exit == 2);

    node.on_ClearStandard = [](const auto&, v1::ClearStandardReply* reply) {
      reply->set_cleared(true);
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"standards", "clear", "ops", "--json"}).out == "{\"cleared\":true,\"namespace\":\"ops\"}\n");
    node.on_ClearStandard = [](const auto&, auto*) { return quorum_unreachable(); };
    CHECK(run_at(node, {"standards", "clear", "ops"}).exit == 3);
  }

  TEST_CASE("a message is sent, and read in the inbox of the caller") {
    fake_node node;
    v1::NotifyRequest seen;
    node.on_Notify = [&](const v1::NotifyRequest& request, v1::NotifyReply* reply) {
      seen = request;
      auto& message = *reply->mutable_message();
      message.set_id("m1");
      message.set_namespace_("_messages/" + request.target_agent_id());
      message.set_tier(v1::TIER_MID);
      message.set_metadata("{\"agent_id\":\"" + request.agent_id() + "\"}");
      return grpc::Status::OK;
    };
    const auto sent =
        run_at(node, {"notify", "ai:scout", "-T", "T", "--payload", "-", "-p", "8", "--agent-id", "ai:me", "--json"},
               "text")
            .out;
    CHECK(keys_of(sent) == list{"id", "from", "to", "namespace", "tier", "delivered_at"});
    CHECK(json::parse(sent)["from"] == "ai:me");
    CHECK(seen.payload() == "text");
    CHECK(seen.priority() == 8);
    node.on_Notify = [](const auto&, auto*) { return invalid_field("target_agent_id", "must not be empty"); };
    CHECK(run_at(node, {"notify", "", "-T", "T", "--payload", "x"}).exit == 2);

    v1::InboxRequest asked;
    node.on_Inbox = [&](const v1::InboxRequest& request, v1::InboxReply* reply) {
      asked = request;
      auto& message = *reply->add_messages();
      message.set_id("m1");
      message.set_title("T");
      message.set_access_count(1);
      message.set_metadata("{\"agent_id\":\"ai:me\"}");
      return grpc::Status::OK;
    };
    const auto box = json::parse(run_at(node, {"inbox", "--agent-id", "ai:scout", "--unread-only", "--json"}).out);
    CHECK(asked.agent_id() == "ai:scout");
    CHECK(asked.unread_only());
    CHECK(box["namespace"] == "_messages/ai:scout");
    CHECK(box["messages"][0]["read"] == true);
    CHECK(box["messages"][0]["from"] == "ai:me");
    CHECK(run_at(node, {"inbox", "--limit", "501"}).exit == 2);
    node.on_Inbox = not_found;
    CHECK(run_at(node, {"inbox"}).exit == 1);
  }

  TEST_CASE("subscriptions are added, listed and removed") {
    fake_node node;
    v1::SubscribeRequest seen;
    node.on_Subscribe = [&](const v1::SubscribeRequest& request, v1::SubscribeReply* reply) {
      seen = request;
      reply->mutable_subscription()->set_id("s1");
      reply->mutable_subscription()->set_secret_hash("never shown");
      return grpc::Status::OK;
    };
    const auto added =
        run_at(node, {"subscriptions", "add", "https://x.example/h", "--secret", "s", "--namespace-filter", "ops",
                      "--agent-filter", "ai:me", "--agent-id", "ai:scout", "--json"})
            .out;
    CHECK(json::parse(added)["id"] == "s1");
    CHECK(added.find("never shown") == std::string::npos);
    CHECK(seen.events() == "*");
    CHECK(seen.secret() == "s");
    CHECK(seen.namespace_filter() == "ops");
    CHECK(seen.agent_filter() == "ai:me");
    CHECK(seen.agent_id() == "ai:scout");
    node.on_Subscribe = [](const auto&, auto*) { return invalid_field("url", "must be https"); };
    CHECK(run_at(node, {"subscriptions", "add", "ftp://x"}).exit == 2);

    node.on_ListSubscriptions = [](const auto&, v1::ListSubscriptionsReply* reply) {
      reply->add_subscriptions()->set_id("s1");
      return grpc::Status::OK;
    };
    CHECK(json::parse(run_at(node, {"subscriptions", "--json"}).out)["count"] == 1);
    node.on_ListSubscriptions = not_found;
    CHECK(run_at(node, {"subscriptions", "list"}).exit == 1);

    node.on_Unsubscribe = [](const auto&, auto*) { return grpc::Status::OK; };
    CHECK(run_at(node, {"subscriptions", "remove", "s2", "--json"}).out == "{\"id\":\"s2\",\"removed\":false}\n");
    node.on_Unsubscribe = [](const auto&, auto*) { return quorum_unreachable(); };
    CHECK(run_at(node, {"subscriptions", "remove", "s2"}).exit == 3);
  }
}
