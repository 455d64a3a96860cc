// The verbs that look into nodes: admin status, digest, actors, drill.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli::tests;
using nlohmann::json;

TEST_SUITE("cli.admin") {
  namespace {
  void describe(fake_node& node, const std::string& name, const std::string& root) {
    node.on_status = [name](const auto&, v1::StatusReply* reply) {
      reply->set_name(name);
      reply->set_state("serving");
      reply->set_records(5);
      reply->set_members(3);
      reply->set_write_quorum(2);
      auto& b = *reply->add_peers();
      b.set_name("b");
      b.set_up(true);
      b.set_counts(true);
      b.set_clock_known(true);
      b.set_clock_offset_ms(-3);
      auto& c = *reply->add_peers();
      c.set_name("c");
      c.set_entries_behind(12);
      auto& d = *reply->add_peers();
      d.set_name("d");
      d.set_up(true);
      d.set_counts(true);
      d.set_full(true);
      return grpc::Status::OK;
    };
    node.on_digest = [root](const auto&, v1::DigestReply* reply) {
      reply->set_root(root);
      reply->set_records(5);
      reply->add_buckets(root);
      return grpc::Status::OK;
    };
  }
  }  // namespace

  TEST_CASE("status shows every endpoint, peers up and down, and a dead endpoint as one row") {
    fake_node node;
    describe(node, "a", "r");
    const auto dead = dead_address();
    const auto run = run_program({"admin", "status", "--endpoints", node.address() + "," + dead});
    CHECK(run.exit == 1);
    CHECK(run.out.find("a     serving") != std::string::npos);
    CHECK(run.out.find("2 of 3") != std::string::npos);
    CHECK(run.out.find("UP    0       -3 ms") != std::string::npos);
    CHECK(run.out.find("DOWN  12      ?") != std::string::npos);
    CHECK(run.out.find("FULL  0       ?") != std::string::npos);
    CHECK(run.out.find("unreachable: cannot connect to " + dead) != std::string::npos);
    CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 5);
  }

  TEST_CASE("status --json tells reachable from unreachable nodes") {
    fake_node node;
    describe(node, "a", "r");
    const auto both = run_program({"admin", "status", "--json", "--endpoints", node.address() + "," + dead_address()});
    CHECK(both.exit == 1);
    CHECK(one_line(both.out));
    const auto nodes = json::parse(both.out)["nodes"];
    REQUIRE(nodes.size() == 2);
    CHECK(nodes[0]["reachable"] == true);
    CHECK(nodes[0]["peers"][0]["state"] == "UP");
    CHECK(nodes[0]["peers"][0]["clock_offset_ms"] == -3);
    CHECK(nodes[0]["peers"][1]["clock_offset_ms"].is_null());
    CHECK(nodes[1]["reachable"] == false);
    CHECK(run_at(node, {"admin", "status"}).exit == 0);
  }

  TEST_CASE("below the table stands why a node takes no writes, or who is away though it does") {
    fake_node filling, serving;
    filling.on_status = [](const auto&, v1::StatusReply* reply) {
      reply->set_name("a");
      reply->set_state("filling");
      reply->set_reason("this node's disk is new and waits for c");
      reply->set_advice("start c");
      reply->add_waiting_for("c");
      auto& c = *reply->add_peers();
      c.set_name("c");
      c.set_last_error("refused");
      return grpc::Status::OK;
    };
    serving.on_status = [](const auto&, v1::StatusReply* reply) {
      reply->set_name("b");
      reply->set_state("serving");
      reply->set_takes_writes(true);
      reply->set_complete(true);
      auto& c = *reply->add_peers();
      c.set_name("c");
      reply->add_notes("c has not been heard of for 12 s ('c' has the members\na, c)");
      return grpc::Status::OK;
    };
    const auto both = filling.address() + "," + serving.address();
    const auto text = run_program({"admin", "status", "--endpoints", both});
    CHECK(text.exit == 0);
    CHECK(text.out.find("\na takes no writes: this node's disk is new and waits for c; start c\n")
          != std::string::npos);
    CHECK(text.out.find("\nb takes writes, but c has not been heard of for 12 s ('c' has the members a, c)\n")
          != std::string::npos);
    const auto nodes = json::parse(run_program({"--json", "admin", "status", "--endpoints", both}).out)["nodes"];
    CHECK(nodes[0]["takes_writes"] == false);
    CHECK(nodes[0]["reason"] == "this node's disk is new and waits for c");
    CHECK(nodes[0]["advice"] == "start c");
    CHECK(nodes[0]["waiting_for"] == json::array({"c"}));
    CHECK(nodes[0]["complete"] == false);
    CHECK(nodes[1]["takes_writes"] == true);
    CHECK(nodes[1]["complete"] == true);
    CHECK(nodes[1]["notes"].size() == 1);
    CHECK(nodes[1]["peers"][0]["counts"] == false);
  }

  TEST_CASE("digest shows the root of every node and whether they are equal") {
    fake_node a, b, c;
    describe(a, "a", "\x01\xff");
    describe(b, "b", "\x01\xff");
    describe(c, "c", "\x02\xff");
    const auto equal = run_program({"admin", "digest", "--json", "--endpoints", a.address() + "," + b.address()});
    CHECK(equal.exit == 0);
    CHECK(json::parse(equal.out)["equal"] == true);
    CHECK(json::parse(equal.out)["nodes"][0]["root"] == "01ff");
    CHECK(json::parse(equal.out)["nodes"][0]["buckets"][0] == "01ff");
    const auto unequal = run_program({"admin", "digest", "--json", "--endpoints", a.address() + "," + c.address()});
    CHECK(json::parse(unequal.out)["equal"] == false);
    CHECK(run_at(a, {"admin", "digest"}).out.find("01ff  5") != std::string::npos);
  }

  TEST_CASE("actors shows the supervision tree") {
    fake_node node;
    node.on_actors = [](const auto&, v1::ActorsReply* reply) {
      auto& actor = *reply->add_actors();
      actor.set_name("writer");
      actor.set_state("running");
      actor.set_restarts(2);
      actor.set_last_reason("drill");
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"admin", "actors"}).out.find("writer  running  2         0        drill") != std::string::npos);
    const auto object = json::parse(run_at(node, {"admin", "actors", "--json"}).out);
    CHECK(object["nodes"][0]["actors"][0]["restarts"] == 2);
  }

  TEST_CASE("a drill goes to exactly one node") {
    fake_node node;
    v1::DrillRequest seen;
    node.on_drill = [&](const v1::DrillRequest& request, auto*) {
      seen = request;
      return grpc::Status::OK;
    };
    CHECK(run_at(node, {"admin", "drill", "kill-actor", "writer"}).exit == 0);
    CHECK(seen.kill_actor() == "writer");
    CHECK(run_at(node, {"admin", "drill", "cut-link", "b"}).out == "done\n");
    CHECK(seen.cut_link() == "b");
    CHECK(run_at(node, {"admin", "drill", "heal-link", "b"}).exit == 0);
    CHECK(seen.heal_link() == "b");
    CHECK(run_program({"admin", "drill", "cut-link", "b", "--endpoints", node.address() + ",other:1"}).exit == 2);
    node.on_drill = [](const auto&, auto*) {
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "run the node with --enable-drills");
    };
    CHECK(run_at(node, {"admin", "drill", "cut-link", "b"}).exit == 1);
    CHECK(run_at(node, {"admin", "drill"}).exit == 2);
  }
}
