// The curator over a store: what it changes, what it leaves alone, what can be taken back.
#include <doctest/doctest.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/curator_cycle.hpp"
#include "cli/curator_lease.hpp"
#include "cli/curator_undo.hpp"
#include "memory/curator.hpp"
#include "memory/timestamp.hpp"
#include "tests/cli/small_store.hpp"

using namespace quorate;
using namespace quorate::cli;
using namespace quorate::cli::tests;
using nlohmann::json;

namespace {

using list = std::vector<std::string>;
constexpr const char* alike = "rotate the deploy key every monday";

json curate(const small_store& store, list more = {}) {
  list arguments{"curator", "--once", "--json", "--agent-id", "curator"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto run = run_at(store.node, arguments);
  CHECK(run.exit == 0);
  CHECK(one_line(run.out));
  return json::parse(run.out);
}

std::string days_ago(int days) { return memory::format_timestamp(std::time(nullptr) * 1'000LL - days * 86'400'000LL); }

/// A model that answers from a script.
class scripted_model final : public llm_client {
 public:
  result<std::string> ask(const std::string&, const std::string&) override {
    ++asked;
    if (answers.empty()) return status(errc::unavailable, "no answer");
    auto answer = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return answer;
  }
  const std::string& model() const override { return name_; }
  std::vector<std::string> answers;
  int asked = 0;

 private:
  std::string name_ = "scripted";
};

}  // namespace

TEST_SUITE("cli.curator") {
  TEST_CASE("a dry run reports what it would do in upstream's order of keys, and changes nothing") {
    small_store store;
    store.add("a", alike);
    store.add("b", alike);
    store.add("winner", "the new truth about something");
    store.add("loser", "an old rumour");
    store.link("winner", "loser", "supersedes");
    store.add("old", "never asked for", days_ago(40));
    const auto before = store.records.size();
    const auto text = run_at(store.node, {"curator", "--once", "--dry-run", "--max-ops", "10", "--json"}).out;
    CHECK(keys_of(text)
          == list{"started_at", "completed_at", "cycle_duration_ms", "memories_scanned", "memories_eligible",
                  "auto_tagged", "contradictions_found", "operations_attempted", "operations_skipped_cap", "autonomy",
                  "errors", "dry_run", "truncated", "changed_meanwhile", "too_large", "governed"});
    const auto report = json::parse(text);
    CHECK(keys_of(nlohmann::ordered_json::parse(text)["autonomy"].dump())
          == list{"clusters_formed", "memories_consolidated", "memories_forgotten", "priority_adjustments",
                  "rollback_entries_written", "errors"});
    CHECK(report["autonomy"]["clusters_formed"] == 1);
    CHECK(report["autonomy"]["memories_consolidated"] == 2);
    CHECK(report["autonomy"]["memories_forgotten"] == 1);
    CHECK(report["autonomy"]["priority_adjustments"] >= 1);
    CHECK(report["autonomy"]["rollback_entries_written"] == 0);
    CHECK(report["dry_run"] == true);
    CHECK(store.records.size() == before);
    for (const char* write : {"Store", "Update", "Delete", "Consolidate"}) CHECK(store.node.calls(write) == 0);
  }

  TEST_CASE("a healthy cycle has one note in errors at most, whatever the number of records") {
    small_store store;
    for (int i = 0; i < 120; ++i) {
      const auto n = std::to_string(i);
      store.add("r" + n, "wort" + n + "a wort" + n + "b wort" + n + "c and some more text to make it long enough",
                days_ago(1));
    }
    const auto report = curate(store, {"--dry-run", "--max-ops", "10"});
    CHECK(report["errors"] == json{"no LLM client configured"});
    CHECK(report["memories_scanned"] == 80);
    CHECK(report["truncated"] == true);
    CHECK(curate(store, {"--dry-run"})["truncated"] == false);
  }

  TEST_CASE("records that are alike become one, and can be had back as they were") {
    small_store store;
    store.add("a", alike, "2026-01-01T00:00:00.000+00:00").set_metadata(R"({"agent_id":"ai:me"})");
    store.add("b", std::string(alike) + "\nand the spare one", "2026-01-02T00:00:00.000+00:00");
    store.add("c", "something else entirely", days_ago(1));
    store.link("a", "c", "related_to");
    const auto old = store.records;
    const auto report = curate(store);
    CHECK(report["autonomy"]["memories_consolidated"] == 2);
    CHECK(report["autonomy"]["rollback_entries_written"] == 1);
    CHECK(report["autonomy"]["errors"] == json::array());
    REQUIRE(store.by_id("merged") != nullptr);
    CHECK(store.by_id("merged")->content() == std::string(alike) + "\nand the spare one");
    CHECK(store.by_id("a") == nullptr);
    CHECK(store.titles("_curator/reports").size() == 1);
    const auto entries = store.titles("_curator/rollback");
    REQUIRE(entries.size() == 1);

    const auto undone = run_at(store.node, {"curator", "--rollback", "id of " + entries[0], "--json"});
    CHECK(undone.exit == 0);
    CHECK(json::parse(undone.out)["restored"] == 2);
    CHECK(json::parse(undone.out)["removed"] == 1);
    CHECK(store.by_id("merged") == nullptr);
    for (const auto& [name, record] : old) CHECK(store.records[name].SerializeAsString() == record.SerializeAsString());
    CHECK(store.titles("_curator/rollback").empty());
  }

  TEST_CASE("nothing is done about a record that was written since it was scanned") {
    small_store store;
    store.add("a", alike, days_ago(1));
    store.add("b", alike, days_ago(1));
    store.node.on_get = [&store, get = store.node.on_get](const v1::GetRequest& request, v1::GetReply* reply) {
      const auto answer = get(request, reply);
      // Somebody else's write that only a majority knows of.
      if (request.name().title() == "title of b" && request.consistency() == v1::READ_CONSISTENCY_QUORUM)
        reply->mutable_memory()->set_content("changed");
      return answer;
    };
    const auto report = curate(store);
    CHECK(report["changed_meanwhile"] == 1);
    CHECK(report["autonomy"]["errors"] == json::array());
    CHECK(store.node.calls("Consolidate") == 0);
    CHECK(store.by_id("a") != nullptr);
    CHECK(store.titles("_curator/rollback").empty());
  }

  TEST_CASE("a consolidation whose fate is unknown is told and can be taken back, one that came too late is no error") {
    small_store store;
    store.add("a", alike, days_ago(1));
    store.add("b", alike, days_ago(1));
    store.node.on_Consolidate = [](const auto&, auto*) { return indeterminate(); };
    const auto unknown = curate(store);
    REQUIRE(unknown["autonomy"]["errors"].size() == 1);
    CHECK(unknown["autonomy"]["errors"][0].get<std::string>().find("indeterminate") != std::string::npos);
    CHECK(store.titles("_curator/rollback").size() == 1);
    CHECK(unknown["autonomy"]["memories_consolidated"] == 0);
    store.node.on_Consolidate = [](const auto&, auto*) {
      return grpc::Status(grpc::StatusCode::ALREADY_EXISTS, "taken");
    };
    const auto late = curate(store);
    CHECK(late["autonomy"]["errors"] == json::array());
    CHECK(late["changed_meanwhile"] == 1);
    // The act was never made: taking it back changes nothing.
    const auto undone = run_at(store.node, {"curator", "--rollback-last", "1", "--json"});
    CHECK(undone.exit == 0);
    CHECK(json::parse(undone.out)["restored"] == 0);
    CHECK(store.by_id("a")->content() == alike);
  }

  TEST_CASE("superseded records are forgotten, but not two that supersede each other") {
    small_store store;
    store.add("winner", "the new truth", days_ago(1));
    store.add("loser", "an old rumour", days_ago(1));
    store.add("one", "first opinion", days_ago(1));
    store.add("two", "second view", days_ago(1));
    store.link("winner", "loser", "supersedes");
    store.link("one", "two", "supersedes");
    store.link("two", "one", "supersedes");
    store.link("winner", "one", "contradicts");
    CHECK(curate(store)["autonomy"]["memories_forgotten"] == 1);
    CHECK(store.by_id("loser") == nullptr);
    CHECK(store.by_id("one") != nullptr);
    CHECK(store.by_id("two") != nullptr);
    const auto links = store.links.size();
    CHECK(run_at(store.node, {"curator", "--rollback-last", "5"}).exit == 0);
    REQUIRE(store.by_id("loser") != nullptr);
    CHECK(store.by_id("loser")->content() == "an old rumour");
    CHECK(store.links.size() == links + 1);
  }

  TEST_CASE("a priority moves one step, and no further in the same week") {
    small_store store;
    store.add("old", "never asked for", days_ago(40));
    CHECK(curate(store)["autonomy"]["priority_adjustments"] == 1);
    CHECK(store.by_id("old")->priority() == 4);
    // A clock that passes into the next week between the two runs would allow a second step.
    CHECK(curate(store)["autonomy"]["priority_adjustments"] <= 1);
    CHECK(store.titles("_curator/rollback").size() <= 2);
    CHECK(run_at(store.node, {"curator", "--rollback-last", "2"}).exit == 0);
    CHECK(store.by_id("old")->priority() == 5);
  }

  TEST_CASE("a priority that somebody set since is left alone by a rollback") {
    small_store store;
    store.add("old", "never asked for", days_ago(40));
    curate(store);
    store.by_id("old")->set_priority(9);
    const auto undone = run_at(store.node, {"curator", "--rollback-last", "1", "--json"});
    CHECK(json::parse(undone.out)["kept"] == 1);
    CHECK(store.by_id("old")->priority() == 9);
  }

  TEST_CASE("namespaces are left out as told, the system's own always") {
    small_store store;
    for (const char* name : {"ops", "dev", "_agents"})
      for (const char* id : {"a", "b"}) store.add(std::string(name) + id, alike, days_ago(1), name);
    const auto clusters = [&](list more) {
      more.push_back("--dry-run");
      return curate(store, more)["autonomy"]["clusters_formed"].get<int>();
    };
    CHECK(clusters({}) == 2);
    CHECK(clusters({"--include-namespace", "ops"}) == 1);
    CHECK(clusters({"--include-namespace", "ops", "--include-namespace", "dev"}) == 2);
    CHECK(clusters({"--exclude-namespace", "ops"}) == 1);
    CHECK(clusters({"--include-namespace", "_agents"}) == 0);
  }

  TEST_CASE("what is past the limit of acts is counted, not done") {
    small_store store;
    for (int i = 0; i < 3; ++i)
      store.add("old" + std::to_string(i), "never asked for " + std::string(40, static_cast<char>('a' + i)),
                days_ago(40), "n" + std::to_string(i));
    const auto report = curate(store, {"--max-ops", "2"});
    CHECK(report["operations_attempted"] == 2);
    CHECK(report["operations_skipped_cap"] == 1);
    CHECK(report["autonomy"]["priority_adjustments"] == 2);
  }

  TEST_CASE("a namespace whose standard restricts deletion keeps its records") {
    small_store store;
    store.add("a", alike, days_ago(1));
    store.add("b", alike, days_ago(1));
    store.node.on_GetStandard = [](const v1::GetStandardRequest& request, v1::GetStandardReply* reply) {
      auto& standard = *reply->add_standards();
      standard.set_namespace_(request.namespace_());
      standard.set_found(true);
      standard.set_governance(R"({"write":"any","delete":"owner"})");
      return grpc::Status::OK;
    };
    const auto report = curate(store);
    CHECK(report["governed"] == 1);
    CHECK(report["autonomy"]["memories_consolidated"] == 0);
    CHECK(store.by_id("a") != nullptr);
  }

  TEST_CASE("a model's tags and contradictions go into the metadata; one that fails is told once") {
    small_store store;
    store.add("a", "the deploy key lives in the vault of the operations team", days_ago(1)).set_metadata(R"({"k":1})");
    store.add("b", "a deploy key is kept by somebody quite different nowadays, they say", days_ago(1));
    net::client client({store.node.address()}, {});
    const curator_settings settings{false, 10, {}, {}, "curator"};
    const auto now = [] { return std::time(nullptr) * 1'000LL; };
    std::string position;
    scripted_model silent;
    const auto failed = curator_cycle(client, settings, &silent, now, [] { return true; }).run(&position);
    CHECK(failed.errors.size() == 1);
    CHECK(silent.asked == 1);
    CHECK(failed.auto_tagged == 0);
    CHECK(store.by_id("a")->metadata() == R"({"k":1})");

    scripted_model model;
    model.answers = {"keys, vault", "yes", "keys, vault", "no"};
    const auto report = curator_cycle(client, settings, &model, now, [] { return true; }).run(&position);
    CHECK(report.errors.empty());
    CHECK(report.auto_tagged == 2);
    CHECK(report.contradictions_found == 1);
    const auto metadata = json::parse(store.by_id("a")->metadata());
    CHECK(metadata["k"] == 1);
    CHECK(metadata["auto_tags"].size() == 2);
    CHECK(metadata["confirmed_contradictions"] == json{"b"});
    CHECK(run_at(store.node, {"curator", "--rollback-last", "2"}).exit == 0);
    CHECK(store.by_id("a")->metadata() == R"({"k":1})");
  }

  TEST_CASE("a cycle that loses its lease stops before the next act") {
    small_store store;
    for (const char* name : {"n1", "n2", "n3"})
      for (const char* id : {"a", "b"}) store.add(std::string(name) + id, alike, days_ago(1), name);
    net::client client({store.node.address()}, {});
    const curator_settings settings{false, 10, {}, {}, "curator"};
    int allowed = 2;
    std::string position;
    const auto report = curator_cycle(
                            client, settings, nullptr, [] { return std::time(nullptr) * 1'000LL; },
                            [&allowed] { return allowed-- > 0; })
                            .run(&position);
    CHECK(store.node.calls("Consolidate") == 2);
    REQUIRE(report.errors.size() == 2);
    CHECK(report.errors[1].find("stopped") == 0);
  }

  TEST_CASE("the command line asks for exactly one thing to do") {
    small_store store;
    for (const list& wrong : {list{"curator"},
                              {"curator", "--once", "--daemon"},
                              {"curator", "--once", "--max-ops", "0"},
                              {"curator", "--once", "--rollback-last", "1"},
                              {"curator", "--rollback-last", "0"}})
      CHECK(run_at(store.node, wrong).exit == 2);
    CHECK(run_at(store.node, {"curator", "--rollback", "none"}).exit == 1);
    store.add("a", "no entry of a log");
    CHECK(run_at(store.node, {"curator", "--rollback", "a"}).exit == 2);
  }
}

TEST_SUITE("cli.curator_lease") {
  namespace {
  struct leases {
    small_store store;
    net::client client{{store.node.address()}, {}};
    std::int64_t now_ms = 1'000'000;
    curator_lease of(const std::string& owner) {
      return {client, owner, [this] { return now_ms; }};
    }
  };
  }  // namespace

  TEST_CASE("one holder at a time, until it gives the lease back") {
    leases test;
    auto a = test.of("a"), b = test.of("b");
    CHECK(a.take().ok());
    CHECK(a.hold());
    CHECK(b.take().code() == errc::conflict);
    CHECK_FALSE(b.hold());
    a.give_back();
    CHECK_FALSE(a.hold());
    CHECK(b.take().ok());
    CHECK(test.store.linearizable_writes == 3);
  }

  TEST_CASE("the lease of a holder that died runs out; if it was only slow it notices before its next act") {
    leases test;
    auto dead = test.of("dead"), next = test.of("next");
    REQUIRE(dead.take().ok());
    test.now_ms += curator_lease_ms - 1;
    CHECK(next.take().code() == errc::conflict);
    test.now_ms += 1;
    CHECK(next.take().ok());
    CHECK_FALSE(dead.hold());
    CHECK(next.hold());
  }

  TEST_CASE("a holder that works on keeps the lease, one that was silent too long has lost it") {
    leases test;
    auto a = test.of("a"), b = test.of("b");
    REQUIRE(a.take().ok());
    for (int i = 0; i < 10; ++i) {
      test.now_ms += curator_lease_ms * 3 / 4;
      CHECK(a.hold());
      CHECK(b.take().code() == errc::conflict);
    }
    test.now_ms += curator_lease_ms;
    CHECK_FALSE(a.hold());
  }

  TEST_CASE("without a majority nobody has the lease") {
    leases test;
    auto a = test.of("a");
    REQUIRE(a.take().ok());
    test.store.node.on_get = [](const auto&, auto*) { return quorum_unreachable(); };
    CHECK_FALSE(a.hold());
    auto b = test.of("b");
    CHECK(b.take().code() == errc::unavailable);
    const auto run = run_at(test.store.node, {"curator", "--once"});
    CHECK(run.exit == 1);
  }

  TEST_CASE("a lease that cannot be read, or lost a race for it, is not held") {
    leases test;
    test.store.records[{"_curator", "lease"}].set_content("not json");
    auto a = test.of("a");
    CHECK(a.take().ok());
    auto b = test.of("b");
    test.now_ms += curator_lease_ms;
    // Another one writes right after us.
    test.store.node.on_store = [&, store = test.store.node.on_store](const v1::StoreRequest& request,
                                                                     v1::StoreReply* reply) {
      const auto answer = store(request, reply);
      const std::lock_guard lock(test.store.mutex);
      test.store.records[{"_curator", "lease"}].set_content(R"({"owner":"c","until_ms":99000000})");
      return answer;
    };
    CHECK(b.take().code() == errc::conflict);
    CHECK_FALSE(b.hold());
  }
}
