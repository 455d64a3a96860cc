// Clusters as the ends of a migration, where nodes have to say something at an instant of the test's choice.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "cli/migrate/quorate_store.hpp"
#include "tests/cli/fake_node.hpp"

namespace quorate::cli::migrate {
namespace {

using tests::fake_node;

v1::TransferRow memory_row(const std::string& id) {
  v1::TransferRow row;
  row.mutable_memory()->set_id(id);
  return row;
}

/// One of three with a write quorum of two, that holds so many entries of the only log.
void be_member(fake_node& node, const std::string& name, std::uint64_t entries) {
  node.on_status = [=](const v1::StatusRequest&, v1::StatusReply* reply) {
    reply->set_name(name);
    reply->set_cluster_id("cluster");
    reply->set_members(3);
    reply->set_write_quorum(2);
    reply->set_state("serving");
    auto& end = *reply->add_vector();
    end.set_origin(1);
    end.set_epoch(7);
    end.set_sequence(entries);
    return grpc::Status();
  };
}

void import_as(fake_node& node, v1::ImportReply::Outcome outcome) {
  node.on_import = [=](const v1::ImportRequest& request, v1::ImportReply* reply) {
    for (int i = 0; i < request.rows_size(); ++i) reply->add_items()->set_outcome(outcome);
    return grpc::Status();
  };
}

/// Two members, of which the second is behind the first until it was asked three times.
struct lagging_pair {
  fake_node first;
  fake_node second;

  lagging_pair() {
    be_member(first, "a", 5);
    be_member(second, "b", 5);
    second.on_status = [this, caught_up = second.on_status](const v1::StatusRequest& request, v1::StatusReply* reply) {
      const auto status = caught_up(request, reply);
      if (second.calls("Status") <= 3) reply->mutable_vector(0)->set_sequence(4);
      return status;
    };
  }
  std::unique_ptr<row_target> target() const {
    auto opened = open_cluster_target({first.address(), second.address()}, {});
    REQUIRE_MESSAGE(opened, opened.error().message());
    return std::move(*opened);
  }
};

std::vector<std::string> ids_of(const row_batch& batch) {
  std::vector<std::string> ids;
  for (const auto& row : batch.rows) ids.push_back(row.memory().id());
  return ids;
}

/// A piece with two records, one that is left out, and after it a piece with only such.
void leave_out(fake_node& node) {
  const auto left_out = [](v1::ExportPiece& piece, const std::string& id, const std::string& title) {
    auto& one = *piece.add_left_out();
    one.set_id(id);
    one.mutable_name()->set_namespace_("n");
    one.mutable_name()->set_title(title);
    one.mutable_later()->set_namespace_("n");
    one.mutable_later()->set_title("later " + title);
  };
  v1::ExportPiece first;
  *first.add_rows() = memory_row("1");
  *first.add_rows() = memory_row("2");
  left_out(first, "1", "t");
  first.set_cursor("p");
  v1::ExportPiece second;
  left_out(second, "2", "u");
  second.set_cursor("q");
  node.pieces = {first, second};
}

const std::string line_of_first =
    "memory 1: names the later record n/later t; the other of that id, n/t, is not moved: delete one of the two by its "
    "name";

}  // namespace

TEST_SUITE("cli.cluster_rows") {
  TEST_CASE("a migration into a cluster ends when a write quorum holds what was found there") {
    lagging_pair members;
    import_as(members.first, v1::ImportReply::UNCHANGED);
    const auto target = members.target();
    REQUIRE(target->write({memory_row("1")}));
    CHECK(members.second.calls("Status") == 1);
    REQUIRE(target->finish());
    CHECK(members.second.calls("Status") == 4);
  }

  TEST_CASE("what was found before an interruption is asked for, too") {
    lagging_pair members;
    import_as(members.first, v1::ImportReply::KEPT);
    const auto interrupted = members.target();
    REQUIRE(interrupted->write({memory_row("1")}));
    const auto target = members.target();
    REQUIRE(target->take_over(interrupted->owed()));
    REQUIRE(target->finish());
    CHECK(members.second.calls("Status") == 4);
    CHECK_FALSE(target->take_over("no hex"));
    CHECK_FALSE(target->take_over("ff"));
  }

  TEST_CASE("what the cluster acknowledged itself needs no such question") {
    lagging_pair members;
    import_as(members.first, v1::ImportReply::WRITTEN);
    const auto target = members.target();
    REQUIRE(target->write({memory_row("1")}));
    CHECK(target->owed().empty());
    REQUIRE(target->finish());
    CHECK(members.second.calls("Status") == 1);
  }

  TEST_CASE("rows go to no node that lacks what the others hold: it would take an older row for the later one") {
    lagging_pair members;
    import_as(members.first, v1::ImportReply::WRITTEN);
    import_as(members.second, v1::ImportReply::WRITTEN);
    std::vector<std::string> endpoints{members.second.address()};
    SUBCASE("it is waited for") {
      members.second.on_status = [&, first = members.first.address(), all = members.second.on_status](
                                     const v1::StatusRequest& request, v1::StatusReply* reply) {
        const auto status = all(request, reply);
        reply->add_peers()->set_address(first);
        return status;
      };
    }
    SUBCASE("another one is asked") { endpoints.push_back(members.first.address()); }
    const auto target = open_cluster_target(endpoints, {});
    REQUIRE_MESSAGE(target, target.error().message());
    REQUIRE((*target)->write({memory_row("1")}));
    const bool named = endpoints.size() > 1;
    CHECK(members.first.calls("Import") == (named ? 1 : 0));
    CHECK(members.second.calls("Import") == (named ? 0 : 1));
    CHECK(members.second.calls("Status") == (named ? 2 : 4));
  }

  TEST_CASE("rows that a node cannot take now are given to another one") {
    fake_node first;
    fake_node second;
    be_member(first, "a", 5);
    be_member(second, "b", 5);
    first.on_import = [](const v1::ImportRequest& request, v1::ImportReply* reply) {
      for (int i = 0; i < request.rows_size(); ++i) {
        auto& item = *reply->add_items();
        if (i == 0) {
          item.set_outcome(v1::ImportReply::WRITTEN);
        } else {
          item.set_code(grpc::StatusCode::UNAVAILABLE);
          item.set_message("no quorum");
        }
      }
      return grpc::Status();
    };
    SUBCASE("row by row") {}
    SUBCASE("or not at all") {
      first.on_import = [](const v1::ImportRequest&, v1::ImportReply*) { return tests::quorum_unreachable(); };
    }
    import_as(second, v1::ImportReply::WRITTEN);
    const auto target = open_cluster_target({first.address(), second.address()}, {});
    REQUIRE_MESSAGE(target, target.error().message());
    const auto ends = (*target)->write({memory_row("1"), memory_row("2"), memory_row("3")});
    REQUIRE_MESSAGE(ends, ends.error().message());
    for (const auto& one : *ends) CHECK(one.end == row_end::written);
    CHECK(first.calls("Import") == 1);
    CHECK(second.calls("Import") == 1);
  }

  TEST_CASE("a target of which too few members answer is refused, because rows may be there that they lack") {
    fake_node node;
    be_member(node, "a", 5);
    const auto target = open_cluster_target({node.address()}, {});
    REQUIRE_FALSE(target);
    CHECK(target.error().code() == errc::quorum_unreachable);
    CHECK(target.error().context().find("only 1 of 3 members answer") == 0);
    CHECK(target.error().context().find("--to") != std::string::npos);
  }

  TEST_CASE("a row whose value is no record is told beside the rows of its table") {
    fake_node node;
    be_member(node, "a", 5);
    node.on_status = [whole = node.on_status](const v1::StatusRequest& request, v1::StatusReply* reply) {
      const auto status = whole(request, reply);
      reply->set_members(1);
      reply->set_write_quorum(1);
      return status;
    };
    v1::ExportPiece memories;
    *memories.add_rows() = memory_row("1");
    auto& memory = *memories.add_left_out();
    memory.set_unreadable("memories");
    memory.set_id("2");
    memory.mutable_name()->set_namespace_("n");
    memory.mutable_name()->set_title("t");
    memories.set_cursor("p");
    v1::ExportPiece others;
    others.add_left_out()->set_unreadable("pending_actions");
    others.mutable_left_out(0)->set_id("3");
    others.set_cursor("q");
    node.pieces = {memories, others};
    const auto source = open_cluster_source({node.address()}, {});
    REQUIRE_MESSAGE(source, source.error().message());
    const auto first = (*source)->next(10);
    REQUIRE((first && *first));
    CHECK(ids_of(**first) == std::vector<std::string>{"1"});
    REQUIRE((*first)->unreadable.size() == 1);
    CHECK((*first)->unreadable[0].line
          == "memories 2 (n/t): its value is no record and is not moved: delete or overwrite it");
    const auto second = (*source)->next(10);
    REQUIRE((second && *second));
    CHECK((*second)->rows.empty());
    CHECK((*second)->of == memory::table::pending);
    REQUIRE((*second)->unreadable.size() == 1);
    CHECK((*second)->unreadable[0].line
          == "pending_actions 3: its value is no record and is not moved: delete or overwrite it");
    const auto end = (*source)->next(10);
    REQUIRE(end);
    CHECK_FALSE(*end);
  }

  TEST_CASE("a record whose id names another one is told, once") {
    fake_node node;
    be_member(node, "a", 5);
    node.on_status = [whole = node.on_status](const v1::StatusRequest& request, v1::StatusReply* reply) {
      const auto status = whole(request, reply);
      reply->set_members(1);
      reply->set_write_quorum(1);
      return status;
    };
    leave_out(node);
    const auto open = [&](const std::string& position) {
      auto source = open_cluster_source({node.address()}, {});
      REQUIRE_MESSAGE(source, source.error().message());
      if (!position.empty()) (*source)->continue_after(position);
      return std::move(*source);
    };
    const auto source = open({});
    const auto first = source->next(1);
    REQUIRE((first && *first));
    CHECK(ids_of(**first) == std::vector<std::string>{"1"});
    REQUIRE((*first)->unreadable.size() == 1);
    CHECK((*first)->unreadable[0].line == line_of_first);
    CHECK((*first)->unreadable[0].name_space == "n");
    const auto second = source->next(1);
    REQUIRE((second && *second));
    CHECK(ids_of(**second) == std::vector<std::string>{"2"});
    CHECK((*second)->unreadable.empty());
    const auto third = source->next(1);
    REQUIRE((third && *third));
    CHECK((*third)->rows.empty());
    CHECK((*third)->of == memory::table::memories);
    CHECK((*third)->unreadable.size() == 1);
    const auto end = source->next(1);
    REQUIRE(end);
    CHECK_FALSE(*end);

    // An interruption behind any of the batches neither repeats nor loses one.
    const auto behind_first = open((*first)->position)->next(10);
    REQUIRE((behind_first && *behind_first));
    CHECK(ids_of(**behind_first) == std::vector<std::string>{"2"});
    CHECK((*behind_first)->unreadable.empty());
    const auto behind_second = open((*second)->position)->next(10);
    REQUIRE((behind_second && *behind_second));
    CHECK((*behind_second)->rows.empty());
    REQUIRE((*behind_second)->unreadable.size() == 1);
    CHECK((*behind_second)->unreadable[0].line == (*third)->unreadable[0].line);
    const auto behind_third = open((*third)->position)->next(10);
    REQUIRE(behind_third);
    CHECK_FALSE(*behind_third);
  }
}

}  // namespace quorate::cli::migrate
