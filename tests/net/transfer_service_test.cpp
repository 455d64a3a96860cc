// Rows through the service and its client: what goes out, what comes in, and how each row's end is told.
#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

#include "memory/key.hpp"
#include "memory/operations.hpp"
#include "memory/transfer_row.hpp"
#include "net/client.hpp"
#include "net/transfer_service.hpp"
#include "quorate/v1/transfer.grpc.pb.h"
#include "tests/net/fake_node_api.hpp"
#include "tests/support/eventually.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;

namespace {

v1::TransferRow memory_row(const std::string& id, const std::string& title) {
  v1::TransferRow row;
  auto& record = *row.mutable_memory();
  record.set_id(id);
  record.set_tier(v1::TIER_LONG);
  record.set_namespace_("n");
  record.set_title(title);
  record.set_content("content");
  record.set_priority(5);
  record.set_confidence(1);
  record.set_source("api");
  record.set_created_at("2026-01-01T00:00:00Z");
  record.set_updated_at("2026-01-02T00:00:00Z");
  record.set_metadata("{}");
  return row;
}

v1::TransferRow link_row(const std::string& source, const std::string& target) {
  v1::TransferRow row;
  row.mutable_link()->set_source_id(source);
  row.mutable_link()->set_target_id(target);
  row.mutable_link()->set_relation("related_to");
  row.mutable_link()->set_created_at("2026-01-01T00:00:00Z");
  return row;
}

/// A fake node, and the client of its services.
struct moved_rows {
  served_node node;
  client rows{node.channel(), "node", {}};

  v1::ImportReply import(const v1::ImportRequest& request) {
    v1::ImportReply reply;
    const auto end = rows.import_rows(request, &reply);
    REQUIRE_MESSAGE(end.ok(), end.message);
    REQUIRE(reply.items_size() == request.rows_size());
    return reply;
  }
  void fill(int memories) {
    for (int first = 0; first < memories; first += 500) {
      v1::ImportRequest request;
      for (int i = first; i < std::min(first + 500, memories); ++i)
        *request.add_rows() = memory_row("m" + std::to_string(i), std::to_string(i));
      const auto reply = import(request);
      for (const auto& item : reply.items()) REQUIRE(item.outcome() == v1::ImportReply::WRITTEN);
    }
  }
  std::vector<v1::TransferRow> exported(const std::string& cursor = {}) {
    std::vector<v1::TransferRow> all;
    const auto end = rows.export_rows(cursor, [&](v1::ExportPiece& piece) {
      all.insert(all.end(), piece.rows().begin(), piece.rows().end());
      return status();
    });
    CHECK_MESSAGE(end.ok(), end.message);
    return all;
  }
};

/// A node that is lost whenever a row is sent to it.
struct lost_node {
  struct service final : v1::Transfer::Service {
    grpc::Status Import(grpc::ServerContext*, const v1::ImportRequest*, v1::ImportReply*) override {
      ++calls;
      return {grpc::StatusCode::UNAVAILABLE, "connection reset"};
    }
    std::atomic<int> calls = 0;
  } transfer;
  int port = 0;
  std::unique_ptr<grpc::Server> server;

  lost_node() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&transfer);
    server = builder.BuildAndStart();
    REQUIRE(server);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port); }
};

}  // namespace

TEST_SUITE("net.transfer") {
  TEST_CASE("an export is all rows, in pieces, and goes on behind a piece") {
    moved_rows store;
    CHECK(store.exported().empty());
    store.fill(1'200);
    CHECK(store.exported().size() == 1'200);
    std::vector<int> sizes;
    std::string cursor;
    const auto end = store.rows.export_rows({}, [&](v1::ExportPiece& piece) {
      sizes.push_back(piece.rows_size());
      if (sizes.size() == 1) cursor = piece.cursor();
      return status();
    });
    CHECK(end.ok());
    REQUIRE(sizes.size() >= 3);
    CHECK(store.exported(cursor).size() == static_cast<std::size_t>(1'200 - sizes.front()));
    const auto astray = store.rows.export_rows("nowhere", [](v1::ExportPiece&) { return status(); });
    CHECK(astray.outcome == call_outcome::rejected);
    CHECK(astray.field == "cursor");
  }

  TEST_CASE("what is written during an export is not in it") {
    moved_rows store;
    store.fill(1'200);
    std::size_t rows = 0;
    const auto end = store.rows.export_rows({}, [&](v1::ExportPiece& piece) {
      if (rows == 0) {
        v1::ImportRequest late;
        *late.add_rows() = memory_row("late", "~behind all others");
        store.import(late);
      }
      for (const auto& row : piece.rows()) CHECK(row.memory().id() != "late");
      rows += static_cast<std::size_t>(piece.rows_size());
      return status();
    });
    CHECK(end.ok());
    CHECK(rows == 1'200);
    CHECK(store.exported().size() == 1'201);
  }

  TEST_CASE("an export ends with what its taker says, what its store says, or where there is no instant") {
    moved_rows store;
    store.fill(1'200);
    int pieces = 0;
    auto end = store.rows.export_rows({}, [&](v1::ExportPiece&) {
      ++pieces;
      return status(errc::disk_full, "no room");
    });
    CHECK(end.outcome == call_outcome::rejected);
    CHECK(end.reason == "disk_full");
    CHECK(pieces == 1);
    const auto take = [](v1::ExportPiece&) { return status(); };
    store.node->reader.failure = status(errc::corruption, "planted");
    end = store.rows.export_rows({}, take);
    CHECK(end.code == grpc::StatusCode::DATA_LOSS);
    store.node->holds_instants = false;
    end = store.rows.export_rows({}, take);
    CHECK(end.code == grpc::StatusCode::PERMISSION_DENIED);
  }

  TEST_CASE(
      "an export that is not read lets go of its instant, and says so to who reads on; one that is read does not") {
    constexpr std::int64_t patience_ms = 300;
    constexpr int pieces = 300;  // far more than the buffers of both ends of a connection
    fake_node_api node;
    call_pools pools;
    transfer_service service(node, pools, patience_ms);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    const auto server = builder.BuildAndStart();
    REQUIRE(server);
    const auto stub = v1::Transfer::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
    std::size_t rows = 0;
    for (int piece = 0; piece < pieces; ++piece) {
      v1::ImportRequest request;
      for (int i = 0; i < 4; ++i) {
        const auto id = std::to_string(rows++);
        *request.add_rows() = memory_row(id, id);
        request.mutable_rows(i)->mutable_memory()->set_content(std::string(60'000, 'x'));
      }
      v1::ImportReply reply;
      grpc::ClientContext context;
      REQUIRE(stub->Import(&context, request, &reply).ok());
    }
    v1::ExportPiece piece;
    const auto read_to_end = [&](grpc::ClientReader<v1::ExportPiece>& reader) {
      std::size_t read = 0;
      while (reader.Read(&piece)) read += static_cast<std::size_t>(piece.rows_size());
      return read;
    };
    {
      grpc::ClientContext context;
      const auto reader = stub->Export(&context, {});
      CHECK(read_to_end(*reader) == rows);
      CHECK(reader->Finish().ok());
      CHECK(testing::eventually([&] { return node.views == 0; }));
    }
    grpc::ClientContext context;
    const auto reader = stub->Export(&context, {});
    REQUIRE(reader->Read(&piece));
    CHECK(node.views == 1);
    CHECK(testing::eventually([&] { return node.views == 0; }));
    CHECK(read_to_end(*reader) < rows);
    const auto end = reader->Finish();
    CHECK(end.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
    CHECK(end.error_message().find("was not taken") != std::string::npos);
    // Behind what it has it can go on.
    grpc::ClientContext again;
    v1::ExportRequest rest;
    rest.set_cursor(piece.cursor());
    const auto second = stub->Export(&again, rest);
    CHECK(read_to_end(*second) > 0);
    CHECK(second->Finish().ok());
    server->Shutdown();
  }

  TEST_CASE("each row of an import has its own end, links find the memories before them, and again changes nothing") {
    moved_rows store;
    v1::ImportRequest request;
    request.mutable_terms()->set_quorum(v1::WRITE_QUORUM_ALL);
    *request.add_rows() = memory_row("a", "a");
    *request.add_rows() = memory_row("b", "b");
    *request.add_rows() = memory_row("wrong", " ");
    request.add_rows();
    *request.add_rows() = memory_row("c", "a");
    *request.add_rows() = link_row("a", "b");
    *request.add_rows() = link_row("a", "nowhere");
    auto reply = store.import(request);
    CHECK(reply.items(0).outcome() == v1::ImportReply::WRITTEN);
    CHECK(reply.items(0).code() == grpc::StatusCode::OK);
    CHECK(reply.items(1).outcome() == v1::ImportReply::WRITTEN);
    CHECK(reply.items(2).outcome() == v1::ImportReply::OUTCOME_UNSPECIFIED);
    CHECK(decode(reply.items(2)).field == "title");
    CHECK(decode(reply.items(3)).field == "row");
    CHECK(reply.items(4).code() == grpc::StatusCode::ALREADY_EXISTS);
    CHECK(reply.items(5).outcome() == v1::ImportReply::WRITTEN);
    CHECK(reply.items(6).code() == grpc::StatusCode::NOT_FOUND);
    CHECK(decode(reply.items(6)).outcome == call_outcome::rejected);
    for (const auto& write : store.node->writes) CHECK(write.quorum == write_quorum::all);
    const auto records = store.node->reader.records;

    reply = store.import(request);
    for (const int i : {0, 1, 5}) CHECK(reply.items(i).outcome() == v1::ImportReply::UNCHANGED);
    CHECK(store.node->reader.records == records);
    request.mutable_rows(0)->mutable_memory()->set_updated_at("2025-01-01T00:00:00Z");
    CHECK(store.import(request).items(0).outcome() == v1::ImportReply::KEPT);
  }

  TEST_CASE("an import that is linearizable asks about all that it changes") {
    moved_rows store;
    store.fill(1);
    v1::ImportRequest request;
    request.mutable_terms()->set_consistency(v1::WRITE_CONSISTENCY_LINEARIZABLE);
    *request.add_rows() = memory_row("m0", "renamed");
    request.mutable_rows(0)->mutable_memory()->set_updated_at("2026-01-03T00:00:00Z");
    CHECK(store.import(request).items(0).outcome() == v1::ImportReply::WRITTEN);
    CHECK(store.node->writes.back().keys.size() == 2);
  }

  TEST_CASE("a row that was superseded is planned again, over what is there then") {
    moved_rows store;
    store.fill(1);
    auto newer = memory_row("m0", "0");
    newer.mutable_memory()->set_updated_at("2026-05-01T00:00:00Z");
    store.node->newer = {{}, false, "m0", newer.memory().SerializeAsString()};
    v1::ImportRequest request;
    *request.add_rows() = memory_row("m0", "0");
    request.mutable_rows(0)->mutable_memory()->set_updated_at("2026-04-01T00:00:00Z");
    CHECK(store.import(request).items(0).outcome() == v1::ImportReply::KEPT);
  }

  TEST_CASE("a write that fails is told with what is known of it, and the others go on") {
    moved_rows store;
    int asked = 0;
    store.node->refuse = [&] { return ++asked == 1 ? status(errc::outcome_unknown, "1 of 3") : status(); };
    v1::ImportRequest request;
    *request.add_rows() = memory_row("a", "a");
    *request.add_rows() = memory_row("b", "b");
    const auto reply = store.import(request);
    CHECK(reply.items(0).outcome() == v1::ImportReply::OUTCOME_UNSPECIFIED);
    CHECK(decode(reply.items(0)).outcome == call_outcome::indeterminate);
    CHECK(reply.items(0).write_failure().outcome() == v1::WriteFailure::INDETERMINATE);
    CHECK(reply.items(1).outcome() == v1::ImportReply::WRITTEN);
    CHECK(decode(reply.items(1)).ok());
  }

  TEST_CASE("a batch that is unusable is refused as a whole") {
    moved_rows store;
    v1::ImportReply reply;
    v1::ImportRequest request;
    CHECK(store.rows.import_rows(request, &reply).field == "rows");
    for (int i = 0; i < 1'001; ++i) *request.add_rows() = memory_row("m" + std::to_string(i), std::to_string(i));
    CHECK(store.rows.import_rows(request, &reply).field == "rows");
    request.mutable_rows()->RemoveLast();
    *request.mutable_rows(7) = request.rows(999);
    CHECK(store.rows.import_rows(request, &reply).field == "rows");
    *request.mutable_rows(7) = memory_row("m7", "7");
    request.mutable_terms()->set_quorum(static_cast<v1::WriteQuorum>(9));
    CHECK(store.rows.import_rows(request, &reply).field == "write_quorum");
    CHECK(store.node->writes.empty());
    request.clear_terms();
    CHECK(store.rows.import_rows(request, &reply).ok());
  }

  TEST_CASE("rows are fetched by identity, those that are there, in the order asked") {
    moved_rows store;
    store.fill(3);
    v1::FetchRequest request;
    request.add_rows()->mutable_memory()->set_id("m2");
    request.add_rows()->mutable_memory()->set_id("nowhere");
    request.add_rows()->mutable_memory()->set_id("m0");
    v1::FetchReply reply;
    REQUIRE(store.rows.fetch_rows(request, &reply).ok());
    REQUIRE(reply.rows_size() == 2);
    CHECK(reply.rows(0).memory().id() == "m2");
    CHECK(reply.rows(1).memory().content() == "content");
    request.add_rows();
    CHECK(store.rows.fetch_rows(request, &reply).field == "rows");
    request.Clear();
    CHECK(store.rows.fetch_rows(request, &reply).field == "rows");
    for (int i = 0; i < 1'001; ++i) request.add_rows()->mutable_memory()->set_id("m0");
    CHECK(store.rows.fetch_rows(request, &reply).field == "rows");
  }

  TEST_CASE("rows that are more than one answer holds are not fetched in part") {
    moved_rows store;
    v1::ImportRequest large;
    for (int i = 0; i < 50; ++i) {
      *large.add_rows() = memory_row("m" + std::to_string(i), std::to_string(i));
      large.mutable_rows(i)->mutable_memory()->set_content(std::string(60'000, 'x'));
    }
    store.import(large);
    v1::FetchRequest request;
    for (const auto& row : large.rows()) request.add_rows()->mutable_memory()->set_id(row.memory().id());
    v1::FetchReply reply;
    CHECK(store.rows.fetch_rows(request, &reply).ok());
    CHECK(reply.rows_size() == 50);
    for (int i = 0; i < 40; ++i) *request.add_rows() = request.rows(i);
    CHECK(store.rows.fetch_rows(request, &reply).field == "rows");
  }

  TEST_CASE("rows whose fate is unknown are sent to the next node, and are indeterminate when there is none") {
    lost_node lost;
    fake_node_api other;
    auto server = start_grpc_server(other, "127.0.0.1:0");
    REQUIRE(server);
    v1::ImportRequest request;
    *request.add_rows() = memory_row("a", "a");
    v1::ImportReply reply;
    {
      client both({lost.address(), (*server)->address()}, {});
      const auto end = both.import_rows(request, &reply);
      CHECK_MESSAGE(end.ok(), end.message);
      CHECK(end.endpoint == (*server)->address());
      CHECK(lost.transfer.calls == 1);
      CHECK(memory::find_record(other.reader, "a", nullptr).ok());
      client alone({lost.address()}, {});
      CHECK(alone.import_rows(request, &reply).outcome == call_outcome::indeterminate);
    }
    (*server)->stop(0);
  }
}
