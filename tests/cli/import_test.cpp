// import and export as the user meets them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cli/import_report.hpp"
#include "tests/cli/fake_node.hpp"

using namespace quorate;
using namespace quorate::cli;
using namespace quorate::cli::tests;
using nlohmann::json;

namespace {

struct one_node {
  one_node() {
    node.on_store_batch = [this](const auto& request, auto* reply) { return log.take(request, reply); };
  }
  program_run run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--endpoints", node.address()});
    return run_program(std::move(arguments));
  }
  batch_log log;
  scratch_directory scratch;
  fake_node node;  // its threads end before what they wrote to goes
};

std::string line(const std::string& title, const std::string& content = "c") {
  return json{{"namespace", "n"}, {"title", title}, {"content", content}}.dump() + "\n";
}

}  // namespace

TEST_SUITE("cli.import") {
  TEST_CASE("an import of good lines stores all of them as whole records") {
    std::atomic<bool> whole{true};
    one_node test;
    test.node.on_store_batch = [&](const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
      for (const auto& item : request.items())
        if (!item.full_record()) whole = false;
      return test.log.take(request, reply);
    };
    std::string text;
    for (int i = 0; i < 1'200; ++i) text += line("t" + std::to_string(i));
    const auto run = test.run({"import", test.scratch.write("in", text)});
    test.node.stop();
    CHECK(run.exit == 0);
    CHECK(run.out == "imported 1200, errors 0\n");
    CHECK(run.err.empty());
    CHECK(whole);
    CHECK(test.log.content.size() == 1'200);
    for (const auto& batch : test.log.batches) CHECK(batch.size() <= 500);
  }

  TEST_CASE("bad lines are reported one by one with line and byte, the rest is stored") {
    one_node test;
    const auto first = line("a");
    const auto file =
        test.scratch.write("in", first + "{\"title\":\n" + line("b") + "{\"title\":\"x\",\"priority\":\"high\"}\n");
    const auto run = test.run({"import", file, "--json"});
    CHECK(run.exit == 1);
    const auto object = json::parse(run.out);
    CHECK(object["imported"] == 2);
    REQUIRE(object["errors"].size() == 2);
    CHECK(object["errors"][0]["line"] == 2);
    const auto error = object["errors"][0]["error"].get<std::string>();
    CHECK(error.find("record at byte " + std::to_string(first.size())) != std::string::npos);
    CHECK(object["errors"][1]["line"] == 4);
    CHECK(object["errors"][1]["error"].get<std::string>().find("priority") != std::string::npos);
    CHECK(object["seconds"].is_number());
    CHECK(test.log.content.size() == 2);
  }

  TEST_CASE("errors as text are one line each, capped, and the rest is counted") {
    one_node test;
    std::string text;
    for (int i = 0; i < 30; ++i) text += "nonsense\n";
    const auto run = test.run({"import", test.scratch.write("in", text)});
    CHECK(run.exit == 1);
    CHECK(run.out == "imported 0, errors 30\n");
    CHECK(run.err.find("quorate: line 1: ") == 0);
    CHECK(run.err.find("and 10 more errors") != std::string::npos);
    CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 21);
    const auto all = test.run({"import", test.scratch.file("in"), "--json"});
    CHECK(json::parse(all.out)["errors"].size() == 30);
  }

  TEST_CASE("an ai-memory export is imported, then its links; one that leads nowhere is skipped") {
    one_node test;
    std::vector<v1::LinkRequest> seen;
    test.node.on_Link = [&](const v1::LinkRequest& request, v1::LinkReply*) {
      CHECK(test.log.content.size() == 2);
      seen.push_back(request);
      return request.target_id() == "2" ? grpc::Status::OK
                                        : grpc::Status(grpc::StatusCode::NOT_FOUND, "no such record");
    };
    const json object{
        {"memories", {json::parse(line("a")), json::parse(line("b"))}},
        {"links",
         {{{"source_id", "1"}, {"target_id", "2"}, {"relation", "supersedes"}, {"created_at", "2026-01-01T00:00:00Z"}},
          {{"source_id", "1"}, {"target_id", "3"}, {"relation", "related_to"}}}},
        {"count", 2}};
    for (const int indent : {-1, 2}) {
      CAPTURE(indent);
      const auto run = test.run({"import", test.scratch.write("in", object.dump(indent))});
      CHECK(run.exit == 0);
      CHECK(run.out == "imported 2, errors 0, links 1\n");
      CHECK(run.err == "quorate: 1 links were skipped: a record at an end of each is missing\n");
    }
    REQUIRE(seen.size() == 4);
    CHECK(seen[0].relation() == "supersedes");
    CHECK(seen[0].created_at() == "2026-01-01T00:00:00Z");
  }

  TEST_CASE("a link that is none, or that no node takes, is an error of its line") {
    one_node test;
    test.node.on_Link = [](const auto&, auto*) { return quorum_unreachable(); };
    const auto file = test.scratch.write(
        "in",
        line("a") + "{\"source_id\":\"1\"}\n{\"source_id\":\"1\",\"target_id\":\"2\",\"relation\":\"related_to\"}\n");
    const auto run = test.run({"import", file, "--json"});
    CHECK(run.exit == 3);
    const auto object = json::parse(run.out);
    CHECK(object["imported"] == 1);
    REQUIRE(object["errors"].size() == 2);
    CHECK(object["errors"][0]["line"] == 2);
    CHECK(object["errors"][1]["line"] == 3);
  }

  TEST_CASE("an author is kept unless the import is told to be the author") {
    one_node test;
    const auto file = test.scratch.write(
        "in", json{{"title", "T"}, {"content", "c"}, {"metadata", {{"agent_id", "ai:other"}, {"k", 1}}}}.dump());
    const auto metadata = [&](std::vector<std::string> more) {
      test.log.batches.clear();
      std::vector<std::string> arguments{"import", file, "--agent-id", "ai:me", "--json"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      const auto run = test.run(arguments);
      CHECK(run.exit == 0);
      auto object = json::parse(test.log.batches.at(0).at(0).metadata());
      object["restamped"] = json::parse(run.out)["restamped"];
      return object;
    };
    CHECK(metadata({}) == json{{"agent_id", "ai:other"}, {"k", 1}, {"restamped", 0}});
    CHECK(metadata({"--trust-source"}) == metadata({}));
    CHECK(metadata({"--restamp"})
          == json{{"agent_id", "ai:me"}, {"imported_from_agent_id", "ai:other"}, {"k", 1}, {"restamped", 1}});
    CHECK(test.run({"import", file, "--restamp", "--trust-source"}).exit == 2);
  }

  TEST_CASE("of lines with one name the last one wins") {
    one_node test;
    std::string text;
    for (int i = 0; i < 60; ++i) text += line("t" + std::to_string(i % 3), std::to_string(i));
    CHECK(test.run({"import", test.scratch.write("in", text)}).exit == 0);
    for (int i = 57; i < 60; ++i) CHECK(test.log.content["n/t" + std::to_string(i % 3)] == std::to_string(i));
  }

  TEST_CASE("a record the node refuses is an error of its line, exit code 1") {
    one_node test;
    test.node.on_store_batch = [&](const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
      const auto answer = test.log.take(request, reply);
      auto& item = *reply->mutable_items(1);
      item.Clear();
      item.set_code(grpc::StatusCode::INVALID_ARGUMENT);
      item.mutable_invalid_field()->set_field("content");
      item.mutable_invalid_field()->set_rule("must not be blank");
      return answer;
    };
    const auto run = test.run({"import", test.scratch.write("in", line("a") + "\n" + line("b") + line("c"))});
    CHECK(run.exit == 1);
    CHECK(run.out == "imported 2, errors 1\n");
    CHECK(run.err == "quorate: line 3 \"b\": content: must not be blank\n");
  }

  TEST_CASE("an import without a quorum returns 3, whatever else was wrong") {
    one_node test;
    test.node.on_store_batch = [](const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
      for (const auto& each : request.items()) {
        auto& item = *reply->add_items();
        if (each.memory().title() == "a") continue;
        item.set_code(grpc::StatusCode::UNAVAILABLE);
        item.mutable_write_failure()->set_outcome(v1::WriteFailure::INDETERMINATE);
        item.mutable_write_failure()->set_reason("quorum_timeout");
      }
      return grpc::Status::OK;
    };
    const auto run = test.run({"import", test.scratch.write("in", line("a") + line("b") + "nonsense\n"), "--json"});
    CHECK(run.exit == 3);
    CHECK(json::parse(run.out)["imported"] == 1);
    CHECK(json::parse(run.out)["errors"].size() == 2);
  }

  TEST_CASE("an import that no node takes stops, instead of trying every line") {
    const scratch_directory scratch;
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += line("t" + std::to_string(i));
    const auto run = run_program({"import", scratch.write("in", text), "--json", "--endpoints", dead_address()});
    CHECK(run.exit == 1);
    const auto object = json::parse(run.out);
    CHECK(object["imported"] == 0);
    CHECK(object["errors"].size() < 10'000);
    CHECK(object["errors"].back()["error"].get<std::string>().find("stopped here") == 0);
  }

  TEST_CASE("every acknowledged record is on file, no other") {
    one_node test;
    test.node.on_store_batch = [&](const v1::StoreBatchRequest& request, v1::StoreBatchReply* reply) {
      const auto answer = test.log.take(request, reply);
      auto& item = *reply->mutable_items(0);
      item.Clear();
      item.set_code(grpc::StatusCode::ALREADY_EXISTS);
      return answer;
    };
    const auto acknowledged = test.scratch.write("acknowledged", "{\"earlier\":true}\n");
    const auto run = test.run(
        {"import", test.scratch.write("in", line("a") + line("b") + line("c")), "--acknowledged-out", acknowledged});
    CHECK(run.exit == 1);
    CHECK(read_file(acknowledged)
          == "{\"earlier\":true}\n{\"id\":\"id-b\",\"namespace\":\"n\",\"title\":\"b\"}\n"
             "{\"id\":\"id-c\",\"namespace\":\"n\",\"title\":\"c\"}\n");
  }

  TEST_CASE("an acknowledgement that cannot be written down fails the import") {
    one_node test;
    const auto run = test.run({"import", test.scratch.write("in", line("a")), "--acknowledged-out", "/dev/full"});
    CHECK(run.exit == 1);
    CHECK(run.err.find("--acknowledged-out is not complete") != std::string::npos);
  }

  TEST_CASE("a file that is not there, and flags out of bounds, are usage errors") {
    one_node test;
    const auto file = test.scratch.write("in", line("a"));
    CHECK(test.run({"import", test.scratch.file("none")}).exit == 2);
    CHECK(test.run({"import", file, "--in-flight", "0"}).exit == 2);
    CHECK(test.run({"import", file, "--write-quorum", "most"}).exit == 2);
    CHECK(test.run({"import", file, "--acknowledged-out", "/nowhere/x"}).exit == 2);
    CHECK(test.run({"import"}).exit == 2);
    CHECK(test.log.batches.empty());
  }
}

TEST_SUITE("cli.export") {
  namespace {
  /// Two pages of two records.
  void serve_pages(fake_node& node) {
    node.on_list = [](const v1::ListRequest& request, v1::ListReply* reply) {
      const int first = request.cursor().empty() ? 0 : std::stoi(request.cursor());
      for (int i = first; i < first + 2; ++i) {
        auto& record = *reply->add_memories();
        record.set_id(std::to_string(i));
        record.set_tier(v1::TIER_MID);
        record.set_namespace_("n");
        record.set_title("t" + std::to_string(i));
        record.set_metadata("{}");
      }
      if (first == 0) reply->set_next_cursor("2");
      return grpc::Status::OK;
    };
    node.on_ListLinks = [](const auto&, auto*) { return grpc::Status::OK; };
  }
  void add_link(v1::ListLinksReply* reply, const std::string& source, const std::string& target) {
    auto& link = *reply->add_links();
    link.set_source_id(source);
    link.set_target_id(target);
    link.set_relation("related_to");
  }
  }  // namespace

  TEST_CASE("an export is one record a line, in the order of the listing, over all pages") {
    one_node test;
    serve_pages(test.node);
    const auto run = test.run({"export"});
    CHECK(run.exit == 0);
    std::istringstream lines(run.out);
    std::string text;
    for (int i = 0; i < 4; ++i) {
      REQUIRE(std::getline(lines, text));
      CHECK(json::parse(text)["title"] == "t" + std::to_string(i));
    }
    CHECK_FALSE(std::getline(lines, text));
  }

  TEST_CASE("an export ends with the links between its records, and import takes them back") {
    one_node test;
    serve_pages(test.node);
    test.node.on_ListLinks = [](const v1::ListLinksRequest& request, v1::ListLinksReply* reply) {
      CHECK(request.id().empty());
      add_link(reply, "0", "3");
      add_link(reply, "0", "of another namespace");
      return grpc::Status::OK;
    };
    int linked = 0;
    test.node.on_Link = [&](const v1::LinkRequest& request, v1::LinkReply*) {
      CHECK(request.target_id() == "3");
      ++linked;
      return grpc::Status::OK;
    };
    const auto file = test.scratch.file("out");
    for (const std::string format : {"jsonl", "ai-memory"}) {
      const auto run = test.run({"export", file, "--format", format, "--json"});
      CHECK(json::parse(run.out)["links"] == 1);
      CHECK(test.run({"import", file}).out == "imported 4, errors 0, links 1\n");
    }
    CHECK(linked == 2);
    CHECK(json::parse(read_file(file))["links"].size() == 1);
    test.node.on_ListLinks = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::DATA_LOSS, "damaged"); };
    CHECK(test.run({"export", file}).exit == 1);
  }

  TEST_CASE("an export to a file replaces it only when it is complete") {
    one_node test;
    serve_pages(test.node);
    const auto file = test.scratch.write("out", "old");
    auto run = test.run({"export", file, "--json"});
    CHECK(run.exit == 0);
    CHECK(json::parse(run.out)["exported"] == 4);
    const auto text = read_file(file);
    CHECK(std::count(text.begin(), text.end(), '\n') == 4);
    test.node.on_list = [](const v1::ListRequest& request, v1::ListReply* reply) {
      if (!request.cursor().empty()) return grpc::Status(grpc::StatusCode::DATA_LOSS, "damaged");
      reply->add_memories()->set_title("half");
      reply->set_next_cursor("x");
      return grpc::Status::OK;
    };
    run = test.run({"export", file});
    CHECK(run.exit == 1);
    CHECK(read_file(file) == text);
  }

  TEST_CASE("an export in the form of ai-memory is one object that import takes back") {
    one_node test;
    serve_pages(test.node);
    const auto file = test.scratch.file("out");
    REQUIRE(test.run({"export", "--format", "ai-memory", file}).exit == 0);
    const auto object = json::parse(read_file(file));
    CHECK(object["memories"].size() == 4);
    CHECK(object["links"] == json::array());
    const auto run = test.run({"import", file});
    CHECK(run.out == "imported 4, errors 0\n");
  }

  TEST_CASE("an empty export in the form of ai-memory is an empty object of the same shape") {
    one_node test;
    test.node.on_list = [](const auto&, auto*) { return grpc::Status::OK; };
    test.node.on_ListLinks = [](const auto&, auto*) { return grpc::Status::OK; };
    const auto run = test.run({"export", "--format", "ai-memory"});
    CHECK(json::parse(run.out)["memories"] == json::array());
  }

  TEST_CASE("an unknown format is a usage error") {
    one_node test;
    CHECK(test.run({"export", "--format", "xml"}).exit == 2);
  }
}
