// Tools that tend and govern, against a scripted node.
#include <doctest/doctest.h>

#include "tests/cli/fake_memory.hpp"

namespace quorate::cli::mcp {
namespace {

using grpc::Status;
using nlohmann::ordered_json;
using tests::call_tool;
using tests::check_fails;
using tests::fake_memory;
using tests::record_of;
using tests::succeed_with;

const Status not_found(grpc::StatusCode::NOT_FOUND, "no such record");

}  // namespace

TEST_SUITE("cli.mcp.curation") {
  TEST_CASE("memory_forget counts in a dry run and needs what the node needs") {
    fake_memory node;
    node.on_Forget = [](const v1::ForgetRequest& request, v1::ForgetReply* reply) {
      if (!request.has_namespace_() && request.pattern().empty()) return tests::invalid_field("filter", "give one");
      reply->set_matched(3);
      reply->set_deleted(request.dry_run() ? 0 : 3);
      reply->set_archived(request.dry_run() ? 0 : 3);
      return Status::OK;
    };
    CHECK(succeed_with(node, "memory_forget", {{"pattern", "x"}, {"dry_run", true}})
          == ordered_json{{"would_delete", 3}, {"dry_run", true}});
    CHECK(succeed_with(node, "memory_forget", {{"namespace", "ops"}}) == ordered_json{{"deleted", 3}, {"archived", 3}});
    check_fails(node, "memory_forget", ordered_json::object(), "filter: give one");
  }

  TEST_CASE("memory_link and memory_get_links") {
    fake_memory node;
    node.on_Link = [](const v1::LinkRequest& request, v1::LinkReply*) {
      return request.target_id() == "none" ? not_found : Status::OK;
    };
    node.on_ListLinks = [](const v1::ListLinksRequest& request, v1::ListLinksReply* reply) {
      if (request.id() == "none") return not_found;
      reply->add_links()->set_relation("related_to");
      if (request.cursor().empty()) reply->set_next_cursor("more");
      return Status::OK;
    };
    CHECK(succeed_with(node, "memory_link", {{"source_id", "a"}, {"target_id", "b"}})
          == ordered_json{{"linked", true}, {"source_id", "a"}, {"target_id", "b"}, {"relation", "related_to"}});
    check_fails(node, "memory_link", {{"source_id", "a"}, {"target_id", "none"}}, "not_found");
    check_fails(node, "memory_link", {{"source_id", "a"}, {"target_id", "b"}, {"relation", "likes"}},
                "relation: must be one of");
    CHECK(succeed_with(node, "memory_get_links", {{"id", "a"}})["count"] == 2);
    check_fails(node, "memory_get_links", {{"id", "none"}}, "not_found");
  }

  TEST_CASE("memory_consolidate") {
    fake_memory node;
    node.on_Consolidate = [](const v1::ConsolidateRequest& request, v1::ConsolidateReply* reply) {
      CHECK(request.agent_id() == "ann");
      if (request.ids(0) == "none") return not_found;
      reply->set_id("new");
      reply->set_consolidated(static_cast<std::uint64_t>(request.ids_size()));
      return Status::OK;
    };
    const ordered_json given{{"ids", {"a", "b"}}, {"title", "T"}, {"summary", "S"}, {"agent_id", "ann"}};
    CHECK(succeed_with(node, "memory_consolidate", given) == ordered_json{{"id", "new"}, {"consolidated", 2}});
    auto changed = given;
    changed["ids"] = {"none", "b"};
    check_fails(node, "memory_consolidate", changed, "not_found");
    changed["ids"] = {"a"};
    check_fails(node, "memory_consolidate", changed, "ids: must hold from 2 to 100");
    changed = given;
    changed.erase("summary");
    check_fails(node, "memory_consolidate", changed, "no LLM client configured");
  }

  TEST_CASE("memory_gc and memory_stats") {
    fake_memory node;
    node.on_CollectExpired = [](const v1::CollectExpiredRequest&, v1::CollectExpiredReply* reply) {
      reply->set_collected(4);
      return Status::OK;
    };
    node.on_Stats = [](const v1::StatsRequest&, v1::StatsReply* reply) {
      reply->set_total(9);
      return Status::OK;
    };
    CHECK(succeed_with(node, "memory_gc", {{"dry_run", true}}) == ordered_json{{"collected", 4}, {"dry_run", true}});
    CHECK(succeed_with(node, "memory_stats", nullptr)["total"] == 9);
    node.on_CollectExpired = nullptr;
    node.on_Stats = nullptr;
    check_fails(node, "memory_gc", ordered_json::object(), "no script");
    check_fails(node, "memory_stats", ordered_json::object(), "no script");
    CHECK(succeed_with(node, "memory_capabilities", ordered_json::object())["features"]["keyword_search"] == true);
  }

  TEST_CASE("the archive: list, restore, purge, stats") {
    fake_memory node;
    node.on_ListArchive = [](const v1::ListArchiveRequest& request, v1::ListArchiveReply* reply) {
      CHECK(request.limit() == 50);
      if (request.offset() == 9) return Status(grpc::StatusCode::UNAVAILABLE, "down");
      *reply->add_archived()->mutable_memory() = record_of("id1");
      reply->mutable_archived(0)->set_archive_reason("forget");
      return Status::OK;
    };
    node.on_RestoreArchived = [](const v1::RestoreArchivedRequest& request, v1::RestoreArchivedReply* reply) {
      if (request.id() == "none") return not_found;
      reply->set_id(request.id());
      return Status::OK;
    };
    node.on_PurgeArchive = [](const v1::PurgeArchiveRequest& request, v1::PurgeArchiveReply* reply) {
      reply->set_purged(request.has_older_than_days() ? 1 : 5);
      return Status::OK;
    };
    node.on_ArchiveStats = [](const v1::ArchiveStatsRequest&, v1::ArchiveStatsReply* reply) {
      reply->set_total(5);
      return Status::OK;
    };
    const auto listed = succeed_with(node, "memory_archive_list", ordered_json::object());
    CHECK(listed["count"] == 1);
    CHECK(listed["archived"][0]["archive_reason"] == "forget");
    check_fails(node, "memory_archive_list", {{"offset", 9}}, "unavailable");
    CHECK(succeed_with(node, "memory_archive_restore", {{"id", "id1"}})
          == ordered_json{{"restored", true}, {"id", "id1"}});
    check_fails(node, "memory_archive_restore", {{"id", "none"}}, "not_found");
    CHECK(succeed_with(node, "memory_archive_purge", {{"older_than_days", 0}})["purged"] == 1);
    CHECK(succeed_with(node, "memory_archive_purge", ordered_json::object())["purged"] == 5);
    check_fails(node, "memory_archive_purge", {{"older_than_days", -1}}, "older_than_days: must be at least 0");
    CHECK(succeed_with(node, "memory_archive_stats", ordered_json::object())["archived_total"] == 5);
    node.on_ArchiveStats = nullptr;
    check_fails(node, "memory_archive_stats", ordered_json::object(), "no script");
  }
}

TEST_SUITE("cli.mcp.governance") {
  TEST_CASE("standards: set, get, clear") {
    fake_memory node;
    v1::SetStandardRequest seen;
    node.on_SetStandard = [&](const v1::SetStandardRequest& request, v1::SetStandardReply* reply) {
      seen = request;
      if (request.id() == "none") return not_found;
      reply->mutable_standard()->set_namespace_(request.namespace_());
      reply->mutable_standard()->set_standard_id(request.id());
      return Status::OK;
    };
    node.on_GetStandard = [](const v1::GetStandardRequest& request, v1::GetStandardReply* reply) {
      if (request.namespace_() == "bad name") return tests::invalid_field("namespace", "no");
      reply->add_standards()->set_namespace_(request.namespace_());
      if (request.inherit()) reply->add_chain("*");
      return Status::OK;
    };
    node.on_ClearStandard = [](const v1::ClearStandardRequest& request, v1::ClearStandardReply* reply) {
      if (request.namespace_() == "bad name") return tests::invalid_field("namespace", "no");
      reply->set_cleared(true);
      return Status::OK;
    };
    const ordered_json policy{{"write", "any"}, {"promote", "any"}, {"delete", "owner"}, {"approver", "human"}};
    const auto set = succeed_with(node, "memory_namespace_set_standard",
                                  {{"namespace", "ops"}, {"id", "s1"}, {"governance", policy}});
    CHECK(set["set"] == true);
    CHECK(set["governance"] == policy);
    CHECK(ordered_json::parse(seen.governance()) == policy);
    check_fails(node, "memory_namespace_set_standard", {{"namespace", "ops"}, {"id", "none"}}, "not_found");
    CHECK(succeed_with(node, "memory_namespace_get_standard", {{"namespace", "ops"}})["standard_id"].is_null());
    CHECK(succeed_with(node, "memory_namespace_get_standard", {{"namespace", "ops"}, {"inherit", true}})["chain"][0]
          == "*");
    check_fails(node, "memory_namespace_get_standard", {{"namespace", "bad name"}}, "namespace: no");
    CHECK(succeed_with(node, "memory_namespace_clear_standard", {{"namespace", "ops"}})["cleared"] == true);
    check_fails(node, "memory_namespace_clear_standard", {{"namespace", "bad name"}}, "namespace: no");
  }

  TEST_CASE("pending acts: list, approve, reject") {
    fake_memory node;
    node.on_ListPending = [](const v1::ListPendingRequest& request, v1::ListPendingReply* reply) {
      CHECK(request.limit() == 100);
      auto& pending = *reply->add_pending();
      pending.set_id("p1");
      pending.set_payload("{}");
      return Status::OK;
    };
    bool enough = false;
    node.on_ApprovePending = [&](const v1::ApprovePendingRequest& request, v1::ApprovePendingReply* reply) {
      if (request.id() == "none") return not_found;
      reply->set_approved(enough);
      reply->mutable_action()->set_status(enough ? "approved" : "pending");
      reply->set_memory_id("id1");
      reply->set_votes(1);
      reply->set_votes_needed(2);
      return Status::OK;
    };
    node.on_RejectPending = [](const v1::RejectPendingRequest& request, v1::RejectPendingReply* reply) {
      if (request.id() == "none") return not_found;
      reply->mutable_action()->set_decided_by(request.agent_id());
      return Status::OK;
    };
    CHECK(succeed_with(node, "memory_pending_list", ordered_json::object())["pending"][0]["id"] == "p1");
    check_fails(node, "memory_pending_list", {{"status", "lost"}}, "status: must be one of");
    const auto first = succeed_with(node, "memory_pending_approve", {{"id", "p1"}});
    CHECK(first["approved"] == false);
    CHECK(first["votes"] == 1);
    CHECK(first["quorum"] == 2);
    enough = true;
    const auto second = succeed_with(node, "memory_pending_approve", {{"id", "p1"}, {"agent_id", "ann"}});
    CHECK(second
          == ordered_json{
              {"approved", true}, {"id", "p1"}, {"decided_by", "ann"}, {"executed", true}, {"memory_id", "id1"}});
    check_fails(node, "memory_pending_approve", {{"id", "none"}}, "not_found");
    CHECK(succeed_with(node, "memory_pending_reject", {{"id", "p1"}, {"agent_id", "ann"}})
          == ordered_json{{"rejected", true}, {"id", "p1"}, {"decided_by", "ann"}});
    check_fails(node, "memory_pending_reject", {{"id", "none"}}, "not_found");
  }

  TEST_CASE("agents: register, list") {
    fake_memory node;
    node.on_RegisterAgent = [](const v1::RegisterAgentRequest& request, v1::RegisterAgentReply* reply) {
      if (request.agent_type() == "robot") return tests::invalid_field("agent_type", "no");
      reply->set_id("r1");
      reply->mutable_agent()->set_agent_id(request.agent_id());
      reply->mutable_agent()->set_agent_type(request.agent_type());
      *reply->mutable_agent()->mutable_capabilities() = request.capabilities();
      return Status::OK;
    };
    node.on_ListAgents = [](const v1::ListAgentsRequest&, v1::ListAgentsReply* reply) {
      reply->add_agents()->set_agent_id("ann");
      return Status::OK;
    };
    CHECK(succeed_with(node, "memory_agent_register",
                       {{"agent_id", "ann"}, {"agent_type", "ai:new-model"}, {"capabilities", {"code"}}})
          == ordered_json{{"registered", true},
                          {"id", "r1"},
                          {"agent_id", "ann"},
                          {"agent_type", "ai:new-model"},
                          {"capabilities", {"code"}}});
    check_fails(node, "memory_agent_register", {{"agent_id", "ann"}, {"agent_type", "robot"}}, "agent_type: no");
    CHECK(succeed_with(node, "memory_agent_list", ordered_json::object())["agents"][0]["agent_id"] == "ann");
    node.on_ListAgents = nullptr;
    check_fails(node, "memory_agent_list", ordered_json::object(), "no script");
  }

  TEST_CASE("messages: notify, inbox") {
    fake_memory node;
    node.on_Notify = [](const v1::NotifyRequest& request, v1::NotifyReply* reply) {
      CHECK(request.priority() == 10);
      if (request.target_agent_id() == "no one") return tests::invalid_field("target_agent_id", "no");
      *reply->mutable_message() = record_of("m1");
      reply->mutable_message()->set_namespace_("_messages/bob");
      return Status::OK;
    };
    node.on_Inbox = [](const v1::InboxRequest& request, v1::InboxReply* reply) {
      if (request.limit() == 7) return Status(grpc::StatusCode::UNAVAILABLE, "down");
      *reply->add_messages() = record_of("m1", "Hello");
      reply->mutable_messages(0)->set_access_count(2);
      return Status::OK;
    };
    const auto sent = succeed_with(
        node, "memory_notify",
        {{"target_agent_id", "bob"}, {"title", "Hello"}, {"payload", "x"}, {"priority", 99}, {"agent_id", "ann"}});
    CHECK(sent["from"] == "ann");
    CHECK(sent["to"] == "bob");
    CHECK(sent["namespace"] == "_messages/bob");
    check_fails(node, "memory_notify",
                {{"target_agent_id", "no one"}, {"title", "t"}, {"payload", "x"}, {"priority", 99}},
                "target_agent_id: no");
    const auto inbox = succeed_with(node, "memory_inbox", {{"agent_id", "bob"}});
    CHECK(inbox["namespace"] == "_messages/bob");
    CHECK(inbox["messages"][0]["from"] == "ann");
    CHECK(inbox["messages"][0]["read"] == true);
    CHECK(inbox["messages"][0]["payload"] == "content of m1");
    check_fails(node, "memory_inbox", {{"agent_id", "bob"}, {"limit", 7}}, "unavailable");
  }

  TEST_CASE("subscriptions: subscribe, list, unsubscribe") {
    fake_memory node;
    node.on_Subscribe = [](const v1::SubscribeRequest& request, v1::SubscribeReply* reply) {
      if (request.url().starts_with("http://10.")) return tests::invalid_field("url", "is private");
      reply->mutable_subscription()->set_id("w1");
      reply->mutable_subscription()->set_events(request.events());
      reply->mutable_subscription()->set_created_by(request.agent_id());
      return Status::OK;
    };
    node.on_Unsubscribe = [](const v1::UnsubscribeRequest& request, v1::UnsubscribeReply* reply) {
      if (request.id() == "broken") return Status(grpc::StatusCode::UNAVAILABLE, "down");
      reply->set_removed(request.id() == "w1");
      return Status::OK;
    };
    node.on_ListSubscriptions = [](const v1::ListSubscriptionsRequest&, v1::ListSubscriptionsReply* reply) {
      reply->add_subscriptions()->set_secret_hash("00ff");
      return Status::OK;
    };
    const auto made = succeed_with(node, "memory_subscribe", {{"url", "https://x"}, {"agent_id", "ann"}});
    CHECK(made["id"] == "w1");
    CHECK(made["events"] == "*");
    CHECK(made["created_by"] == "ann");
    check_fails(node, "memory_subscribe", {{"url", "http://10.0.0.1"}}, "url: is private");
    CHECK(succeed_with(node, "memory_unsubscribe", {{"id", "w1"}}) == ordered_json{{"id", "w1"}, {"removed", true}});
    CHECK(succeed_with(node, "memory_unsubscribe", {{"id", "w2"}})["removed"] == false);
    check_fails(node, "memory_unsubscribe", {{"id", "broken"}}, "unknown: may have been removed");
    const auto listed = call_tool(node, "memory_list_subscriptions", ordered_json::object());
    CHECK(listed.payload["count"] == 1);
    CHECK(listed.text.find("00ff") == std::string::npos);
    node.on_ListSubscriptions = nullptr;
    check_fails(node, "memory_list_subscriptions", ordered_json::object(), "no script");
  }
}

}  // namespace quorate::cli::mcp
