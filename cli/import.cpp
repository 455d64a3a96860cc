// The verb that stores many records: import.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/batch_sender.hpp"
#include "cli/commands.hpp"
#include "cli/import_reader.hpp"
#include "cli/import_report.hpp"
#include "cli/parse.hpp"
#include "cli/progress.hpp"
#include "cli/record_flags.hpp"
#include "cli/verb.hpp"
#include "memory/compact_json.hpp"
#include "memory/json.hpp"
#include "memory/metadata.hpp"
#include "memory/reply_json.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t errors_shown_max = 20;
constexpr std::uint64_t batches_in_flight_max = 32;

struct import_flags {
  std::string file;
  std::string write_quorum;
  std::string in_flight = "4";
  std::string acknowledged_out;
  bool restamp = false;
  bool trust_source = false;
};

/// What an import did besides storing records.
struct import_extras {
  std::uint64_t restamped = 0;
  std::uint64_t links_imported = 0;
  std::uint64_t links_skipped = 0;
};

constexpr int link_attempts_max = 3;

/// An input file, or the standard input for "-".
class input_file {
 public:
  input_file(const std::string& name, int standard_input)
      : descriptor_(name == "-" ? standard_input : ::open(name.c_str(), O_RDONLY | O_CLOEXEC)), owned_(name != "-") {
    if (descriptor_ < 0) error_ = status::invalid("FILE", "cannot read " + name + ": " + std::strerror(errno));
  }
  ~input_file() {
    if (owned_ && descriptor_ >= 0) ::close(descriptor_);
  }
  input_file(const input_file&) = delete;
  input_file& operator=(const input_file&) = delete;

  int descriptor() const { return descriptor_; }
  const status& error() const { return error_; }

 private:
  int descriptor_;
  bool owned_;
  status error_;
};

std::string place_of(const import_item& item) { return "record at byte " + std::to_string(item.offset) + ": "; }

/// Makes the caller the author, and keeps who claimed to be it. False when there was no other author.
bool restamp(v1::MemoryRecord* record, const std::string& caller) {
  auto metadata = memory::compact_metadata(record->metadata());
  if (!metadata) return false;  // the node refuses it and says why
  const auto claimed = memory::find_member(*metadata, "agent_id");
  if (memory::text_member(*metadata, "agent_id") == caller) return false;
  if (claimed && *claimed != "null")
    *metadata = memory::with_member(*metadata, "imported_from_agent_id", std::string(*claimed));
  std::string author;
  memory::append_json_string(author, caller);
  record->set_metadata(memory::with_member(*metadata, "agent_id", author));
  return true;
}

/// Reads all there is and hands the records to the sender; what is none is reported. Links wait in `links`: both of
/// their ends must be there first.
void send_all(import_reader& reader, batch_sender& sender, import_report& report, const std::string& new_author,
              std::vector<import_item>& links, import_extras& extras) {
  while (auto item = reader.next()) {
    if (item->is_link && item->error.ok()) {
      links.push_back(std::move(*item));
      continue;
    }
    auto parsed = item->error.ok() ? memory::from_json(item->text) : result<v1::MemoryRecord>(item->error);
    if (!parsed) {
      report.failed({item->line, {}, place_of(*item) + parsed.error().message()}, false);
      continue;
    }
    if (!new_author.empty() && restamp(&*parsed, new_author)) ++extras.restamped;
    auto title = parsed->title();
    if (sender.add({item->line, std::move(*parsed)})) continue;
    // The batch that made the sender give up has said whether it was for want of a quorum.
    report.failed({item->line, std::move(title), "stopped here: no node takes writes; what follows was not sent"},
                  false);
    return;
  }
}

/// Links whose fate is unknown are sent again: linking twice is harmless.
net::call_result store_link(net::client& client, const v1::LinkRequest& request) {
  net::call_result result;
  for (int attempt = 0; attempt < link_attempts_max; ++attempt) {
    v1::LinkReply reply;
    result = client.call(request, &reply);
    if (result.outcome != net::call_outcome::indeterminate) break;
  }
  return result;
}

/// A link one of whose ends is not there is skipped; any other failure is an error of its line.
void send_links(net::client& client, const std::vector<import_item>& links, import_report& report,
                import_extras& extras) {
  for (const auto& item : links) {
    const auto link = memory::link_from_json(item.text);
    if (!link) {
      report.failed({item.line, {}, "link at byte " + std::to_string(item.offset) + ": " + link.error().message()},
                    false);
      continue;
    }
    v1::LinkRequest request;
    request.set_source_id(link->source_id());
    request.set_target_id(link->target_id());
    request.set_relation(link->relation());
    request.set_created_at(link->created_at());
    const auto result = store_link(client, request);
    if (result.ok())
      ++extras.links_imported;
    else if (result.reason == name_of(errc::not_found))
      ++extras.links_skipped;
    else
      report.failed({item.line, {}, "link: " + result.reason + ": " + result.message}, lacked_quorum(result));
  }
}

ordered_json errors_object(const import_report& report) {
  auto errors = ordered_json::array();
  for (const auto& each : report.errors())
    errors.push_back({{"line", each.line}, {"title", each.title}, {"error", each.error}});
  return errors;
}

void print_import(session& run, const import_report& report, const import_flags& flags, const import_extras& extras,
                  double seconds) {
  const auto totals = report.totals();
  if (run.json) {
    print(run, {{"imported", totals.imported},
                {"restamped", extras.restamped},
                {"trusted_source", !flags.restamp},
                {"errors", errors_object(report)},
                {"links_imported", extras.links_imported},
                {"links_skipped", extras.links_skipped},
                {"seconds", std::round(seconds * 1000) / 1000}});
    return;
  }
  const auto errors = report.errors();
  for (const auto& each : errors)
    run.terminal().err << "quorate: line " << each.line << (each.title.empty() ? "" : " \"" + each.title + "\"") << ": "
                       << each.error << '\n';
  if (totals.errors > errors.size())
    run.terminal().err << "quorate: and " << totals.errors - errors.size() << " more errors; --json lists all\n";
  if (extras.links_skipped > 0)
    run.terminal().err << "quorate: " << extras.links_skipped
                       << " links were skipped: a record at an end of each is missing\n";
  run.out() << "imported " << totals.imported << ", errors " << totals.errors;
  if (extras.links_imported > 0) run.out() << ", links " << extras.links_imported;
  run.out() << '\n';
}

int finish_import(session& run, const import_report& report) {
  if (const auto error = report.log_error(); !error)
    return run.complain("--acknowledged-out is not complete: " + error.message(), exit_failed);
  const auto totals = report.totals();
  if (totals.lacked_quorum) return exit_no_quorum;
  return totals.errors == 0 ? exit_done : exit_failed;
}

int import(session& run, const import_flags& flags) {
  if (flags.restamp && flags.trust_source)
    return run.complain(status::invalid("--trust-source", "does not go with --restamp"));
  const auto quorum = write_quorum_of(flags.write_quorum);
  if (!quorum) return run.complain(quorum.error());
  const auto in_flight = parse_number("--in-flight", flags.in_flight, 1, batches_in_flight_max);
  if (!in_flight) return run.complain(in_flight.error());
  const input_file file(flags.file, run.terminal().in_descriptor);
  if (!file.error()) return run.complain(file.error());
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  import_report report(run.json ? std::numeric_limits<std::size_t>::max() : errors_shown_max);
  if (!flags.acknowledged_out.empty())
    if (const auto opened = report.log_acknowledged_to(flags.acknowledged_out); !opened) return run.complain(opened);

  sender_options options;
  options.batches_in_flight = *in_flight;
  options.write_quorum = *quorum;
  progress shown(run.terminal().err, run.terminal().err_is_terminal, report);
  batch_sender sender(**client, report, options);
  import_reader reader(file.descriptor(), [&sender] { sender.flush(); });
  import_extras extras;
  std::vector<import_item> links;
  send_all(reader, sender, report, flags.restamp ? caller_of(run) : std::string(), links, extras);
  sender.finish();
  send_links(**client, links, report, extras);
  shown.stop();
  print_import(run, report, flags, extras, shown.seconds());
  return finish_import(run, report);
}

}  // namespace

void add_import_command(CLI::App& program, session& run) {
  auto in = std::make_shared<import_flags>();
  in->file = "-";
  auto& verb = add_verb(program, "import", "Store records and links from JSON lines or an ai-memory export",
                        "quorate import records.jsonl --acknowledged-out acknowledged.jsonl");
  verb.add_option("FILE", in->file, "The file; - reads the standard input")->capture_default_str();
  verb.add_option("--in-flight", in->in_flight, "Batches on their way at a time")->capture_default_str();
  verb.add_option("--acknowledged-out", in->acknowledged_out,
                  "Append id, namespace and title of each acknowledged record to this file");
  verb.add_flag("--restamp", in->restamp,
                "Make --agent-id the author; who was it before is kept as imported_from_agent_id");
  verb.add_flag("--trust-source", in->trust_source, "Keep the authors that the file names; this is the default");
  add_write_quorum_flag(verb, in->write_quorum);
  verb.callback([&run, in] { run.exit = import(run, *in); });
}

}  // namespace quorate::cli
