#include "chaos/gate/migration_source.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "chaos/sample_records.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

using nlohmann::ordered_json;

constexpr milliseconds import_bound(300'000);
constexpr milliseconds decide_bound(20'000);
constexpr milliseconds decide_pause(50);
constexpr std::uint64_t seed = 3;
constexpr std::size_t archived_rows = 25;
constexpr std::size_t linked_rows = 40;
constexpr std::size_t agents = 2;
constexpr std::size_t shown_bytes = 300;
constexpr auto voter = "ai:gate-voter";
constexpr auto other_voter = "human:gate";
constexpr auto governed = "phase3/governed";

std::string repeated(const std::string& part, std::size_t bytes) {
  std::string text;
  while (text.size() + part.size() <= bytes) text += part;
  text.append(bytes - text.size(), '.');
  return text;
}

/// One level is an object, the next an array, with this many around the innermost.
ordered_json nested(int levels) {
  ordered_json value = "innermost";
  for (int level = levels; level > 0; --level)
    value = level % 2 == 0 ? ordered_json::array({level, value}) : ordered_json{{"level", level}, {"next", value}};
  return value;
}

/// Each is odd in its own way.
std::vector<ordered_json> odd_records() {
  std::vector<ordered_json> all;
  const auto add = [&](const std::string& title, const ordered_json& more) {
    ordered_json record = {{"id", "odd-" + std::to_string(all.size())},
                           {"namespace", "phase3/odd"},
                           {"title", title},
                           {"content", "odd: " + title},
                           {"source", "import"},
                           {"created_at", "2025-03-01T08:00:00+00:00"},
                           {"updated_at", "2025-03-01T08:00:00+00:00"}};
    record.update(more);
    all.push_back(std::move(record));
  };
  add("scripts: Größe, тест, 記憶, ذاكرة, 🧠👩‍🔬",
      {{"namespace", "Ärzte/тест/記憶"},
       {"content", "e\u0301 is not \u00e9; \u202eright to left\u202c; \U0001F9E0\n\ttab"}});
  add(R"(quotes ' " '' "" `, \ % _ $1 ? :x ; -- /* {} NULL)", {{"content", R"('); DROP TABLE memories; --)"}});
  add("longest content", {{"content", repeated("ab c\n", 65'536)}});
  add("longest content of long characters", {{"content", repeated("記憶 ", 65'536)}});
  add(repeated("T", 512), {{"content", "a title of 512"}});
  add("expired", {{"tier", "short"}, {"expires_at", "2025-03-01T14:00:00+00:00"}});
  add("for ever", {{"tier", "long"}, {"priority", 10}, {"confidence", 0.0}});
  add("least", {{"priority", 1}, {"confidence", 0.1 + 0.2}, {"access_count", 9'007'199'254'740'993}});
  add("tags in their order, one twice",
      {{"tags", ordered_json::array({"zebra", "a b", "é", "zebra", repeated("t", 128), "x,y", "\"quoted\""})}});
  add("an old hand's source", {{"source", "obsidian vault"}, {"metadata", {{"agent_id", "host:old:pid-1-deadbeef"}}}});
  add("a source in another script", {{"source", "заметки"}});
  add("nested", {{"metadata", nested(30)}});
  add("much metadata", {{"metadata", {{"notes", repeated("long ", 60'000)}, {"empty", ordered_json::object()}}}});
  add("shared", {{"metadata", {{"scope", "team"}, {"agent_id", voter}, {"list", {1, 2.5, -3, true, nullptr, ""}}}}});
  add("nanoseconds", {{"created_at", "2026-04-24T16:37:22.654117446+00:00"},
                      {"updated_at", "2026-04-24T16:37:23.000000001+00:00"},
                      {"last_accessed_at", "2026-04-25T00:00:00.123456789+00:00"}});
  add("times of elsewhere", {{"created_at", "2024-02-29T23:59:59.5+05:30"},
                             {"updated_at", "2024-03-01T00:00:00Z"},
                             {"last_accessed_at", "2024-12-31T16:00:00.25-08:00"},
                             {"expires_at", "2099-01-01T00:00:00Z"}});
  add("times at the ends", {{"created_at", "0001-01-01T00:00:00.000000001Z"},
                            {"updated_at", "9999-12-31T23:59:59.999999999-12:00"},
                            {"last_accessed_at", "2016-12-31T23:59:60Z"},
                            {"expires_at", "2098-01-01T00:00:00.123456789012345678901Z"}});
  add("a zero byte in metadata", {{"metadata", {{"zero", std::string("a\0b", 3)}}}});
  add("very old", {{"created_at", "1969-12-31T23:59:59.999+00:00"}, {"updated_at", "1970-01-01T00:00:00+00:00"}});
  all.back()["id"] = "an id with blanks: {ü} / #1 %2F";
  return all;
}

/// Numbers that do not fit a double, and ways to write one that a parser forgets.
constexpr auto number_line =
    R"({"id":"odd-numbers","namespace":"phase3/odd","title":"numbers","content":"as they are","source":"import",)"
    R"("created_at":"2025-03-01T08:00:00Z","metadata":{"big":123456789012345678901234567890,"fine":0.1234567890123456789,)"
    R"("e":1E2,"f":1.50,"zero":-0.0,"small":1e-300,"max":18446744073709551615,"escaped":"\u00fc\/\ud83e\udde0"}})";

class source_maker {
 public:
  source_maker(const quorate_program& program, const std::string& data) : program_(program), data_(data) {}

  /// Runs one verb unless an earlier one failed.
  ordered_json run(std::vector<std::string> arguments, milliseconds bound = import_bound) {
    if (!failed_) return {};
    const auto verb = arguments.front();
    const auto answer = ask(std::move(arguments), bound);
    if (answer.json) return *answer.json;
    fail(verb, answer);
    return {};
  }

  /// A decision asks the members first, which a node does not do in its first moments; asked twice it is the same.
  void decide(const std::vector<std::string>& arguments) {
    if (!failed_) return;
    program_answer answer;
    if (!wait_until(
            decide_bound,
            [&] {
              answer = ask(arguments, import_bound);
              return answer.exit_code == 0;
            },
            decide_pause))
      fail(arguments.front(), answer);
  }

  const status& failed() const { return failed_; }

 private:
  program_answer ask(std::vector<std::string> arguments, milliseconds bound) const {
    arguments.insert(arguments.begin(), {"--json", "--data", data_, "--agent-id", voter});
    return program_.run(std::move(arguments), bound);
  }
  void fail(const std::string& verb, const program_answer& answer) {
    failed_ = status(errc::internal, verb + " ended with " + std::to_string(answer.exit_code) + ": "
                                         + answer.output.substr(0, shown_bytes));
  }

  const quorate_program& program_;
  const std::string& data_;
  status failed_;
};

std::string link_line(std::size_t number) {
  static constexpr const char* relations[] = {"related_to", "supersedes", "contradicts", "derived_from"};
  return ordered_json(
             {{"source_id", "bulk-" + std::to_string(number)},
              {"target_id", "bulk-" + std::to_string((number * 7 + 1) % linked_rows)},
              {"relation", relations[number % 4]},
              {"created_at", number % 2 == 0 ? "2025-05-05T05:05:05Z" : "2025-05-05T05:05:05.123456789+00:00"}})
      .dump();
}

/// So many records, what will be archived and what will be deleted on top, then links.
status write_lines(const std::string& path, std::size_t records) {
  std::ofstream file(path);
  const auto odd = odd_records();
  for (const auto& record : odd) file << record.dump() << "\n";
  file << number_line << "\n";
  const auto bulk = make_sample_records(records - odd.size() - 1, seed);
  for (std::size_t i = 0; i < bulk.size(); ++i) {
    auto record = ordered_json::parse(to_json_line(bulk[i]));
    if (i < linked_rows) record["id"] = "bulk-" + std::to_string(i);
    file << record.dump() << "\n";
  }
  for (std::size_t i = 0; i < archived_rows; ++i)
    file << ordered_json({{"id", "old-" + std::to_string(i)},
                          {"namespace", "phase3/to-archive"},
                          {"title", "archived " + std::to_string(i)},
                          {"content", repeated("put away ", 10 * i + 9)},
                          {"tags", {"old", std::to_string(i)}},
                          {"tier", i % 2 == 0 ? "mid" : "long"},
                          {"source", "hook"},
                          {"created_at", "2025-02-02T02:02:02Z"},
                          {"metadata", {{"agent_id", voter}, {"number", i}}}})
                .dump()
         << "\n";
  file << R"({"id":"gone","namespace":"phase3","title":"deleted","content":"nobody shall move this"})"
       << "\n";
  for (std::size_t i = 1; i < linked_rows; ++i) file << link_line(i) << "\n";
  file.close();
  return file ? status() : status(errc::internal, "cannot write " + path);
}

/// Three acts that wait for an approval: one with a vote, one rejected, one untouched.
void fill_pending(source_maker& maker) {
  maker.run({"standards", "set", governed, "bulk-1", "--parent", "phase3", "--governance",
             R"({"write":"approve","promote":"any","delete":"approve","approver":{"consensus":2}})"});
  const auto voted = maker.run({"store", "--namespace", governed, "--title", "wants in", "--content", "with a vote"});
  const auto rejected = maker.run({"store", "--namespace", governed, "--title", "no", "--content", "rejected"});
  maker.run({"store", "--namespace", governed, "--title", "waits", "--content", "ünangetastet", "--metadata",
             R"({"why":{"deep":[1,2,{"x":null}]}})", "--tags", "a,b"});
  if (!maker.failed()) return;
  maker.decide({"pending", "approve", voted.value("pending_id", "")});
  maker.decide({"pending", "reject", rejected.value("pending_id", "")});
}

}  // namespace

status make_migration_source(const quorate_program& program, const std::string& data, const std::string& scratch,
                             std::size_t records) {
  const auto file = scratch + "/source.jsonl";
  if (auto written = write_lines(file, records - agents); !written) return written;
  source_maker maker(program, data);
  maker.run({"import", file});
  for (const std::string agent : {voter, other_voter})
    maker.run({"agents", "register", "--agent-id", agent, "--agent-type", agent == voter ? voter : "human",
               "--capabilities", "recall,store"});
  maker.run({"forget", "--namespace", "phase3/to-archive"});
  maker.run({"delete", "gone"});
  maker.run({"standards", "set", "phase3", "bulk-0"});
  fill_pending(maker);
  maker.run({"link", "bulk-2", "odd-0", "--relation", "contradicts"});
  maker.run({"subscriptions", "add", "https://example.org/all"});
  maker.run({"subscriptions", "add", "https://example.org/some?a=b&c=%20", "--events", "memory_store", "--secret",
             "whispered", "--namespace-filter", "phase3", "--agent-filter", other_voter});
  // Counts as a use of what it finds.
  maker.run({"recall", "retry queue connection pool", "--limit", "20"});
  return maker.failed();
}

}  // namespace quorate::chaos
