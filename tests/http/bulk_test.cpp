#include "tests/http/fixture.hpp"

using namespace quorate;
using namespace quorate::http_tests;

namespace {

/// Answers item by item: "bad" breaks a rule, "late" finds no quorum, all others are stored.
void judge_by_title(scripted_node& node) {
  node.on<v1::StoreBatchRequest, v1::StoreBatchReply>([](const v1::StoreBatchRequest& in, v1::StoreBatchReply* out) {
    for (const auto& item : in.items()) {
      auto& end = *out->add_items();
      const auto& title = item.memory().title();
      if (title == "bad") {
        end.set_code(grpc::StatusCode::INVALID_ARGUMENT);
        end.mutable_invalid_field()->set_field("content");
        end.mutable_invalid_field()->set_rule("must not be blank");
      } else if (title == "late") {
        end.set_code(grpc::StatusCode::UNAVAILABLE);
        end.set_message("too few members confirmed in time");
        end.mutable_write_failure()->set_outcome(v1::WriteFailure::INDETERMINATE);
        end.mutable_write_failure()->set_reason("quorum_timeout");
        end.mutable_write_failure()->set_copies(1);
        end.mutable_write_failure()->set_copies_needed(2);
      } else {
        end.mutable_stored()->set_session("1.2.3");
      }
    }
    return grpc::Status::OK;
  });
}

json new_record(const std::string& title) { return {{"title", title}, {"content", "c"}}; }

}  // namespace

TEST_SUITE("http.bulk") {
  TEST_CASE("each record has its own end") {
    served_gateway served;
    judge_by_title(served.node);
    auto timed = new_record("two");
    timed["ttl_secs"] = 60;
    const auto stored =
        served.post("/api/v1/memories/bulk", {new_record("one"), new_record("bad"), timed, new_record("late")});
    CHECK(stored.status == 200);
    CHECK(stored.header("X-Session-Token") == "1.2.3");
    CHECK(stored.parsed()
          == json({{"created", 2},
                   {"errors",
                    {"bad: content: must not be blank", "late: indeterminate: too few members confirmed in time"}}}));
    const auto asked = only_request<v1::StoreBatchRequest>(served);
    CHECK(asked.items(2).ttl_seconds() == 60);
    CHECK_FALSE(asked.items(0).full_record());
    CHECK(asked.items(0).agent_id().empty());
  }

  TEST_CASE("nothing stored for lack of copies is 503, so that it is sent again") {
    served_gateway served;
    judge_by_title(served.node);
    const auto refused = served.post("/api/v1/memories/bulk", {new_record("bad"), new_record("late")});
    CHECK(refused.status == 503);
    CHECK(refused.parsed()["error"] == "quorum_not_met");
    CHECK(refused.parsed()["got"] == 1);
  }

  TEST_CASE("at most 1,000 records; none is fine") {
    served_gateway served;
    auto many = json::array();
    for (int i = 0; i < 1'001; ++i) many.push_back(new_record(std::to_string(i)));
    CHECK(served.post("/api/v1/memories/bulk", many).status == 400);
    many.erase(0);
    CHECK(served.post("/api/v1/memories/bulk", many).parsed()["created"] == 1'000);
    CHECK(served.post("/api/v1/memories/bulk", json::array()).parsed()
          == json({{"created", 0}, {"errors", json::array()}}));
    CHECK(served.node.asked<v1::StoreBatchRequest>().size() == 1);
  }

  TEST_CASE("an element of the wrong shape is 422 and says which") {
    served_gateway served;
    const auto refused = served.post("/api/v1/memories/bulk", {new_record("a"), {{"title", "b"}}});
    CHECK(refused.status == 422);
    CHECK(refused.parsed()["error"] == "[1].content is missing");
    CHECK(served.post("/api/v1/memories/bulk", {{"memories", json::array()}}).status == 422);
  }
}
