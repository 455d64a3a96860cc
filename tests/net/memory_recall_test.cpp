// Search and Recall: what they ask of the index and the node, and what they answer.
#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

#include "memory/key.hpp"
#include "proto/session_token.hpp"
#include "tests/net/fake_node_api.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;

namespace {

/// Stores a record and has the index find it, behind those before.
void add(served_node& node, const std::string& title, const std::string& content, int priority = 5,
         const std::string& name_space = "global") {
  v1::StoreRequest request;
  request.mutable_memory()->set_title(title);
  request.mutable_memory()->set_content(content);
  request.mutable_memory()->set_namespace_(name_space);
  request.mutable_memory()->set_priority(priority);
  v1::StoreReply reply;
  grpc::ClientContext context;
  REQUIRE(node.memory().Store(&context, request, &reply).ok());
  node->index.matches.push_back({memory::key_of(name_space, title), 1, 1, 1});
}

struct recall_end {
  grpc::Status status;
  v1::RecallReply reply;
};

recall_end recall(served_node& node, const v1::RecallRequest& request) {
  recall_end end;
  grpc::ClientContext context;
  end.status = node.memory().Recall(&context, request, &end.reply);
  return end;
}

v1::RecallRequest asking(const std::string& context = "words") {
  v1::RecallRequest request;
  request.set_context(context);
  return request;
}

grpc::Status search(served_node& node, const v1::SearchRequest& request, v1::SearchReply* reply) {
  grpc::ClientContext context;
  return node.memory().Search(&context, request, reply);
}

}  // namespace

TEST_SUITE("net.memory_recall") {
  TEST_CASE("a recall answers in the order of the score, and counts the use") {
    served_node node;
    add(node, "low", "x", 1);
    add(node, "high", "x", 9);
    node->writes.clear();
    const auto end = recall(node, asking());
    REQUIRE(end.status.ok());
    REQUIRE(end.reply.found_size() == 2);
    CHECK(end.reply.found(0).memory().title() == "high");
    CHECK(end.reply.found(0).score() == doctest::Approx(1 + 4.5 + 2 + 1 + 1).epsilon(0.01));
    CHECK(end.reply.found(0).memory().access_count() == 0);
    CHECK(end.reply.mode() == "keyword");
    CHECK(end.reply.touched());
    REQUIRE(node->writes.size() == 1);
    CHECK(node->writes[0].quorum == write_quorum::one);
    CHECK(node->writes[0].on_superseded == when_superseded::report);
    CHECK(recall(node, asking()).reply.found(0).memory().access_count() == 1);
  }

  TEST_CASE("a recall that is to leave no trace leaves none") {
    served_node node;
    add(node, "one", "x");
    node->writes.clear();
    auto request = asking();
    request.set_leave_untouched(true);
    const auto end = recall(node, request);
    CHECK(end.reply.found_size() == 1);
    CHECK_FALSE(end.reply.touched());
    CHECK(node->writes.empty());
  }

  TEST_CASE("the budget ends the answer before the first record that would pass it") {
    served_node node;
    add(node, "aaaa", std::string(36, 'x'), 9);
    add(node, "bbbb", std::string(76, 'x'), 8);
    add(node, "cccc", "x", 7);
    auto request = asking();
    for (const auto& [budget, count, tokens] : {std::tuple{100, 3, 31}, {30, 2, 30}, {29, 1, 10}, {9, 0, 0}}) {
      request.set_budget_tokens(budget);
      const auto end = recall(node, request);
      REQUIRE(end.status.ok());
      CHECK(end.reply.found_size() == count);
      CHECK(end.reply.tokens_used() == tokens);
    }
    request.clear_budget_tokens();
    request.set_limit(2);
    CHECK(recall(node, request).reply.found_size() == 2);
  }

  TEST_CASE("what is gone or no longer fits when it is read is not answered") {
    served_node node;
    add(node, "one", "x");
    add(node, "two", "x", 5, "other");
    node->index.matches.push_back({memory::key_of("global", "never there"), 1, 1, 1});
    auto request = asking();
    CHECK(recall(node, request).reply.found_size() == 2);
    request.mutable_filter()->set_namespace_("global");
    CHECK(recall(node, request).reply.found_size() == 1);
    request.mutable_filter()->set_namespace_("other/below");
    const auto above = recall(node, request);
    REQUIRE(above.reply.found_size() == 1);
    CHECK(above.reply.found(0).memory().title() == "two");
    request.clear_filter();
    request.set_as_agent("other");
    CHECK(recall(node, request).reply.found_size() == 1);
  }

  TEST_CASE("requests that break a rule are refused") {
    served_node node;
    std::vector<v1::RecallRequest> bad(7, asking());
    bad[0].set_context(" \n");
    bad[1].set_limit(51);
    bad[2].set_ranker(static_cast<v1::Ranker>(7));
    bad[3].set_session("no token");
    bad[4].mutable_filter()->set_since("yesterday");
    bad[5].mutable_filter()->set_tag("");
    bad[6].mutable_filter()->set_namespace_("a b//");
    for (const auto& request : bad) {
      CAPTURE(request.ShortDebugString());
      CHECK(recall(node, request).status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    }
    v1::SearchRequest blank;
    v1::SearchReply reply;
    CHECK(search(node, blank, &reply).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    blank.set_query("x");
    blank.set_limit(1'001);
    CHECK(search(node, blank, &reply).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  }

  TEST_CASE("a search changes nothing and answers in the order of the index") {
    served_node node;
    add(node, "low", "x", 1);
    add(node, "high", "x", 9);
    node->writes.clear();
    v1::SearchRequest request;
    request.set_query("x");
    request.set_session(session_token({{node_id{7}, 1}, 3}));
    v1::SearchReply reply;
    REQUIRE(search(node, request, &reply).ok());
    REQUIRE(reply.memories_size() == 2);
    CHECK(reply.memories(0).title() == "low");
    CHECK(reply.memories(0).life() == 0);
    CHECK(node->writes.empty());
    request.mutable_filter()->set_min_priority(9);
    reply.Clear();
    REQUIRE(search(node, request, &reply).ok());
    CHECK(reply.memories_size() == 1);
  }
}
