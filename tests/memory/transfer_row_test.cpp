#include "memory/transfer_row.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "memory/json_value.hpp"
#include "memory/timestamp.hpp"

namespace quorate::memory {
namespace {

v1::TransferRow memory_row() {
  v1::TransferRow row;
  auto& m = *row.mutable_memory();
  m.set_id("1");
  m.set_tier(v1::TIER_MID);
  m.set_namespace_("n");
  m.set_title("t");
  m.set_content("c");
  m.add_tags("x");
  m.set_priority(5);
  m.set_confidence(1);
  m.set_source("api");
  m.set_created_at("2026-01-01T00:00:00+00:00");
  m.set_updated_at("2026-01-02T00:00:00+00:00");
  m.set_metadata("{}");
  return row;
}

}  // namespace

TEST_CASE("a JSON text stands for its value") {
  CHECK(json_value(R"({"b": [1, 2.50], "a" :null})") == R"({"a":null,"b":[1e0,25e-1]})");
  for (const auto* one : {"1", "1.0", "10e-1", "0.1E+1", "1.000e0"}) CHECK(json_value(one) == "1e0");
  for (const auto* zero : {"0", "-0", "0.000", "-0e7"}) CHECK(json_value(zero) == "0e0");
  CHECK(json_value("12345678901234567890123456789") == "12345678901234567890123456789e0");
  CHECK(json_value("12345678901234567890123456788") != json_value("12345678901234567890123456789"));
  CHECK(json_value("-1.5e300") == "-15e299");
  CHECK(json_value(R"({"a":1,"a":2})") == R"({"a":2e0})");
  CHECK(json_value(R"("\u0041\n")") == R"("A\n")");
  CHECK(json_value(R"(["",{"":""}])") == R"(["",{"":""}])");
  for (const auto* broken : {"", "{", "[1,]", "nul", "{\"a\"}", "\"\xff\""}) CHECK_FALSE(json_value(broken));
  CHECK(json_value(std::string(128, '[') + std::string(128, ']')));
  CHECK_FALSE(json_value(std::string(129, '[') + std::string(129, ']')));
  CHECK_FALSE(json_value(std::string(1'000'000, '[')));
}

TEST_CASE("every field of a memory counts in its hash") {
  using change = std::function<void(v1::MemoryRecord&)>;
  const std::vector<change> changes = {
      [](auto& m) { m.set_id("2"); },
      [](auto& m) { m.set_tier(v1::TIER_LONG); },
      [](auto& m) { m.set_namespace_("n2"); },
      [](auto& m) { m.set_title("t2"); },
      [](auto& m) { m.set_content("c2"); },
      [](auto& m) { m.add_tags("y"); },
      [](auto& m) { m.set_tags(0, "y"); },
      [](auto& m) { m.clear_tags(); },
      [](auto& m) { m.set_priority(6); },
      [](auto& m) { m.set_confidence(0.5); },
      [](auto& m) { m.set_source("cli"); },
      [](auto& m) { m.set_access_count(1); },
      [](auto& m) { m.set_created_at("2026-01-01T00:00:00Z"); },
      [](auto& m) { m.set_updated_at("2026-01-02T00:00:00.0+00:00"); },
      [](auto& m) { m.set_last_accessed_at(""); },
      [](auto& m) { m.set_expires_at("2027-01-01T00:00:00Z"); },
      [](auto& m) { m.set_metadata(R"({"a":1})"); },
  };
  const auto before = content_hash(memory_row());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    auto row = memory_row();
    changes[i](*row.mutable_memory());
    CHECK(content_hash(row) != before);
  }
  auto row = memory_row();
  row.mutable_memory()->set_metadata(R"({"b":1.0,"a":[]})");
  auto other = memory_row();
  other.mutable_memory()->set_metadata(R"({ "a": [], "b": 1 })");
  CHECK(content_hash(row) == content_hash(other));
}

TEST_CASE("rows of different tables differ, and so do a text that moves from one field to the next") {
  v1::TransferRow archived;
  *archived.mutable_archived()->mutable_memory() = memory_row().memory();
  CHECK(content_hash(archived) != content_hash(memory_row()));
  v1::TransferRow a;
  a.mutable_link()->set_source_id("ab");
  a.mutable_link()->set_target_id("c");
  v1::TransferRow b;
  b.mutable_link()->set_source_id("a");
  b.mutable_link()->set_target_id("bc");
  CHECK(content_hash(a) != content_hash(b));
  CHECK(identity_of(a) != identity_of(b));
}

TEST_CASE("the later of two rows: a change wins over any use") {
  auto row = memory_row();
  const auto updated = *parse_timestamp_us("2026-01-02T00:00:00Z");
  CHECK(time_of(row).changed_us == updated);
  auto used = row;
  used.mutable_memory()->set_last_accessed_at("2026-01-05T00:00:00.5Z");
  CHECK(time_of(used) > time_of(row));
  auto changed = row;
  changed.mutable_memory()->set_updated_at("2026-01-03T00:00:00Z");
  CHECK(time_of(changed) > time_of(used));
  changed.mutable_memory()->set_updated_at("tomorrow");
  CHECK(time_of(changed) < time_of(row));
  v1::TransferRow pending;
  pending.mutable_pending()->set_requested_at("2026-01-01T00:00:00Z");
  const auto requested = time_of(pending).changed_us;
  pending.mutable_pending()->add_approvals()->set_approved_at("2026-01-01T00:00:01Z");
  CHECK(time_of(pending).changed_us == requested + 1'000'000);
  pending.mutable_pending()->set_decided_at("2026-01-01T00:00:02Z");
  CHECK(time_of(pending).changed_us == requested + 2'000'000);
}

TEST_CASE("a row that was used more is told from one that differs") {
  const auto read = memory_row();
  auto there = read;
  CHECK_FALSE(is_same_used_more(read, there));
  auto& memory = *there.mutable_memory();
  memory.set_access_count(read.memory().access_count() + 1);
  memory.set_priority(10);
  memory.set_tier(v1::TIER_LONG);
  memory.set_last_accessed_at("2027-01-01T00:00:00Z");
  memory.clear_expires_at();
  CHECK(is_same_used_more(read, there));
  CHECK_FALSE(is_same_used_more(there, read));
  auto other = there;
  other.mutable_memory()->set_content("c2");
  CHECK_FALSE(is_same_used_more(read, other));

  v1::TransferRow subscription;
  subscription.mutable_subscription()->set_id("s");
  auto delivered = subscription;
  delivered.mutable_subscription()->set_dispatch_count(2);
  delivered.mutable_subscription()->set_last_dispatched_at("2027-01-01T00:00:00Z");
  CHECK(is_same_used_more(subscription, delivered));
  CHECK_FALSE(is_same_used_more(delivered, subscription));
  auto another_time = subscription;
  another_time.mutable_subscription()->set_last_dispatched_at("2027-01-01T00:00:00Z");
  CHECK_FALSE(is_same_used_more(subscription, another_time));
  CHECK_FALSE(is_same_used_more(read, delivered));
  delivered.mutable_subscription()->set_url("https://other");
  CHECK_FALSE(is_same_used_more(subscription, delivered));
}

TEST_CASE("times to the microsecond") {
  CHECK(parse_timestamp_us("1970-01-01T00:00:01.234567891Z") == 1'234'567);
  CHECK(parse_timestamp_us("1969-12-31T23:59:59.9999999Z") == -1);
  CHECK(parse_timestamp("1969-12-31T23:59:59.9999999Z") == -1);
  CHECK(format_timestamp_us(1'234'567) == "1970-01-01T00:00:01.234567+00:00");
  CHECK(format_timestamp_us(-1) == "1969-12-31T23:59:59.999999+00:00");
  CHECK(format_timestamp_us(1'234'000) == "1970-01-01T00:00:01.234+00:00");
  CHECK(format_timestamp_us(1'000'000) == "1970-01-01T00:00:01+00:00");
}

}  // namespace quorate::memory
