#include "tests/http/fixture.hpp"

using namespace quorate;
using namespace quorate::http_tests;

namespace {

json whole(const std::string& title) {
  return {{"id", "id-" + title},
          {"tier", "mid"},
          {"namespace", "global"},
          {"title", title},
          {"content", "c"},
          {"tags", json::array()},
          {"priority", 5},
          {"confidence", 1.0},
          {"source", "elsewhere"},
          {"access_count", 3},
          {"created_at", "2026-01-01T00:00:00+00:00"},
          {"updated_at", "2026-01-02T00:00:00+00:00"},
          {"metadata", json::object()}};
}

/// Six records, the middle four of one instant; pages of at most `page_max`.
void serve_instants(scripted_node& node, std::size_t page_max) {
  node.on<v1::ListRequest, v1::ListReply>([=](const v1::ListRequest& in, v1::ListReply* out) {
    const char* days[] = {"01", "02", "02", "02", "02", "03"};
    std::size_t at = in.cursor().empty() ? 0 : std::stoul(in.cursor());
    for (std::size_t n = 0; n < std::min<std::size_t>(page_max, in.limit()) && at < 6; ++n, ++at)
      *out->add_memories() =
          sample_record(std::to_string(at), std::string("2026-01-") + days[at] + "T00:00:00.000+00:00");
    if (at < 6) out->set_next_cursor(std::to_string(at));
    return grpc::Status::OK;
  });
}

}  // namespace

TEST_SUITE("http.transfer") {
  TEST_CASE("an export has all pages, and the links between what it has") {
    served_gateway served;
    serve_instants(served.node, 2);
    v1::ListLinksReply links;
    for (const auto* target : {"id-5", "id-gone"}) {
      auto& link = *links.add_links();
      link.set_source_id("id-0");
      link.set_target_id(target);
    }
    served.node.answer_with<v1::ListLinksRequest>(links);
    const auto all = served.get("/api/v1/export").parsed();
    CHECK(all["count"] == 6);
    CHECK(all["memories"].size() == 6);
    REQUIRE(all["links"].size() == 1);
    CHECK(all["links"][0]["target_id"] == "id-5");
    CHECK(all.contains("exported_at"));
  }

  TEST_CASE("an export that breaks off is no whole answer") {
    served_gateway served;
    served.node.on<v1::ListRequest, v1::ListReply>([](const v1::ListRequest& in, v1::ListReply* out) {
      if (!in.cursor().empty()) return grpc::Status(grpc::StatusCode::DATA_LOSS, "sector 7");
      *out->add_memories() = sample_record("one");
      out->set_next_cursor("more");
      return grpc::Status::OK;
    });
    CHECK(served.get("/api/v1/export").status == 0);
    served.node.fail_with(grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining"));
    CHECK(served.get("/api/v1/export").status == 503);
  }

  TEST_CASE("an import takes whole records and links, and says what it did not take") {
    served_gateway served;
    const auto imported = served.post(
        "/api/v1/import", {{"memories", {whole("a"), {{"id", "b"}, {"title", 7}}}},
                           {"links", {{{"source_id", "x"}, {"target_id", "y"}, {"relation", "supersedes"}}}}});
    CHECK(imported.status == 200);
    CHECK(imported.parsed()["imported"] == 1);
    CHECK(imported.parsed()["errors"] == json({"b: title: must be a string, got an integer"}));
    const auto asked = only_request<v1::StoreBatchRequest>(served);
    REQUIRE(asked.items_size() == 1);
    CHECK(asked.items(0).full_record());
    CHECK_FALSE(asked.items(0).merge_by_time());
    CHECK(asked.items(0).memory().access_count() == 3);
    CHECK(only_request<v1::LinkRequest>(served).relation() == "supersedes");
    CHECK(served.post("/api/v1/import", {{"links", json::array()}}).status == 422);
  }

  TEST_CASE("a push merges by time and counts") {
    served_gateway served;
    const json sent{{"sender_agent_id", "host:other"}, {"memories", {whole("a"), {{"id", 1}}}}};
    const auto pushed = served.post("/api/v1/sync/push", sent);
    CHECK(pushed.parsed()
          == json({{"applied", 1},
                   {"noop", 0},
                   {"skipped", 1},
                   {"dry_run", false},
                   {"receiver_agent_id", "host:a"},
                   {"receiver_clock", {{"entries", json::object()}}}}));
    CHECK(only_request<v1::StoreBatchRequest>(served).items(0).merge_by_time());
    served.node.fail_with(quorum_unreachable());
    CHECK(served.post("/api/v1/sync/push", sent).status == 503);
  }

  TEST_CASE("a push that was not stored everywhere it must is no acknowledgement") {
    served_gateway served;
    served.node.on<v1::StoreBatchRequest, v1::StoreBatchReply>(
        [](const v1::StoreBatchRequest&, v1::StoreBatchReply* out) {
          out->add_items();
          auto& late = *out->add_items();
          late.set_code(grpc::StatusCode::UNAVAILABLE);
          late.mutable_write_failure()->set_outcome(v1::WriteFailure::INDETERMINATE);
          late.mutable_write_failure()->set_reason("quorum_timeout");
          return grpc::Status::OK;
        });
    CHECK(served.post("/api/v1/sync/push", {{"sender_agent_id", "x"}, {"memories", {whole("a"), whole("b")}}}).status
          == 503);
  }

  TEST_CASE("a dry run stores nothing") {
    served_gateway served;
    auto bad = whole("bad");
    bad["priority"] = 11;
    const auto tried = served.post("/api/v1/sync/push",
                                   {{"sender_agent_id", "x"}, {"dry_run", true}, {"memories", {whole("a"), bad}}});
    CHECK(tried.parsed()["noop"] == 1);
    CHECK(tried.parsed()["skipped"] == 1);
    CHECK(tried.parsed()["applied"] == 0);
    CHECK(served.node.asked<v1::StoreBatchRequest>().empty());
    CHECK(served.post("/api/v1/sync/push", {{"sender_agent_id", "has blank"}, {"memories", json::array()}}).status
          == 400);
  }

  TEST_CASE("a page of what is newer never ends inside an instant") {
    for (const std::size_t page_max : {1'000u, 2u, 1u}) {
      served_gateway served;
      serve_instants(served.node, page_max);
      const auto page = served.get("/api/v1/sync/since?limit=2").parsed();
      CHECK_MESSAGE(page["count"] == 5, page_max);
      CHECK(page["limit"] == 2);
      CHECK(page["memories"][4]["title"] == "4");
      const auto rest =
          served.get("/api/v1/sync/since?limit=2&cursor=" + page["next_cursor"].get<std::string>()).parsed();
      CHECK(rest["count"] == 1);
      CHECK(rest["memories"][0]["title"] == "5");
      CHECK_FALSE(rest.contains("next_cursor"));
    }
  }

  TEST_CASE("what is newer is asked for in order of change, expired ones too") {
    served_gateway served;
    CHECK(served.get("/api/v1/sync/since?since=2026-01-01T00:00:00%2B00:00&peer=x").status == 200);
    const auto asked = only_request<v1::ListRequest>(served);
    CHECK(asked.updated_after() == "2026-01-01T00:00:00+00:00");
    CHECK(asked.order() == v1::LIST_ORDER_UPDATED);
    CHECK(asked.with_expired());
    CHECK(asked.limit() == 500);
    CHECK(served.get("/api/v1/sync/since?since=yesterday").status == 400);
  }
}
