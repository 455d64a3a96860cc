#include "chaos/sample_records.hpp"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

namespace quorate::chaos {
namespace {

/// Our own generator: the standard distributions differ from library to library.
class dice {
 public:
  explicit dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  int below(int bound) { return static_cast<int>(next() % static_cast<std::uint64_t>(bound)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  template <std::size_t Size>
  std::string pick(const std::array<std::string_view, Size>& words) {
    return std::string(words[static_cast<std::size_t>(below(static_cast<int>(Size)))]);
  }

 private:
  std::uint64_t state_;
};

constexpr std::array<std::string_view, 14> services = {
    "billing-api",   "checkout", "search-index",   "ledger",         "mailer",        "webhooks",  "image-resizer",
    "session-store", "gateway",  "report-builder", "inventory-sync", "feature-flags", "audit-log", "mobile-sync"};
constexpr std::array<std::string_view, 12> people = {"Amara", "Bertil", "Chiara", "Dmitri", "Esther", "Farid",
                                                     "Greta", "Hiro",   "Ines",   "Jonas",  "Keiko",  "Luca"};
constexpr std::array<std::string_view, 6> agents = {"ai:reviewer", "ai:on-call",  "ai:planner",
                                                    "ai:release",  "ai:helpdesk", "ai:researcher"};
constexpr std::array<std::string_view, 12> components = {
    "the retry queue",      "the connection pool", "the nightly export",  "the rate limiter",
    "the schema migration", "the cache warm-up",   "the TLS termination", "the CSV importer",
    "the token refresh",    "the job scheduler",   "the change feed",     "the pagination cursor"};
constexpr std::array<std::string_view, 10> symptoms = {
    "answers 502 for about one request in forty", "holds connections open until the pool runs dry",
    "drops the last row of every page",           "doubles an event when the consumer restarts",
    "takes eleven seconds after a cold start",    "logs the full request body, tokens included",
    "ignores the time zone of the account",       "keeps retrying a request that can never succeed",
    "writes to the replica during failover",      "loses its place when two workers start at once"};
constexpr std::array<std::string_view, 10> causes = {"the health check hits the same thread pool as real traffic",
                                                     "a default timeout of zero means no timeout at all",
                                                     "the sort order was not stable across pages",
                                                     "an index was dropped together with an old column",
                                                     "two deployments shared one lease name",
                                                     "the library changed its default in a minor release",
                                                     "the clock of one host was off by four seconds",
                                                     "the batch size grew and nobody raised the limit",
                                                     "a feature flag was still on for internal accounts",
                                                     "the error was caught and logged as a warning"};
constexpr std::array<std::string_view, 10> remedies = {"cap retries at five with jitter",
                                                       "set the timeout explicitly in the client",
                                                       "sort by (created_at, id) everywhere",
                                                       "make the handler idempotent by event id",
                                                       "move the probe to its own port",
                                                       "pin the version until the fix is released",
                                                       "alert on the age of the oldest queued job",
                                                       "take the lease with a fencing token",
                                                       "redact headers before they reach the log",
                                                       "roll the limit out per tenant, smallest first"};
constexpr std::array<std::string_view, 8> preferences = {
    "short commit messages with the reason in the body", "tables rather than prose in status reports",
    "being asked before a dependency is added",          "metric units and ISO dates in everything",
    "reviews before noon and no calls on Fridays",       "examples in curl, not in screenshots",
    "a draft first, polish only after agreement",        "links to the dashboard next to every number"};
constexpr std::array<std::string_view, 8> decisions = {
    "keep one database per region",           "retire the SOAP endpoint at the end of the quarter",
    "sign every webhook with a rotating key", "store money as integers of the smallest unit",
    "answer 429 before the queue is full",    "run migrations ahead of the code that needs them",
    "ship the importer behind a flag",        "treat a missing heartbeat as an incident"};
constexpr std::array<std::string_view, 8> reasons = {"it is the only option that can be undone within a day",
                                                     "the alternative needs a second on-call rotation",
                                                     "two customers asked for it in writing",
                                                     "last year's outage started exactly there",
                                                     "it halves the number of states to test",
                                                     "the audit in spring will look at it first",
                                                     "nobody could say what the old way guaranteed",
                                                     "the measured difference was within noise"};
constexpr std::array<std::string_view, 6> teams = {"payments", "platform", "search", "growth", "mobile", "data"};

std::string date_of(dice& roll) {
  char text[40];
  std::snprintf(text, sizeof text, "2025-%02d-%02dT%02d:%02d:%02d+00:00", roll.between(1, 12), roll.between(1, 28),
                roll.between(6, 19), roll.below(60), roll.below(60));
  return text;
}

void incident(dice& roll, sample_record& record) {
  const auto service = roll.pick(services);
  const auto component = roll.pick(components);
  const int number = roll.between(1'000, 9'999);
  record.title = "INC-" + std::to_string(number) + " " + service + ": " + component;
  record.content = "On " + record.created_at.substr(0, 10) + " " + component + " of " + service + " "
                   + roll.pick(symptoms) + ". " + roll.pick(people) + " found that " + roll.pick(causes)
                   + ". Fixed after " + std::to_string(roll.between(6, 190))
                   + " minutes; follow-up: " + roll.pick(remedies) + ".";
  record.tags = {"incident", service};
  record.priority = roll.between(6, 10);
  record.tier = "long";
}

void decision(dice& roll, sample_record& record) {
  const auto what = roll.pick(decisions);
  record.title = "Decision " + std::to_string(roll.between(1, 899)) + ": " + what;
  record.content = roll.pick(people) + " and " + roll.pick(people) + " decided to " + what + ", because "
                   + roll.pick(reasons) + ". Reviewed again in " + std::to_string(roll.between(2, 12))
                   + " months. Concerns " + roll.pick(services) + " and " + roll.pick(services) + ".";
  record.tags = {"decision"};
  record.priority = roll.between(5, 9);
  record.tier = "long";
}

void preference(dice& roll, sample_record& record) {
  const auto person = roll.pick(people);
  record.title = person + " on " + roll.pick(services) + ", note " + std::to_string(roll.between(1, 999));
  record.content = person + " prefers " + roll.pick(preferences) + ". Said so while working on " + roll.pick(components)
                   + "; it held true " + std::to_string(roll.between(2, 9)) + " times since.";
  record.tags = {"preference", "person"};
  record.priority = roll.between(3, 7);
  record.tier = roll.below(2) ? "long" : "mid";
}

void how_to(dice& roll, sample_record& record) {
  const auto service = roll.pick(services);
  record.title =
      "How to: " + service + " when it " + roll.pick(symptoms) + " (" + std::to_string(roll.between(1, 99)) + ")";
  record.content = "1. Check whether " + roll.pick(causes) + ".\n2. If so: " + roll.pick(remedies)
                   + ".\n3. Otherwise page " + roll.pick(people) + "; the runbook is in the " + roll.pick(teams)
                   + " handbook.\nLast tried on " + record.created_at.substr(0, 10) + ", took "
                   + std::to_string(roll.between(3, 55)) + " minutes.";
  record.tags = {"how-to", service, "runbook"};
  record.priority = roll.between(4, 8);
  record.tier = "mid";
}

}  // namespace

std::vector<sample_record> make_sample_records(std::size_t count, std::uint64_t seed) {
  using shape = void (*)(dice&, sample_record&);
  static constexpr shape shapes[] = {incident, decision, preference, how_to};
  dice roll(seed);
  std::vector<sample_record> records;
  std::set<std::string> names;
  while (records.size() < count) {
    sample_record record;
    record.name_space = "team/" + roll.pick(teams);
    record.created_at = date_of(roll);
    record.agent = roll.pick(agents);
    shapes[roll.below(4)](roll, record);
    if (names.insert(record.name_space + '\0' + record.title).second) records.push_back(std::move(record));
  }
  return records;
}

std::string to_json_line(const sample_record& record) {
  const nlohmann::ordered_json json = {{"namespace", record.name_space},
                                       {"title", record.title},
                                       {"content", record.content},
                                       {"tier", record.tier},
                                       {"tags", record.tags},
                                       {"priority", record.priority},
                                       {"source", "import"},
                                       {"created_at", record.created_at},
                                       {"updated_at", record.created_at},
                                       {"metadata", {{"agent_id", record.agent}}}};
  return json.dump();
}

}  // namespace quorate::chaos
