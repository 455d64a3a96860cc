// The calls of curation.proto, through a channel: what they ask of the node, change and answer.
#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>

#include <limits>

#include "google/rpc/status.pb.h"
#include "memory/key.hpp"
#include "memory/operations.hpp"
#include "memory/usage.hpp"
#include "net/collect.hpp"
#include "net/memory_service.hpp"
#include "tests/net/fake_node_api.hpp"

using namespace quorate;
using namespace quorate::net;
using namespace quorate::net::tests;

namespace {

struct served_records {
  served_node node;

  std::string store(const std::string& title, const std::string& name_space = "global") {
    v1::StoreRequest request;
    request.mutable_memory()->set_title(title);
    request.mutable_memory()->set_content("content");
    request.mutable_memory()->set_namespace_(name_space);
    v1::StoreReply reply;
    grpc::ClientContext context;
    const auto end = node.memory().Store(&context, request, &reply);
    REQUIRE_MESSAGE(end.ok(), end.error_message());
    return reply.id();
  }
  /// A record whose expiry has come.
  std::string store_expired(const std::string& title) {
    v1::StoreRequest request;
    request.set_full_record(true);
    request.mutable_memory()->set_title(title);
    request.mutable_memory()->set_content("content");
    request.mutable_memory()->set_created_at("2024-01-01T00:00:00Z");
    request.mutable_memory()->set_expires_at("2024-01-02T00:00:00Z");
    v1::StoreReply reply;
    grpc::ClientContext context;
    REQUIRE(node.memory().Store(&context, request, &reply).ok());
    return reply.id();
  }
  bool is_live(const std::string& id) { return memory::find_record(node->reader, id, nullptr).ok(); }
  std::uint64_t archived() {
    v1::ArchiveStatsReply reply;
    grpc::ClientContext context;
    REQUIRE(node.memory().ArchiveStats(&context, {}, &reply).ok());
    return reply.total();
  }
};

template <class Request, class Reply>
grpc::Status call(served_node& node,
                  grpc::Status (v1::Memory::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                  const Request& request, Reply* reply) {
  grpc::ClientContext context;
  return (node.memory().*method)(&context, request, reply);
}

std::string field_of(const grpc::Status& end) {
  google::rpc::Status details;
  v1::InvalidField field;
  if (details.ParseFromString(end.error_details()) && details.details_size() > 0) details.details(0).UnpackTo(&field);
  return field.field();
}

}  // namespace

TEST_SUITE("net.curation") {
  TEST_CASE("a link is made, listed from both ends, and refused without its ends") {
    served_records records;
    v1::LinkRequest request;
    request.set_source_id(records.store("a"));
    request.set_target_id(records.store("b"));
    request.mutable_terms()->set_quorum(v1::WRITE_QUORUM_ALL);
    v1::LinkReply reply;
    REQUIRE(call(records.node, &v1::Memory::Stub::Link, request, &reply).ok());
    CHECK(reply.created());
    CHECK(reply.receipt().copies() == 2);
    CHECK(records.node->writes.back().quorum == write_quorum::all);
    CHECK(records.node->writes.back().keys.size() == 1);
    REQUIRE(call(records.node, &v1::Memory::Stub::Link, request, &reply).ok());
    CHECK_FALSE(reply.created());

    v1::ListLinksRequest listing;
    listing.set_id(request.target_id());
    v1::ListLinksReply links;
    REQUIRE(call(records.node, &v1::Memory::Stub::ListLinks, listing, &links).ok());
    REQUIRE(links.links_size() == 1);
    CHECK(links.links(0).relation() == "related_to");
    listing.set_limit(2'000);
    CHECK(field_of(call(records.node, &v1::Memory::Stub::ListLinks, listing, &links)) == "limit");

    request.set_relation("likes");
    CHECK(field_of(call(records.node, &v1::Memory::Stub::Link, request, &reply)) == "relation");
    request.set_relation("");
    request.set_target_id("nowhere");
    CHECK(call(records.node, &v1::Memory::Stub::Link, request, &reply).error_code() == grpc::StatusCode::NOT_FOUND);
    request.mutable_terms()->set_quorum(static_cast<v1::WriteQuorum>(9));
    CHECK(field_of(call(records.node, &v1::Memory::Stub::Link, request, &reply)) == "write_quorum");
  }

  TEST_CASE("a promotion says what became of the record, or what the clone is called") {
    served_records records;
    v1::PromoteRequest request;
    request.set_id(records.store("a", "org/team"));
    v1::PromoteReply reply;
    REQUIRE(call(records.node, &v1::Memory::Stub::Promote, request, &reply).ok());
    CHECK(reply.id() == request.id());
    CHECK(reply.clone_id().empty());
    CHECK(reply.receipt().copies_needed() == 2);
    request.set_to_namespace("org");
    REQUIRE(call(records.node, &v1::Memory::Stub::Promote, request, &reply).ok());
    CHECK(records.is_live(reply.clone_id()));
    // The record itself stays; what changes is the clone and the link.
    CHECK(records.node->writes.back().keys.size() == 3);  // clone, link, and where it would wait for an approval
    request.set_to_namespace("elsewhere");
    CHECK(field_of(call(records.node, &v1::Memory::Stub::Promote, request, &reply)) == "to_namespace");
    request.Clear();
    CHECK(field_of(call(records.node, &v1::Memory::Stub::Promote, request, &reply)) == "id");
  }

  TEST_CASE("a contradiction is resolved by one write, for two records that are there") {
    served_records records;
    v1::ResolveRequest request;
    request.set_winner_id(records.store("w"));
    request.set_loser_id(records.store("l"));
    v1::ResolveReply reply;
    const auto before = records.node->writes.size();
    REQUIRE(call(records.node, &v1::Memory::Stub::Resolve, request, &reply).ok());
    CHECK(records.node->writes.size() == before + 1);
    CHECK(records.node->writes.back().keys.size() == 3);
    request.set_loser_id("nowhere");
    CHECK(call(records.node, &v1::Memory::Stub::Resolve, request, &reply).error_code() == grpc::StatusCode::NOT_FOUND);
  }

  TEST_CASE("a consolidation is one write, and is refused when a source is missing or the name is taken") {
    served_records records;
    v1::ConsolidateRequest request;
    request.add_ids(records.store("a"));
    request.add_ids(records.store("b"));
    request.set_title("all");
    request.set_summary("both");
    v1::ConsolidateReply reply;
    const auto before = records.node->writes.size();
    REQUIRE(call(records.node, &v1::Memory::Stub::Consolidate, request, &reply).ok());
    CHECK(records.node->writes.size() == before + 1);
    CHECK(reply.consolidated() == 2);
    CHECK(records.is_live(reply.id()));
    CHECK_FALSE(records.is_live(request.ids(0)));
    CHECK(call(records.node, &v1::Memory::Stub::Consolidate, request, &reply).error_code()
          == grpc::StatusCode::ALREADY_EXISTS);
    request.set_title("other");
    CHECK(call(records.node, &v1::Memory::Stub::Consolidate, request, &reply).error_code()
          == grpc::StatusCode::NOT_FOUND);
    request.clear_ids();
    CHECK(field_of(call(records.node, &v1::Memory::Stub::Consolidate, request, &reply)) == "ids");
  }

  TEST_CASE("what is forgotten by namespace, tier or words goes to the archive, the rest stays") {
    served_records records;
    const auto a = records.store("a", "x");
    const auto b = records.store("b", "x");
    const auto c = records.store("c", "y");
    v1::ForgetRequest request;
    v1::ForgetReply reply;
    CHECK(call(records.node, &v1::Memory::Stub::Forget, request, &reply).error_code()
          == grpc::StatusCode::INVALID_ARGUMENT);
    request.set_namespace_("x");
    request.set_dry_run(true);
    REQUIRE(call(records.node, &v1::Memory::Stub::Forget, request, &reply).ok());
    CHECK(reply.matched() == 2);
    CHECK(reply.deleted() == 0);
    CHECK(records.is_live(a));

    request.set_dry_run(false);
    request.set_pattern("whatever");
    records.node->index.matches = {{memory::key_of("x", "a"), 1.0}, {memory::key_of("x", "gone"), 0.5}};
    REQUIRE(call(records.node, &v1::Memory::Stub::Forget, request, &reply).ok());
    CHECK(reply.matched() == 1);
    CHECK(reply.deleted() == 1);
    CHECK(reply.archived() == 1);
    CHECK_FALSE(records.is_live(a));
    CHECK(records.is_live(b));
    CHECK(records.archived() == 1);

    request.clear_pattern();
    request.set_tier(v1::TIER_LONG);
    REQUIRE(call(records.node, &v1::Memory::Stub::Forget, request, &reply).ok());
    CHECK(reply.matched() == 0);
    request.set_tier(v1::TIER_MID);
    request.set_keep_no_archive(true);
    REQUIRE(call(records.node, &v1::Memory::Stub::Forget, request, &reply).ok());
    CHECK(reply.deleted() == 1);
    CHECK(reply.archived() == 0);
    CHECK(records.archived() == 1);
    CHECK(records.is_live(c));
    request.set_namespace_(" ");
    CHECK(field_of(call(records.node, &v1::Memory::Stub::Forget, request, &reply)) == "namespace");
  }

  TEST_CASE("more records than go under way at a time are all forgotten") {
    served_records records;
    for (int i = 0; i < 300; ++i) records.store("t" + std::to_string(i), "x");
    v1::ForgetRequest request;
    request.set_namespace_("x");
    v1::ForgetReply reply;
    REQUIRE(call(records.node, &v1::Memory::Stub::Forget, request, &reply).ok());
    CHECK(reply.deleted() == 300);
    CHECK(records.archived() == 300);
  }

  TEST_CASE("a record that is stored anew while others are forgotten is left alone") {
    served_records records;
    records.store("a", "x");
    const auto b = records.store("b", "x");
    // The first removal meets a newer version; the second record changes before its turn.
    records.node->before_write = [&](std::size_t) {
      records.node->before_write = nullptr;
      records.node->reader.records.at(memory::key_of("x", "b")).stamp = {1'000'000, node_id{2}};
    };
    v1::ForgetRequest request;
    request.set_namespace_("x");
    v1::ForgetReply reply;
    REQUIRE(call(records.node, &v1::Memory::Stub::Forget, request, &reply).ok());
    CHECK(reply.matched() == 2);
    CHECK(reply.deleted() == 1);
    CHECK(records.is_live(b));
  }

  TEST_CASE("when a write fails the answer says how many were done before") {
    served_records records;
    for (int i = 0; i < 5; ++i) records.store("t" + std::to_string(i), "x");
    std::size_t removals = 0;
    records.node->refuse = [&] { return ++removals > 2 ? status(errc::quorum_unreachable, "1 of 3") : status(); };
    v1::ForgetRequest request;
    request.set_namespace_("x");
    v1::ForgetReply reply;
    const auto end = call(records.node, &v1::Memory::Stub::Forget, request, &reply);
    CHECK(end.error_code() == grpc::StatusCode::UNAVAILABLE);
    CHECK(end.error_message() == "2 of 5 were done, then: 1 of 3");
    CHECK(records.archived() == 2);
  }

  TEST_CASE("expired records are collected by writes that yield, those kept by use or unexpired are not") {
    served_records records;
    const auto gone = records.store_expired("gone");
    const auto used = records.store_expired("used");
    const auto fresh = records.store("fresh");
    CHECK_FALSE(records.node->writes.back().yields);
    v1::LinkRequest link;
    link.set_source_id(fresh);
    link.set_target_id(gone);
    v1::LinkReply linked;
    REQUIRE(call(records.node, &v1::Memory::Stub::Link, link, &linked).ok());
    const auto touched = memory::plan_touch(records.node->reader, {memory::key_of("global", "used")}, node_id{1},
                                            records.node->time().wall_ms());
    records.node->reader.apply(touched->mutations, {900, node_id{1}});
    v1::CollectExpiredRequest request;
    request.set_dry_run(true);
    v1::CollectExpiredReply reply;
    REQUIRE(call(records.node, &v1::Memory::Stub::CollectExpired, request, &reply).ok());
    CHECK(reply.collected() == 1);
    CHECK(records.is_live(gone));
    request.set_dry_run(false);
    REQUIRE(call(records.node, &v1::Memory::Stub::CollectExpired, request, &reply).ok());
    CHECK(reply.collected() == 1);
    CHECK(records.node->writes.back().yields);
    CHECK(records.node->writes.back().keys.size() == 2);
    CHECK_FALSE(records.is_live(gone));
    CHECK(records.is_live(used));
    CHECK(records.is_live(fresh));
    CHECK(records.archived() == 1);
    // The link may be newer than the record, so it is left where it is; it shows no more.
    v1::ListLinksReply links;
    REQUIRE(call(records.node, &v1::Memory::Stub::ListLinks, v1::ListLinksRequest(), &links).ok());
    CHECK(links.links().empty());
    REQUIRE(call(records.node, &v1::Memory::Stub::CollectExpired, request, &reply).ok());
    CHECK(reply.collected() == 0);
  }

  TEST_CASE("a record that is used between the look and the write is not collected, and without time nothing is") {
    served_records records;
    const auto id = records.store_expired("a");
    records.node->before_write = [&](std::size_t) {
      const auto touched = memory::plan_touch(records.node->reader, {memory::key_of("global", "a")}, node_id{1},
                                              records.node->time().wall_ms());
      records.node->reader.apply(touched->mutations, {900, node_id{1}});
    };
    const auto far_us = records.node->time().steady_us() + 60'000'000;
    const auto reply = collect_expired(*records.node, {}, far_us);
    REQUIRE(reply);
    CHECK(reply->collected() == 0);
    CHECK(records.is_live(id));
    records.node->reader.failure = status(errc::storage_failure, "planted");
    CHECK(collect_expired(*records.node, {}, far_us).error().code() == errc::storage_failure);
    records.node->reader.failure = {};
    CHECK(collect_expired(*records.node, {}, 0).error().code() == errc::deadline_exceeded);
  }

  TEST_CASE("the archive is listed, counted, restored from and purged") {
    served_records records;
    const auto id = records.store("a", "x");
    records.store("b", "x");
    v1::ForgetRequest forget;
    forget.set_namespace_("x");
    v1::ForgetReply forgotten;
    REQUIRE(call(records.node, &v1::Memory::Stub::Forget, forget, &forgotten).ok());
    v1::ListArchiveRequest listing;
    v1::ListArchiveReply list;
    REQUIRE(call(records.node, &v1::Memory::Stub::ListArchive, listing, &list).ok());
    CHECK(list.archived_size() == 2);
    CHECK(list.archived(0).archive_reason() == "forget");
    listing.set_limit(1'001);
    CHECK(field_of(call(records.node, &v1::Memory::Stub::ListArchive, listing, &list)) == "limit");

    v1::RestoreArchivedRequest restore;
    restore.set_id(id);
    v1::RestoreArchivedReply restored;
    REQUIRE(call(records.node, &v1::Memory::Stub::RestoreArchived, restore, &restored).ok());
    CHECK(restored.id() == id);
    CHECK(records.is_live(id));
    CHECK(records.node->writes.back().keys.size() == 2);
    const auto again = call(records.node, &v1::Memory::Stub::RestoreArchived, restore, &restored);
    CHECK(again.error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK(again.error_message() == "not found in archive");

    v1::PurgeArchiveRequest purge;
    purge.set_older_than_days(1);
    v1::PurgeArchiveReply purged;
    REQUIRE(call(records.node, &v1::Memory::Stub::PurgeArchive, purge, &purged).ok());
    CHECK(purged.purged() == 0);
    purge.set_older_than_days(std::numeric_limits<std::int64_t>::max());
    REQUIRE(call(records.node, &v1::Memory::Stub::PurgeArchive, purge, &purged).ok());
    CHECK(purged.purged() == 0);
    purge.set_older_than_days(-1);
    CHECK(field_of(call(records.node, &v1::Memory::Stub::PurgeArchive, purge, &purged)) == "older_than_days");
    purge.clear_older_than_days();
    purge.set_dry_run(true);
    REQUIRE(call(records.node, &v1::Memory::Stub::PurgeArchive, purge, &purged).ok());
    CHECK(purged.purged() == 1);
    CHECK(records.archived() == 1);
    purge.set_dry_run(false);
    REQUIRE(call(records.node, &v1::Memory::Stub::PurgeArchive, purge, &purged).ok());
    CHECK(purged.purged() == 1);
    CHECK(records.archived() == 0);
  }

  TEST_CASE("rows that are no records are in nobody's way, told by their name, overwritten and deleted") {
    served_records records;
    records.store("a");
    const auto expired = records.store_expired("b");
    const auto c = records.store("c");
    const auto put_none = [&](const std::string& title) {
      records.node->reader.records[memory::key_of("global", title)].value = "\xFF\xFF";
    };
    put_none("c");
    put_none("d");

    v1::GetRequest by_id;
    by_id.set_id(c);
    v1::GetReply got;
    auto end = call(records.node, &v1::Memory::Stub::Get, by_id, &got);
    CHECK(end.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
    CHECK(end.error_message().find("delete or overwrite it") != std::string::npos);

    v1::ListReply listed;
    REQUIRE(call(records.node, &v1::Memory::Stub::List, v1::ListRequest(), &listed).ok());
    CHECK(listed.memories_size() == 1);
    v1::StatsReply stats;
    REQUIRE(call(records.node, &v1::Memory::Stub::Stats, v1::StatsRequest(), &stats).ok());
    CHECK(stats.total() == 2);
    CHECK(stats.unreadable() == 2);
    v1::CollectExpiredReply collected;
    REQUIRE(call(records.node, &v1::Memory::Stub::CollectExpired, v1::CollectExpiredRequest(), &collected).ok());
    CHECK(collected.collected() == 1);
    CHECK_FALSE(records.is_live(expired));
    v1::ForgetRequest forgetting;
    forgetting.set_namespace_("global");
    v1::ForgetReply forgotten;
    REQUIRE(call(records.node, &v1::Memory::Stub::Forget, forgetting, &forgotten).ok());
    CHECK(forgotten.deleted() == 1);

    CHECK(records.store("c") == c);
    CHECK(records.is_live(c));
    v1::DeleteRequest deleting;
    deleting.mutable_name()->set_namespace_("global");
    deleting.mutable_name()->set_title("d");
    v1::DeleteReply deleted;
    end = call(records.node, &v1::Memory::Stub::Delete, deleting, &deleted);
    REQUIRE_MESSAGE(end.ok(), end.error_message());
    CHECK(records.node->reader.records.at(memory::key_of("global", "d")).deleted);
    put_none("c");
    deleting.clear_name();
    deleting.set_id(c);
    end = call(records.node, &v1::Memory::Stub::Delete, deleting, &deleted);
    REQUIRE_MESSAGE(end.ok(), end.error_message());
    REQUIRE(call(records.node, &v1::Memory::Stub::Stats, v1::StatsRequest(), &stats).ok());
    CHECK(stats.unreadable() == 0);
  }

  TEST_CASE("stats are those of this node's copy, and a failing store is said") {
    served_records records;
    records.store("a");
    records.store_expired("b");
    v1::StatsReply reply;
    REQUIRE(call(records.node, &v1::Memory::Stub::Stats, v1::StatsRequest(), &reply).ok());
    CHECK(reply.total() == 2);
    REQUIRE(reply.by_namespace_size() == 1);
    CHECK(reply.by_namespace(0).count() == 1);
    records.node->reader.failure = status(errc::corruption, "planted");
    CHECK(call(records.node, &v1::Memory::Stub::Stats, v1::StatsRequest(), &reply).error_code()
          == grpc::StatusCode::DATA_LOSS);
    v1::ArchiveStatsReply archive;
    CHECK(call(records.node, &v1::Memory::Stub::ArchiveStats, v1::ArchiveStatsRequest(), &archive).error_code()
          == grpc::StatusCode::DATA_LOSS);
  }
}
