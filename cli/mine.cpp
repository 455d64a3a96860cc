// The verbs that make records of what is there: mine (of chat exports), auto-consolidate (of records with one tag).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/listing.hpp"
#include "cli/parse.hpp"
#include "cli/record_flags.hpp"
#include "cli/table.hpp"
#include "cli/transcript.hpp"
#include "cli/verb.hpp"
#include "memory/curator.hpp"
#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t title_bytes_max = 400;
constexpr std::size_t consolidated_max = 100;
constexpr std::uint64_t count_flag_max = 1'000'000;

struct mine_flags {
  std::string path;
  std::string format = "claude";
  std::string min_messages = "3";
  std::optional<std::string> name_space, tier;
  bool dry_run = false;
};

/// The files of an export: itself, or all that end in .json below a directory, in order of their names.
result<std::vector<std::filesystem::path>> files_of(const std::string& path) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(path, error)) return std::vector<std::filesystem::path>{path};
  for (std::filesystem::recursive_directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->is_regular_file() && entry->path().extension() == ".json") files.push_back(entry->path());
  if (error) return status::invalid("PATH", "cannot read " + path + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

result<std::vector<conversation>> conversations_in(const std::filesystem::path& file, transcript_format format) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return status::invalid("PATH", "cannot read " + file.string());
  auto all = read_transcript(format, text.str());
  if (!all || format != transcript_format::slack) return all;
  // A file of Slack's is a day of a channel: the directory is the channel, the file the day.
  for (auto& talk : *all) talk.title = talk.id = file.parent_path().filename().string() + " " + file.stem().string();
  return all;
}

/// A title that no other conversation of this run has.
std::string title_of(const conversation& talk, std::size_t part, std::size_t parts, std::set<std::string>& taken) {
  std::string title;
  for (const char c : talk.title.substr(0, title_bytes_max)) title += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  while (!title.empty() && !memory::validate_title(title).ok()) title.pop_back();
  if (title.empty()) title = "Conversation " + talk.id.substr(0, title_bytes_max);
  if (parts > 1) title += " (" + std::to_string(part + 1) + " of " + std::to_string(parts) + ")";
  const auto first = title;
  for (int number = 2; !taken.insert(title).second; ++number) title = first + " #" + std::to_string(number);
  return title;
}

struct mined {
  std::vector<v1::StoreRequest> records;
  std::uint64_t skipped = 0;
  std::uint64_t conversations = 0;
};

result<mined> mine_files(const mine_flags& flags, transcript_format format, const v1::StoreRequest& pattern) {
  const auto least = parse_number("--min-messages", flags.min_messages, 1, count_flag_max);
  if (!least) return least.error();
  const auto files = files_of(flags.path);
  if (!files) return files.error();
  mined all;
  std::set<std::string> taken;
  for (const auto& file : *files) {
    const auto talks = conversations_in(file, format);
    if (!talks) return talks.error();
    for (const auto& talk : *talks) {
      ++all.conversations;
      const auto parts = contents_of(talk, limits::content_bytes_max);
      if (talk.messages.size() < *least || parts.empty()) {
        ++all.skipped;
        continue;
      }
      for (std::size_t i = 0; i < parts.size(); ++i) {
        auto& request = all.records.emplace_back(pattern);
        request.mutable_memory()->set_title(title_of(talk, i, parts.size(), taken));
        request.mutable_memory()->set_content(parts[i]);
      }
    }
  }
  return all;
}

int mine(session& run, const mine_flags& flags) {
  const auto format = transcript_format_of(flags.format);
  if (!format)
    return run.complain(status::invalid("--format", "must be claude, chatgpt or slack, got \"" + flags.format + "\""));
  const auto tier = tier_of_flag(flags.tier);
  if (!tier) return run.complain(tier.error());
  v1::StoreRequest pattern;
  auto& record = *pattern.mutable_memory();
  record.set_namespace_(flags.name_space.value_or(flags.format + "-export"));
  record.set_tier(*tier == v1::TIER_UNSPECIFIED ? v1::TIER_MID : *tier);
  record.set_source("import");
  record.set_metadata(R"({"mined_from":"mine-)" + flags.format + "\"}");
  pattern.set_agent_id(caller_of(run));
  const auto all = mine_files(flags, *format, pattern);
  if (!all) return run.complain(all.error());

  std::uint64_t imported = 0;
  auto errors = ordered_json::array();
  int exit = exit_done;
  if (!flags.dry_run && !all->records.empty()) {
    auto client = run.connect();
    if (!client) return run.complain(client.error());
    for (const auto& request : all->records) {
      v1::StoreReply reply;
      const auto result = (*client)->store(request, &reply);
      if (result.ok() && !reply.has_pending()) {
        ++imported;
        continue;
      }
      errors.push_back(request.memory().title() + ": "
                       + (result.ok() ? "waits for an approval" : result.reason + ": " + result.message));
      exit = std::max(exit, result.ok() ? static_cast<int>(exit_failed) : exit_code_of(result));
    }
  }
  if (run.json) {
    ordered_json object{{"imported", imported},
                        {"skipped", all->skipped},
                        {"errors", errors},
                        {"total_conversations", all->conversations},
                        {"namespace", record.namespace_()},
                        {"tier", memory::text_of(record.tier())}};
    if (flags.dry_run) object["would_import"] = all->records.size();
    if (flags.dry_run) object["dry_run"] = true;
    print(run, object);
    return exit;
  }
  for (const auto& error : errors) run.complain(error.get<std::string>(), exit);
  run.out() << (flags.dry_run ? "would import " : "imported ") << (flags.dry_run ? all->records.size() : imported)
            << " of " << all->conversations << " conversations, skipped " << all->skipped << '\n';
  return exit;
}

struct group_flags {
  std::optional<std::string> name_space;
  std::string min_count = "3";
  bool short_only = false;
  bool dry_run = false;
  write_flags terms;
};

struct tag_group {
  std::string name_space;
  std::string tag;
  std::vector<v1::MemoryRecord> records;
};

/// By namespace and tag, those large enough; a record counts for the first of its tags that has a group.
std::vector<tag_group> groups_of(const std::vector<v1::MemoryRecord>& records, std::size_t least) {
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> by_tag;
  for (std::size_t i = 0; i < records.size(); ++i)
    for (const auto& tag : std::set<std::string>(records[i].tags().begin(), records[i].tags().end()))
      by_tag[{records[i].namespace_(), tag}].push_back(i);
  std::vector<tag_group> groups;
  std::vector<bool> taken(records.size());
  for (const auto& [key, members] : by_tag) {
    tag_group group{key.first, key.second, {}};
    std::vector<std::size_t> chosen;
    for (const auto index : members) {
      if (taken[index] || group.records.size() == consolidated_max) continue;
      group.records.push_back(records[index]);
      if (memory::merged_content(group.records).size() > limits::content_bytes_max)
        group.records.pop_back();
      else
        chosen.push_back(index);
    }
    if (group.records.size() < std::max<std::size_t>(least, 2)) continue;
    for (const auto index : chosen) taken[index] = true;
    groups.push_back(std::move(group));
  }
  return groups;
}

int print_groups(session& run, const std::vector<tag_group>& groups) {
  auto list = ordered_json::array();
  table rows({"NAMESPACE", "TAG", "RECORDS"});
  for (const auto& group : groups) {
    auto titles = ordered_json::array();
    for (const auto& record : group.records) titles.push_back(record.title());
    const auto count = group.records.size();
    list.push_back({{"namespace", group.name_space}, {"tag", group.tag}, {"count", count}, {"titles", titles}});
    rows.add({group.name_space, group.tag, std::to_string(count)});
  }
  if (run.json)
    print(run, {{"dry_run", true}, {"groups", std::move(list)}});
  else
    rows.print(run.out(), run.terminal().width);
  return exit_done;
}

v1::ConsolidateRequest request_of(const tag_group& group, const std::string& caller) {
  v1::ConsolidateRequest request;
  for (const auto& record : group.records) request.add_ids(record.id());
  request.set_namespace_(group.name_space);
  request.set_title(memory::merged_title(group.records));
  request.set_summary(memory::merged_content(group.records));
  request.set_agent_id(caller);
  return request;
}

int auto_consolidate(session& run, const group_flags& flags) {
  const auto least = parse_number("--min-count", flags.min_count, 2, consolidated_max);
  if (!least) return run.complain(least.error());
  v1::WriteTerms terms;
  if (const auto filled = fill_terms(flags.terms, &terms); !filled) return run.complain(filled);
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  v1::ListRequest request;
  if (flags.name_space) request.set_namespace_(*flags.name_space);
  if (flags.short_only) request.mutable_filter()->set_tier(v1::TIER_SHORT);
  std::vector<v1::MemoryRecord> records;
  const auto listed = for_each_record(**client, request, 0, [&](const v1::MemoryRecord& record) {
    if (memory::is_curated(record.namespace_())) records.push_back(record);
    return true;
  });
  if (!listed.ok()) return run.complain(listed);
  const auto groups = groups_of(records, *least);
  if (flags.dry_run) return print_groups(run, groups);
  std::uint64_t consolidated = 0;
  for (const auto& group : groups) {
    auto change = request_of(group, caller_of(run));
    *change.mutable_terms() = terms;
    v1::ConsolidateReply reply;
    if (const auto result = (*client)->call(change, &reply); !result.ok()) return run.complain(result, "consolidated");
    consolidated += reply.consolidated();
  }
  if (run.json)
    print(run, {{"consolidated", consolidated}});
  else
    run.out() << "consolidated " << consolidated << " into " << groups.size() << '\n';
  return exit_done;
}

}  // namespace

void add_mining_commands(CLI::App& program, session& run) {
  auto source = std::make_shared<mine_flags>();
  auto& mine_verb = add_verb(program, "mine", "Make records of the conversations in a chat export",
                             "quorate mine conversations.json --format chatgpt --dry-run");
  mine_verb.add_option("PATH", source->path, "The export's file, or the directory it was unpacked to")->required();
  mine_verb.add_option("-f,--format", source->format, "claude, chatgpt or slack")->capture_default_str();
  mine_verb.add_option("-n,--namespace", source->name_space, "Where to (default claude-export and so on)");
  mine_verb.add_option("-t,--tier", source->tier, "short, mid (the default) or long");
  mine_verb.add_option("--min-messages", source->min_messages, "Leave out shorter ones")->capture_default_str();
  mine_verb.add_flag("--dry-run", source->dry_run, "Only count them");
  mine_verb.callback([&run, source] { run.exit = mine(run, *source); });

  auto flags = std::make_shared<group_flags>();
  auto& verb = add_verb(program, "auto-consolidate", "Replace the records of each tag by one that holds what they say",
                        "quorate auto-consolidate --namespace ops --min-count 5 --dry-run");
  verb.add_option("-n,--namespace", flags->name_space, "Only this namespace");
  verb.add_option("--min-count", flags->min_count, "Only tags with so many records")->capture_default_str();
  verb.add_flag("--short-only", flags->short_only, "Only records of tier short");
  verb.add_flag("--dry-run", flags->dry_run, "Only show the groups");
  add_write_flags(verb, flags->terms);
  verb.callback([&run, flags] { run.exit = auto_consolidate(run, *flags); });
}

}  // namespace quorate::cli
