#include <functional>

#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

struct broken_rule {
  const char* field;
  const char* what;
  std::function<void(v1::StoreRequest&)> break_it;
};

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::vector<broken_rule> broken_rules() {
  using request = v1::StoreRequest;
  const auto memory = [](auto change) { return [change](request& r) { change(*r.mutable_memory()); }; };
  using record_type = v1::MemoryRecord;
  return {
      {"tier", "unknown", memory([](record_type& m) { m.set_tier(static_cast<v1::Tier>(9)); })},
      {"title", "empty", memory([](record_type& m) { m.set_title(""); })},
      {"title", "blank", memory([](record_type& m) { m.set_title(" \t "); })},
      {"title", "too long", memory([](record_type& m) { m.set_title(std::string(513, 'x')); })},
      {"title", "control character", memory([](record_type& m) { m.set_title("a\x01z"); })},
      {"title", "zero byte", memory([](record_type& m) { m.set_title(std::string("a\0z", 3)); })},
      {"content", "empty", memory([](record_type& m) { m.set_content(""); })},
      {"content", "too long", memory([](record_type& m) { m.set_content(std::string(65'537, 'x')); })},
      {"content", "control character", memory([](record_type& m) { m.set_content("a\x02z"); })},
      {"namespace", "leading slash", memory([](record_type& m) { m.set_namespace_("/x"); })},
      {"namespace", "empty segment", memory([](record_type& m) { m.set_namespace_("x//y"); })},
      {"namespace", "dots", memory([](record_type& m) { m.set_namespace_("x/../y"); })},
      {"namespace", "nine segments", memory([](record_type& m) { m.set_namespace_("1/2/3/4/5/6/7/8/9"); })},
      {"namespace", "too long", memory([](record_type& m) { m.set_namespace_(std::string(513, 'x')); })},
      {"source", "not in the list", memory([](record_type& m) { m.set_source("stranger"); })},
      {"tags", "too many", memory([](record_type& m) {
         for (int i = 0; i < 51; ++i) m.add_tags("t");
       })},
      {"tags", "blank", memory([](record_type& m) { m.add_tags(" "); })},
      {"tags", "too long", memory([](record_type& m) { m.add_tags(std::string(129, 'x')); })},
      {"priority", "0", memory([](record_type& m) { m.set_priority(0); })},
      {"priority", "11", memory([](record_type& m) { m.set_priority(11); })},
      {"confidence", "1.1", memory([](record_type& m) { m.set_confidence(1.1); })},
      {"confidence", "-0.1", memory([](record_type& m) { m.set_confidence(-0.1); })},
      {"expires_at", "no time", memory([](record_type& m) { m.set_expires_at("tomorrow"); })},
      {"expires_at", "past", memory([](record_type& m) { m.set_expires_at("2001-01-01T00:00:00Z"); })},
      {"ttl_seconds", "0", [](request& r) { r.set_ttl_seconds(0); }},
      {"ttl_seconds", "over a year", [](request& r) { r.set_ttl_seconds(31'536'001); }},
      {"metadata", "no object", memory([](record_type& m) { m.set_metadata("[1]"); })},
      {"metadata", "no JSON", memory([](record_type& m) { m.set_metadata("{"); })},
      {"metadata", "too deep",
       memory([](record_type& m) { m.set_metadata(repeated("{\"a\":", 40) + "1" + repeated("}", 40)); })},
      {"metadata", "too long",
       memory([](record_type& m) { m.set_metadata("{\"a\":\"" + std::string(65'536, 'x') + "\"}"); })},
      {"write_quorum", "unknown", [](request& r) { r.set_write_quorum(static_cast<v1::WriteQuorum>(9)); }},
      {"id", "too long, in a full record",
       [](request& r) {
         r.set_full_record(true);
         r.mutable_memory()->set_id(std::string(129, 'x'));
       }},
      {"access_count", "negative, in a full record",
       [](request& r) {
         r.set_full_record(true);
         r.mutable_memory()->set_access_count(-1);
       }},
      {"created_at", "no time, in a full record",
       [](request& r) {
         r.set_full_record(true);
         r.mutable_memory()->set_created_at("yesterday");
       }},
      {"updated_at", "no time, in a full record",
       [](request& r) {
         r.set_full_record(true);
         r.mutable_memory()->set_created_at("2026-01-02T03:04:05Z");
         r.mutable_memory()->set_updated_at("yesterday");
       }},
      {"last_accessed_at", "no time, in a full record",
       [](request& r) {
         r.set_full_record(true);
         r.mutable_memory()->set_last_accessed_at("yesterday");
       }},
  };
}

std::uint64_t records_on(chaos::node_client& node) {
  v1::StatusReply reply;
  REQUIRE(text_of(node.node_status(&reply)) == "OK");
  return reply.records();
}

}  // namespace

TEST_SUITE("e2e.input") {
  TEST_CASE("a record that breaks a rule is refused with the name of the field, and nothing is stored") {
    running_cluster cluster;
    auto& node = cluster->client("a");
    for (const auto& rule : broken_rules()) {
      CAPTURE(rule.field);
      CAPTURE(rule.what);
      auto request = record("valid", "valid");
      rule.break_it(request);
      v1::StoreReply reply;
      const auto answer = node.store(request, &reply, call_deadline);
      CHECK(answer.error_code() == grpc::INVALID_ARGUMENT);
      const auto detail = chaos::invalid_field_of(answer);
      REQUIRE_MESSAGE(detail.has_value(), chaos::text_of(answer));
      CHECK(detail->field() == rule.field);
      CHECK(!detail->rule().empty());
    }
    CHECK(records_on(node) == 0);
  }

  TEST_CASE("the largest valid values are stored") {
    running_cluster cluster;
    auto request = record(std::string(512, 't'), std::string(65'536, 'c'));
    request.mutable_memory()->set_metadata("{\"a\":\"" + std::string(65'536 - 8, 'x') + "\"}");
    for (int i = 0; i < 50; ++i) request.mutable_memory()->add_tags(std::string(128, 'g'));
    v1::StoreReply reply;
    CHECK(text_of(cluster->client("a").store(request, &reply, call_deadline)) == "OK");
    cluster.require_equal({"a", "b", "c"});
    CHECK(content_on(cluster->client("c"), std::string(512, 't')).size() == 65'536);
  }

  TEST_CASE("one bad item of a batch does not keep the others from being stored") {
    running_cluster cluster;
    v1::StoreBatchRequest batch;
    *batch.add_items() = record("first", "1");
    *batch.add_items() = record("", "without a title");
    *batch.add_items() = record("third", "3");
    v1::StoreBatchReply reply;
    REQUIRE(text_of(cluster->client("b").store_batch(batch, &reply, call_deadline)) == "OK");
    REQUIRE(reply.items_size() == 3);
    CHECK(reply.items(0).code() == grpc::OK);
    CHECK(reply.items(1).code() == grpc::INVALID_ARGUMENT);
    CHECK(reply.items(1).invalid_field().field() == "title");
    CHECK(reply.items(2).code() == grpc::OK);
    CHECK(reply.items(2).stored().copies() >= 2);
    cluster.require_equal({"a", "b", "c"});
    CHECK(content_on(cluster->client("a"), "first") == "1");
    CHECK(content_on(cluster->client("a"), "third") == "3");
    CHECK(records_on(cluster->client("a")) == 2);
  }

  TEST_CASE("a batch without items or with more than 1,000 is refused as a whole") {
    running_cluster cluster;
    v1::StoreBatchRequest batch;
    v1::StoreBatchReply reply;
    CHECK(cluster->client("a").store_batch(batch, &reply, call_deadline).error_code() == grpc::INVALID_ARGUMENT);
    for (int i = 0; i < 1'001; ++i) *batch.add_items() = record("item " + std::to_string(i), "x");
    CHECK(cluster->client("a").store_batch(batch, &reply, call_deadline).error_code() == grpc::INVALID_ARGUMENT);
    CHECK(records_on(cluster->client("a")) == 0);
  }

  TEST_CASE("a message beyond the size limit is refused as RESOURCE_EXHAUSTED, and nothing is written") {
    running_cluster cluster;
    v1::StoreReply reply;
    const auto answer = cluster->client("a").store(record("huge", std::string(5u << 20, 'x')), &reply, call_deadline);
    CHECK(answer.error_code() == grpc::RESOURCE_EXHAUSTED);
    CHECK(records_on(cluster->client("a")) == 0);
    CHECK(text_of(store(cluster->client("a"), "small", "x")) == "OK");
  }

  TEST_CASE("a record that is not there is NOT_FOUND for get, update and delete") {
    running_cluster cluster;
    auto& node = cluster->client("a");
    v1::GetReply got;
    CHECK(node.get(by_name("nowhere"), &got).error_code() == grpc::NOT_FOUND);
    v1::UpdateRequest update;
    update.set_id("nobody");
    update.set_content("x");
    v1::StoreReply updated;
    CHECK(node.update(update, &updated).error_code() == grpc::NOT_FOUND);
    v1::DeleteRequest deletion;
    deletion.set_id("nobody");
    v1::DeleteReply deleted;
    CHECK(node.remove(deletion, &deleted, call_deadline).error_code() == grpc::NOT_FOUND);
  }
}

}  // namespace quorate::e2e
