// The verbs about what becomes of records: link, links, resolve, promote, forget, consolidate, gc, archive.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli::tests;
using nlohmann::json;

namespace {

using list = std::vector<std::string>;
const auto not_found = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such record"); };

void durable(v1::WriteReceipt* receipt) {
  receipt->set_copies(2);
  receipt->set_copies_needed(2);
}

}  // namespace

TEST_SUITE("cli.curation") {
  TEST_CASE("link names two records and a relation, links lists what hangs together") {
    fake_node node;
    v1::LinkRequest seen;
    node.on_Link = [&](const v1::LinkRequest& request, v1::LinkReply* reply) {
      seen = request;
      reply->set_created(true);
      return grpc::Status::OK;
    };
    const auto run = run_at(node, {"link", "a", "b", "-r", "supersedes", "--write-quorum", "all", "--json"});
    CHECK(run.out == "{\"linked\":true,\"created\":true}\n");
    CHECK(seen.source_id() == "a");
    CHECK(seen.target_id() == "b");
    CHECK(seen.relation() == "supersedes");
    CHECK(seen.terms().quorum() == v1::WRITE_QUORUM_ALL);
    CHECK(run_at(node, {"link", "a", "b"}).out == "linked: a --related_to-> b\n");
    node.on_Link = not_found;
    CHECK(run_at(node, {"link", "a", "b"}).exit == 1);
    CHECK(run_at(node, {"link", "a"}).exit == 2);

    node.on_ListLinks = [](const v1::ListLinksRequest& request, v1::ListLinksReply* reply) {
      auto& link = *reply->add_links();
      link.set_source_id(request.id());
      link.set_target_id(request.cursor().empty() ? "b" : "c");
      link.set_relation("related_to");
      if (request.cursor().empty()) reply->set_next_cursor("1");
      return grpc::Status::OK;
    };
    const auto links = json::parse(run_at(node, {"links", "a", "--json"}).out);
    CHECK(links["count"] == 2);
    CHECK(links["links"][1]["target_id"] == "c");
    CHECK(run_at(node, {"links", "a"}).out.find("a       related_to  b") != std::string::npos);
    node.on_ListLinks = not_found;
    CHECK(run_at(node, {"links", "a"}).exit == 1);
  }

  TEST_CASE("a listing of links whose cursor leads nowhere ends") {
    fake_node node;
    node.on_ListLinks = [](const auto&, v1::ListLinksReply* reply) {
      reply->set_next_cursor("again");
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"links"}).exit == 1);
  }

  TEST_CASE("resolve says which record is right") {
    fake_node node;
    v1::ResolveRequest seen;
    node.on_Resolve = [&](const v1::ResolveRequest& request, v1::ResolveReply* reply) {
      seen = request;
      durable(reply->mutable_receipt());
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"resolve", "a", "b", "--json"}).out
          == "{\"resolved\":true,\"winner\":\"a\",\"loser\":\"b\"}\n");
    CHECK(seen.winner_id() == "a");
    CHECK(seen.loser_id() == "b");
    CHECK(run_at(node, {"resolve", "a", "b"}).out == "resolved: a supersedes b copies 2/2\n");
    node.on_Resolve = not_found;
    CHECK(run_at(node, {"resolve", "a", "b"}).exit == 1);
  }

  TEST_CASE("promote raises the tier, or clones into a namespace above") {
    fake_node node;
    v1::PromoteRequest seen;
    node.on_Promote = [&](const v1::PromoteRequest& request, v1::PromoteReply* reply) {
      seen = request;
      reply->set_id("full-id");
      if (!request.to_namespace().empty()) reply->set_clone_id("clone");
      durable(reply->mutable_receipt());
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"promote", "full", "--agent-id", "ai:me", "--json"}).out
          == "{\"promoted\":true,\"id\":\"full-id\",\"tier\":\"long\"}\n");
    CHECK(seen.id() == "full");
    CHECK(seen.allow_prefix());
    CHECK(seen.agent_id() == "ai:me");
    const auto clone = run_at(node, {"promote", "full", "--to-namespace", "a", "--json"}).out;
    CHECK(keys_of(clone) == list{"promoted", "mode", "source_id", "clone_id", "to_namespace"});
    CHECK(run_at(node, {"promote", "full"}).out == "promoted: full-id [long] copies 2/2\n");
    node.on_Promote = [](const auto&, v1::PromoteReply* reply) {
      reply->mutable_pending()->set_id("p1");
      reply->mutable_pending()->set_memory_id("full-id");
      return grpc::Status::OK;
    };
    const auto waits = run_at(node, {"promote", "full", "--json"});
    CHECK(waits.exit == 0);
    CHECK(json::parse(waits.out)["pending_id"] == "p1");
    node.on_Promote = [](const auto&, auto*) {
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "promote denied by governance");
    };
    CHECK(run_at(node, {"promote", "full"}).exit == 1);
  }

  TEST_CASE("forget needs a filter, and a dry run only counts") {
    fake_node node;
    v1::ForgetRequest seen;
    node.on_Forget = [&](const v1::ForgetRequest& request, v1::ForgetReply* reply) {
      seen = request;
      reply->set_matched(3);
      if (!request.dry_run()) reply->set_deleted(3);
      if (!request.dry_run()) reply->set_archived(3);
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"forget", "-n", "ops", "-p", "old keys", "-t", "mid", "--json"}).out
          == "{\"deleted\":3,\"archived\":3}\n");
    CHECK(seen.namespace_() == "ops");
    CHECK(seen.pattern() == "old keys");
    CHECK(seen.tier() == v1::TIER_MID);
    CHECK(run_at(node, {"forget", "-n", "ops", "--dry-run", "--json"}).out
          == "{\"would_delete\":3,\"dry_run\":true}\n");
    CHECK(run_at(node, {"forget", "-n", "ops"}).out == "forgot 3, archived 3\n");
    CHECK(run_at(node, {"forget"}).exit == 2);
    CHECK(run_at(node, {"forget", "-t", "huge"}).exit == 2);
    node.on_Forget = [](const auto&, auto*) { return quorum_unreachable(); };
    CHECK(run_at(node, {"forget", "-n", "ops"}).exit == 3);
  }

  TEST_CASE("consolidate replaces several records by one") {
    fake_node node;
    v1::ConsolidateRequest seen;
    node.on_Consolidate = [&](const v1::ConsolidateRequest& request, v1::ConsolidateReply* reply) {
      seen = request;
      reply->set_id("new");
      reply->set_consolidated(2);
      durable(reply->mutable_receipt());
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"consolidate", "a,b", "-T", "Both", "-s", "-", "-n", "ops", "--json"}, "the sum").out
          == "{\"id\":\"new\",\"consolidated\":2}\n");
    CHECK(list(seen.ids().begin(), seen.ids().end()) == list{"a", "b"});
    CHECK(seen.title() == "Both");
    CHECK(seen.summary() == "the sum");
    CHECK(seen.namespace_() == "ops");
    CHECK(seen.source() == "cli");
    CHECK_FALSE(seen.agent_id().empty());
    CHECK(run_at(node, {"consolidate", "a,b", "-T", "Both", "-s", "x"}).out == "consolidated 2 into new copies 2/2\n");
    CHECK(run_at(node, {"consolidate", "a,b", "-T", "Both"}).exit == 2);
    node.on_Consolidate = not_found;
    CHECK(run_at(node, {"consolidate", "a,b", "-T", "Both", "-s", "x"}).exit == 1);
  }

  TEST_CASE("gc counts what it collected") {
    fake_node node;
    node.on_CollectExpired = [](const auto&, v1::CollectExpiredReply* reply) {
      reply->set_collected(4);
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"gc", "--json"}).out == "{\"expired_deleted\":4}\n");
    CHECK(run_at(node, {"gc", "--dry-run"}).out == "would collect 4 expired\n");
    CHECK(json::parse(run_at(node, {"gc", "--dry-run", "--json"}).out)["would_delete"] == 4);
    node.on_CollectExpired = [](const auto&, auto*) { return quorum_unreachable(); };
    CHECK(run_at(node, {"gc"}).exit == 3);
  }

  TEST_CASE("archive lists, restores, purges and counts") {
    fake_node node;
    v1::ListArchiveRequest asked;
    node.on_ListArchive = [&](const v1::ListArchiveRequest& request, v1::ListArchiveReply* reply) {
      asked = request;
      auto& archived = *reply->add_archived();
      archived.mutable_memory()->set_id("a");
      archived.mutable_memory()->set_metadata("{}");
      archived.set_archive_reason("forget");
      return grpc::Status::OK;
    };
    const auto object =
        json::parse(run_at(node, {"archive", "list", "-n", "ops", "--limit", "5", "--offset", "2", "--json"}).out);
    CHECK(object["count"] == 1);
    CHECK(object["archived"][0]["archive_reason"] == "forget");
    CHECK(asked.namespace_() == "ops");
    CHECK(asked.limit() == 5);
    CHECK(asked.offset() == 2);
    CHECK(run_at(node, {"archive", "list", "--limit", "0"}).exit == 2);

    node.on_RestoreArchived = [](const v1::RestoreArchivedRequest& request, v1::RestoreArchivedReply* reply) {
      if (request.id() != "a") return grpc::Status(grpc::StatusCode::NOT_FOUND, "not in the archive");
      reply->set_id("a");
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"archive", "restore", "a", "--json"}).out == "{\"restored\":true,\"id\":\"a\"}\n");
    CHECK(run_at(node, {"archive", "restore", "b"}).exit == 1);

    v1::PurgeArchiveRequest purged;
    node.on_PurgeArchive = [&](const v1::PurgeArchiveRequest& request, v1::PurgeArchiveReply* reply) {
      purged = request;
      reply->set_purged(6);
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"archive", "purge", "--json"}).out == "{\"purged\":6}\n");
    CHECK_FALSE(purged.has_older_than_days());
    CHECK(run_at(node, {"archive", "purge", "--older-than-days", "0", "--dry-run"}).out == "would purge 6\n");
    CHECK(purged.older_than_days() == 0);
    CHECK(purged.has_older_than_days());
    CHECK(run_at(node, {"archive", "purge", "--older-than-days", "-1"}).exit == 2);

    node.on_ArchiveStats = [](const auto&, v1::ArchiveStatsReply* reply) {
      reply->set_total(6);
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"archive", "stats", "--json"}).out == "{\"archived_total\":6,\"by_namespace\":[]}\n");
    CHECK(run_at(node, {"archive"}).exit == 2);
    node.on_ArchiveStats = not_found;
    CHECK(run_at(node, {"archive", "stats"}).exit == 1);
  }
}
