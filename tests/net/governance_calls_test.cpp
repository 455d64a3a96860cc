// The calls about agents, standards and approvals, and what a standard does to stores and deletes.
#include <doctest/doctest.h>

#include "memory/agents.hpp"
#include "memory/key.hpp"
#include "memory/pending.hpp"
#include "proto/session_token.hpp"
#include "tests/net/call.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;

namespace {

using stub = v1::Memory::Stub;

v1::RegisterAgentRequest registering(const std::string& id) {
  v1::RegisterAgentRequest request;
  request.set_agent_id(id);
  request.set_agent_type("human");
  return request;
}

v1::StoreRequest storing(const std::string& title, const std::string& agent_id = "alice") {
  v1::StoreRequest request;
  request.mutable_memory()->set_namespace_("team");
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content("content");
  request.mutable_memory()->set_metadata(R"({"agent_id":")" + agent_id + "\"}");
  return request;
}

/// Makes namespace "team" ask this of its writers. The id of the record that says so.
std::string set_policy(served_node& node, const std::string& write, const std::string& remove,
                       const std::string& approver = "\"human\"", const std::string& promote = "any") {
  auto rules = storing("Rules", "owner");
  rules.mutable_memory()->set_namespace_("rules");
  const auto id = done(node, &stub::Store, rules).id();
  v1::SetStandardRequest request;
  request.set_namespace_("team");
  request.set_id(id);
  request.set_governance(R"({"write":")" + write + R"(","promote":")" + promote + R"(","delete":")" + remove
                         + R"(","approver":)" + approver + "}");
  done(node, &stub::SetStandard, request);
  return id;
}

v1::DeleteRequest removing(const std::string& id, const std::string& agent_id) {
  v1::DeleteRequest request;
  request.set_id(id);
  request.set_agent_id(agent_id);
  return request;
}

template <class Request>
Request deciding(const std::string& id, const std::string& agent_id) {
  Request request;
  request.set_id(id);
  request.set_agent_id(agent_id);
  return request;
}

bool holds(served_node& node, const std::string& title) {
  const auto found = node->reader.records.find(memory::key_of("team", title));
  return found != node->reader.records.end() && !found->second.deleted;
}

}  // namespace

TEST_SUITE("net.governance.agents") {
  TEST_CASE("an agent is registered with the terms asked for, and listed") {
    served_node node;
    auto request = registering("alice");
    request.add_capabilities("search");
    request.mutable_terms()->set_quorum(v1::WRITE_QUORUM_ALL);
    const auto reply = done(node, &stub::RegisterAgent, request);
    CHECK(reply.agent().agent_id() == "alice");
    CHECK_FALSE(reply.agent().registered_at().empty());
    CHECK(reply.receipt().copies() == 2);
    CHECK(reply.id() == memory::derived_id(memory::agent_key("alice")));
    CHECK(node->writes.back().quorum == write_quorum::all);
    CHECK(node->writes.back().keys == std::vector{memory::agent_key("alice")});
    const auto listed = done(node, &stub::ListAgents, v1::ListAgentsRequest());
    REQUIRE(listed.agents_size() == 1);
    CHECK(listed.agents(0).SerializeAsString() == reply.agent().SerializeAsString());
  }

  TEST_CASE("what is no agent is refused by its field, and nothing is written") {
    served_node node;
    auto request = registering("alice");
    request.set_agent_type("robot");
    CHECK(invalid_field(node, &stub::RegisterAgent, request) == "agent_type");
    CHECK(invalid_field(node, &stub::RegisterAgent, registering("")) == "agent_id");
    auto terms = registering("alice");
    terms.mutable_terms()->set_quorum(static_cast<v1::WriteQuorum>(9));
    CHECK(invalid_field(node, &stub::RegisterAgent, terms) == "write_quorum");
    CHECK(node->writes.empty());
  }

  TEST_CASE("reads wait for what their session has seen, and refuse what is no session") {
    served_node node;
    v1::ListAgentsRequest list;
    list.set_session("nonsense");
    CHECK(invalid_field(node, &stub::ListAgents, list) == "session");
    list.set_session(session_token({{node_id{1}, 1}, 5}));
    done(node, &stub::ListAgents, list);
  }

  TEST_CASE("a list that cannot be read is an error, not an empty list") {
    served_node node;
    node->reader.failure = status(errc::storage_failure, "disk");
    CHECK(refused(node, &stub::ListAgents, v1::ListAgentsRequest()) == grpc::StatusCode::INTERNAL);
  }
}

TEST_SUITE("net.governance.standards") {
  TEST_CASE("a standard is set, read alone and with those above it, and cleared") {
    served_node node;
    const auto id = set_policy(node, "registered", "any");
    v1::SetStandardRequest parent;
    parent.set_namespace_("*");
    parent.set_id(id);
    const auto set = done(node, &stub::SetStandard, parent);
    CHECK(set.standard().found());
    CHECK(set.standard().title() == "Rules");
    CHECK(set.receipt().copies_needed() == 2);

    v1::GetStandardRequest get;
    get.set_namespace_("team");
    const auto alone = done(node, &stub::GetStandard, get);
    REQUIRE(alone.standards_size() == 1);
    CHECK(alone.standards(0).standard_id() == id);
    CHECK(alone.standards(0).governance().find("registered") != std::string::npos);
    CHECK(alone.chain().empty());
    get.set_namespace_("team/a");
    get.set_inherit(true);
    const auto all = done(node, &stub::GetStandard, get);
    CHECK(std::vector(all.chain().begin(), all.chain().end()) == std::vector<std::string>{"*", "team", "team/a"});
    REQUIRE(all.standards_size() == 2);
    CHECK(all.standards(0).namespace_() == "*");
    CHECK(all.standards(1).namespace_() == "team");

    v1::ClearStandardRequest clear;
    clear.set_namespace_("team");
    CHECK(done(node, &stub::ClearStandard, clear).cleared());
    const auto again = done(node, &stub::ClearStandard, clear);
    CHECK_FALSE(again.cleared());
    CHECK(again.receipt().version().time() == 0);
    get.set_namespace_("team");
    get.set_inherit(false);
    const auto none = done(node, &stub::GetStandard, get);
    REQUIRE(none.standards_size() == 1);
    CHECK(none.standards(0).namespace_() == "team");
    CHECK(none.standards(0).standard_id().empty());
  }

  TEST_CASE("a linearizable standard asks about its own key and the record it writes to") {
    served_node node;
    const auto id = done(node, &stub::Store, storing("Rules")).id();
    v1::SetStandardRequest request;
    request.set_namespace_("team");
    request.set_id(id);
    request.set_governance(R"({"write":"any","promote":"any","delete":"any","approver":"human"})");
    request.mutable_terms()->set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
    done(node, &stub::SetStandard, request);
    CHECK(node->writes.back().keys.size() == 2);
  }

  TEST_CASE("what cannot be set is refused") {
    served_node node;
    v1::SetStandardRequest request;
    request.set_namespace_("team");
    request.set_id("unknown");
    CHECK(refused(node, &stub::SetStandard, request) == grpc::StatusCode::NOT_FOUND);
    request.set_governance("{}");
    CHECK(invalid_field(node, &stub::SetStandard, request) == "governance");
    v1::GetStandardRequest get;
    get.set_namespace_("a b");
    CHECK(invalid_field(node, &stub::GetStandard, get) == "namespace");
    CHECK(invalid_field(node, &stub::ClearStandard, v1::ClearStandardRequest()) == "namespace");
  }
}

TEST_SUITE("net.governance.judged") {
  TEST_CASE("a store is judged by the author in its metadata; a full record and the items of a batch are not") {
    served_node node;
    set_policy(node, "registered", "any");
    CHECK(refused(node, &stub::Store, storing("a", "stranger")) == grpc::StatusCode::PERMISSION_DENIED);
    CHECK_FALSE(holds(node, "a"));
    done(node, &stub::RegisterAgent, registering("alice"));
    const auto stored = done(node, &stub::Store, storing("a", "alice"));
    CHECK_FALSE(stored.has_pending());
    CHECK(holds(node, "a"));
    auto full = storing("b", "stranger");
    full.set_full_record(true);
    done(node, &stub::Store, full);
    CHECK(holds(node, "b"));
    v1::StoreBatchRequest batch;
    *batch.add_items() = storing("c", "stranger");
    CHECK(done(node, &stub::StoreBatch, batch).items(0).code() == 0);
    CHECK(holds(node, "c"));
  }

  TEST_CASE("the refusal says which act and why") {
    served_node node;
    set_policy(node, "owner", "any");
    grpc::ClientContext context;
    v1::StoreReply reply;
    const auto answer = node.memory().Store(&context, storing("a", "stranger"), &reply);
    CHECK(answer.error_message().starts_with("store denied by governance: "));
  }

  TEST_CASE("a delete is judged by who asks for it, for the author of the record") {
    served_node node;
    set_policy(node, "any", "owner");
    const auto id = done(node, &stub::Store, storing("a", "alice")).id();
    CHECK(refused(node, &stub::Delete, removing(id, "bob")) == grpc::StatusCode::PERMISSION_DENIED);
    CHECK(refused(node, &stub::Delete, removing(id, "")) == grpc::StatusCode::PERMISSION_DENIED);
    CHECK(holds(node, "a"));
    CHECK_FALSE(done(node, &stub::Delete, removing(id, "alice")).has_pending());
    CHECK_FALSE(holds(node, "a"));
  }

  TEST_CASE("what needs an approval is not done but listed, under any consistency") {
    served_node node;
    set_policy(node, "approve", "approve");
    for (const auto consistency : {v1::WRITE_CONSISTENCY_DEFAULT, v1::WRITE_CONSISTENCY_LINEARIZABLE}) {
      auto request = storing("a", "alice");
      request.set_consistency(consistency);
      const auto reply = done(node, &stub::Store, request);
      REQUIRE(reply.has_pending());
      CHECK(reply.pending().action() == "store");
      CHECK(reply.pending().namespace_() == "team");
      CHECK(reply.pending().reason() == "governance requires approval");
      CHECK(reply.id().empty());
      CHECK(reply.copies() == 2);
    }
    CHECK_FALSE(holds(node, "a"));
    auto full = storing("b");
    full.set_full_record(true);
    const auto id = done(node, &stub::Store, full).id();
    const auto reply = done(node, &stub::Delete, removing(id, "bob"));
    REQUIRE(reply.has_pending());
    CHECK(reply.pending().memory_id() == id);
    CHECK(holds(node, "b"));

    v1::ListPendingRequest list;
    list.set_status("pending");
    const auto listed = done(node, &stub::ListPending, list);
    REQUIRE(listed.pending_size() == 3);
    CHECK(listed.pending(0).id() == reply.pending().id());
    CHECK(listed.pending(0).action_type() == "delete");
    CHECK(listed.pending(0).requested_by() == "bob");
    CHECK(listed.pending(1).action_type() == "store");
    list.set_limit(1);
    CHECK(done(node, &stub::ListPending, list).pending_size() == 1);
  }

  TEST_CASE("a promotion is judged, and put off and done like a delete") {
    served_node node;
    set_policy(node, "any", "any", "\"human\"", "owner");
    const auto id = done(node, &stub::Store, storing("a", "alice")).id();
    v1::PromoteRequest promote;
    promote.set_id(id);
    promote.set_agent_id("bob");
    CHECK(refused(node, &stub::Promote, promote) == grpc::StatusCode::PERMISSION_DENIED);
    promote.set_agent_id("alice");
    CHECK_FALSE(done(node, &stub::Promote, promote).has_pending());
    set_policy(node, "any", "any", "\"human\"", "approve");
    const auto other = done(node, &stub::Store, storing("b", "alice")).id();
    promote.set_id(other.substr(0, 20));
    promote.set_allow_prefix(true);
    const auto reply = done(node, &stub::Promote, promote);
    REQUIRE(reply.has_pending());
    CHECK(reply.pending().action() == "promote");
    CHECK(reply.pending().memory_id() == other);
    CHECK(reply.receipt().copies() == 2);
    const auto approved =
        done(node, &stub::ApprovePending, deciding<v1::ApprovePendingRequest>(reply.pending().id(), "bob"));
    CHECK(approved.memory_id() == other);
    v1::GetRequest get;
    get.set_id(other);
    CHECK(done(node, &stub::Get, get).memory().tier() == v1::TIER_LONG);
  }

  TEST_CASE("a record is deleted by the beginning of its id under the judgement of the whole") {
    served_node node;
    set_policy(node, "any", "owner");
    const auto id = done(node, &stub::Store, storing("a", "alice")).id();
    auto request = removing(id.substr(0, 20), "bob");
    request.set_allow_prefix(true);
    CHECK(refused(node, &stub::Delete, request) == grpc::StatusCode::PERMISSION_DENIED);
    request.set_agent_id("alice");
    CHECK(done(node, &stub::Delete, request).id() == id);
  }

  TEST_CASE("who deletes the record of a standard ends the standard") {
    served_node node;
    const auto id = set_policy(node, "approve", "any");
    done(node, &stub::Delete, removing(id, ""));
    CHECK_FALSE(done(node, &stub::Store, storing("a", "stranger")).has_pending());
  }

  TEST_CASE("a store that is repeated because it was superseded is put off once") {
    served_node node;
    set_policy(node, "approve", "any");
    node->newer = stored_record{};
    node->newer->deleted = true;
    const auto reply = done(node, &stub::Store, storing("a", "alice"));
    CHECK(reply.retried());
    CHECK(done(node, &stub::ListPending, v1::ListPendingRequest()).pending_size() == 1);
  }
}

TEST_SUITE("net.governance.pending") {
  TEST_CASE("an approval does what was put off, as a linearizable write of all it changes") {
    served_node node;
    set_policy(node, "approve", "approve");
    const auto id = done(node, &stub::Store, storing("a", "alice")).pending().id();
    node->writes.clear();
    const auto reply = done(node, &stub::ApprovePending, deciding<v1::ApprovePendingRequest>(id, "bob"));
    CHECK(reply.approved());
    CHECK(reply.action().status() == "approved");
    CHECK(reply.action().decided_by() == "bob");
    CHECK_FALSE(reply.memory_id().empty());
    CHECK(reply.receipt().copies() == 2);
    CHECK(holds(node, "a"));
    REQUIRE(node->writes.size() == 1);
    CHECK(node->writes[0].consistency == write_consistency::linearizable);
    CHECK(node->writes[0].keys == std::vector{memory::pending_key(id), memory::key_of("team", "a")});

    const auto remove = done(node, &stub::Delete, removing(reply.memory_id(), "alice")).pending().id();
    CHECK(done(node, &stub::ApprovePending, deciding<v1::ApprovePendingRequest>(remove, "bob")).memory_id()
          == reply.memory_id());
    CHECK_FALSE(holds(node, "a"));
  }

  TEST_CASE("under a consensus votes are counted until there are enough") {
    served_node node;
    set_policy(node, "approve", "any", R"({"consensus":2})");
    for (const auto* agent : {"v1", "v2"}) done(node, &stub::RegisterAgent, registering(agent));
    const auto id = done(node, &stub::Store, storing("a", "alice")).pending().id();
    for (int i = 0; i < 2; ++i) {
      const auto vote = done(node, &stub::ApprovePending, deciding<v1::ApprovePendingRequest>(id, "v1"));
      CHECK_FALSE(vote.approved());
      CHECK(vote.votes() == 1);
      CHECK(vote.votes_needed() == 2);
    }
    CHECK_FALSE(holds(node, "a"));
    CHECK(refused(node, &stub::ApprovePending, deciding<v1::ApprovePendingRequest>(id, "stranger"))
          == grpc::StatusCode::PERMISSION_DENIED);
    CHECK(done(node, &stub::ApprovePending, deciding<v1::ApprovePendingRequest>(id, "v2")).approved());
    CHECK(holds(node, "a"));
  }

  TEST_CASE("a rejection is final, and what is decided or unknown cannot be decided") {
    served_node node;
    set_policy(node, "approve", "any");
    const auto id = done(node, &stub::Store, storing("a", "alice")).pending().id();
    const auto reply = done(node, &stub::RejectPending, deciding<v1::RejectPendingRequest>(id, "bob"));
    CHECK(reply.action().status() == "rejected");
    CHECK(reply.receipt().copies() == 2);
    CHECK(node->writes.back().consistency == write_consistency::linearizable);
    CHECK(invalid_field(node, &stub::ApprovePending, deciding<v1::ApprovePendingRequest>(id, "bob")) == "id");
    CHECK(invalid_field(node, &stub::RejectPending, deciding<v1::RejectPendingRequest>(id, "bob")) == "id");
    CHECK(invalid_field(node, &stub::RejectPending, deciding<v1::RejectPendingRequest>(id, "")) == "agent_id");
    CHECK(refused(node, &stub::ApprovePending, deciding<v1::ApprovePendingRequest>("unknown", "bob"))
          == grpc::StatusCode::NOT_FOUND);
    CHECK(refused(node, &stub::RejectPending, deciding<v1::RejectPendingRequest>("unknown", "bob"))
          == grpc::StatusCode::NOT_FOUND);
    CHECK_FALSE(holds(node, "a"));
  }

  TEST_CASE("a list of an unknown status or an unheard-of length is refused") {
    served_node node;
    v1::ListPendingRequest list;
    list.set_status("open");
    CHECK(invalid_field(node, &stub::ListPending, list) == "status");
    list.clear_status();
    list.set_limit(1'001);
    CHECK(invalid_field(node, &stub::ListPending, list) == "limit");
  }
}
