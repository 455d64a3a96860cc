// Rows that go into one node and come out of another, as they are.
#include "memory/transfer_row.hpp"
#include "net/client.hpp"
#include "tests/e2e/fixture.hpp"

namespace quorate::e2e {
namespace {

constexpr int memories = 700;

v1::TransferRow memory_row(int i) {
  v1::TransferRow row;
  auto& record = *row.mutable_memory();
  record.set_id("m" + std::to_string(i));
  record.set_tier(v1::TIER_MID);
  record.set_namespace_("n");
  record.set_title("title " + std::to_string(i));
  record.set_content("content");
  record.set_priority(5);
  record.set_confidence(0.5);
  record.set_source("elsewhere");
  record.set_access_count(i);
  record.set_created_at("2020-01-01T00:00:00Z");
  record.set_updated_at("2020-01-02T00:00:00.5+02:00");
  record.set_metadata(R"({"agent_id":"alice"})");
  return row;
}

v1::TransferRow link_row() {
  v1::TransferRow row;
  row.mutable_link()->set_source_id("m1");
  row.mutable_link()->set_target_id("m2");
  row.mutable_link()->set_relation("contradicts");
  row.mutable_link()->set_created_at("2020-01-03T00:00:00Z");
  return row;
}

/// All rows get this outcome there.
void import_all(net::client& node, const std::vector<v1::TransferRow>& rows, v1::ImportReply::Outcome outcome) {
  for (std::size_t first = 0; first < rows.size(); first += 500) {
    v1::ImportRequest request;
    for (std::size_t i = first; i < std::min(first + 500, rows.size()); ++i) *request.add_rows() = rows[i];
    v1::ImportReply reply;
    const auto end = node.import_rows(request, &reply);
    REQUIRE_MESSAGE(end.ok(), end.message);
    for (const auto& item : reply.items()) REQUIRE_MESSAGE(item.outcome() == outcome, item.message());
  }
}

}  // namespace

TEST_CASE("e2e.transfer: rows that were imported at one node are exported by another as they are") {
  running_cluster cluster;
  net::client a({cluster->address("a")}, {});
  net::client b({cluster->address("b")}, {});
  std::vector<v1::TransferRow> rows;
  for (int i = 0; i < memories; ++i) rows.push_back(memory_row(i));
  rows.push_back(link_row());
  import_all(a, rows, v1::ImportReply::WRITTEN);
  cluster.require_equal({"a", "b", "c"});

  std::map<std::string, v1::TransferRow> exported;
  const auto end = b.export_rows({}, [&](v1::ExportPiece& piece) {
    // Not of the instant that is exported.
    if (exported.empty()) CHECK(text_of(store(cluster->client("b"), "~ later", "content")) == "OK");
    for (auto& row : *piece.mutable_rows()) exported.emplace(memory::identity_of(row), row);
    return status();
  });
  REQUIRE_MESSAGE(end.ok(), end.message);
  CHECK(exported.size() == rows.size());
  for (const auto& row : rows) {
    const auto& copy = exported[memory::identity_of(row)];
    CHECK_MESSAGE(memory::content_hash(copy).low == memory::content_hash(row).low, memory::describe(row));
  }
  import_all(b, rows, v1::ImportReply::UNCHANGED);

  v1::FetchRequest request;
  request.add_rows()->mutable_memory()->set_id("m7");
  v1::FetchReply reply;
  REQUIRE(b.fetch_rows(request, &reply).ok());
  REQUIRE(reply.rows_size() == 1);
  CHECK(reply.rows(0).memory().access_count() == 7);
}

}  // namespace quorate::e2e
