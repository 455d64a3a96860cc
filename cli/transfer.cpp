// The verbs that move many records: import, export.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/batch_sender.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/import_reader.hpp"
#include "cli/import_report.hpp"
#include "cli/listing.hpp"
#include "cli/parse.hpp"
#include "cli/progress.hpp"
#include "cli/record_flags.hpp"
#include "cli/session.hpp"
#include "memory/json.hpp"

namespace quorate::cli {
namespace {

constexpr std::size_t errors_shown_max = 20;
constexpr std::uint64_t batches_in_flight_max = 32;

struct import_flags {
  std::string file;
  std::string write_quorum;
  std::string in_flight = "4";
  std::string acknowledged_out;
};

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

/// Reads all there is and hands it to the sender; what is no record is reported.
void send_all(import_reader& reader, batch_sender& sender, import_report& report) {
  while (auto item = reader.next()) {
    auto parsed = item->error.ok() ? memory::from_json(item->text) : result<v1::MemoryRecord>(item->error);
    if (!parsed) {
      report.failed({item->line, {}, place_of(*item) + parsed.error().message()}, false);
      continue;
    }
    auto title = parsed->title();
    if (sender.add({item->line, std::move(*parsed)})) continue;
    // The batch that made the sender give up has said whether it was for want of a quorum.
    report.failed({item->line, std::move(title), "stopped here: no node takes writes; what follows was not sent"},
                  false);
    return;
  }
}

nlohmann::ordered_json errors_object(const import_report& report) {
  auto errors = nlohmann::ordered_json::array();
  for (const auto& each : report.errors())
    errors.push_back({{"line", each.line}, {"title", each.title}, {"error", each.error}});
  return errors;
}

void print_import(session& run, const import_report& report, std::uint64_t links, double seconds) {
  const auto totals = report.totals();
  if (run.json) {
    nlohmann::ordered_json object{{"imported", totals.imported},
                                  {"errors", errors_object(report)},
                                  {"links_skipped", links},
                                  {"seconds", std::round(seconds * 1000) / 1000}};
    run.out() << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  const auto errors = report.errors();
  for (const auto& each : errors)
    run.terminal().err << "quorate: line " << each.line << (each.title.empty() ? "" : " \"" + each.title + "\"") << ": "
                       << each.error << '\n';
  if (totals.errors > errors.size())
    run.terminal().err << "quorate: and " << totals.errors - errors.size() << " more errors; --json lists all\n";
  if (links > 0) run.terminal().err << "quorate: " << links << " links were skipped: links are not stored yet\n";
  run.out() << "imported " << totals.imported << ", errors " << totals.errors << '\n';
}

int finish_import(session& run, const import_report& report) {
  if (const auto error = report.log_error(); !error)
    return run.complain("--acknowledged-out is not complete: " + error.message(), exit_failed);
  const auto totals = report.totals();
  if (totals.lacked_quorum) return exit_no_quorum;
  return totals.errors == 0 ? exit_done : exit_failed;
}

int import(session& run, const import_flags& flags) {
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
  send_all(reader, sender, report);
  sender.finish();
  shown.stop();
  print_import(run, report, reader.links(), shown.seconds());
  return finish_import(run, report);
}

struct export_flags {
  std::string file = "-";
  std::string format = "jsonl";
  std::optional<std::string> name_space;
};

/// Where an export goes: a new file, or the standard output.
class export_target {
 public:
  export_target(std::ostream& out, const std::string& file) : out_(out), to_file_(file != "-") {
    if (to_file_) error_ = file_.open(file);
  }
  void append(std::string_view bytes) {
    if (!error_) return;
    if (to_file_)
      error_ = file_.append(bytes);
    else if (!out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size())))
      error_ = status(errc::storage_failure, "cannot write to the output");
  }
  void finish() {
    if (error_.ok() && to_file_) error_ = file_.publish();
  }
  const status& error() const { return error_; }

 private:
  std::ostream& out_;
  bool to_file_;
  new_file file_;
  status error_;
};

int export_records(session& run, const export_flags& flags) {
  const bool as_object = flags.format == "ai-memory";
  if (!as_object && flags.format != "jsonl")
    return run.complain(status::invalid("--format", "must be jsonl or ai-memory, got \"" + flags.format + "\""));
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  export_target target(run.out(), flags.file);
  std::uint64_t count = 0;
  if (as_object) target.append("{\"memories\":[");
  const auto result = for_each_record(**client, flags.name_space, 0, [&](const v1::MemoryRecord& record) {
    if (as_object) target.append(count == 0 ? "\n" : ",\n");
    target.append(memory::to_json(record));
    if (!as_object) target.append("\n");
    ++count;
    return target.error().ok();
  });
  if (!result.ok()) return run.complain(result);
  if (as_object) target.append("\n],\"links\":[]}\n");
  target.finish();
  if (!target.error()) return run.complain(target.error().message(), exit_failed);
  if (flags.file == "-") return exit_done;
  if (run.json)
    run.out() << nlohmann::ordered_json{{"exported", count}, {"file", flags.file}}.dump() << '\n';
  else
    run.out() << "exported " << count << " to " << flags.file << '\n';
  return exit_done;
}

}  // namespace

void add_transfer_commands(CLI::App& program, session& run) {
  auto in = std::make_shared<import_flags>();
  auto& import_verb = *program.add_subcommand("import", "Store records from JSON lines or an ai-memory export");
  import_verb.add_option("FILE", in->file, "The file; - reads the standard input")->required();
  import_verb.add_option("--in-flight", in->in_flight, "Batches on their way at a time")->capture_default_str();
  import_verb.add_option("--acknowledged-out", in->acknowledged_out,
                         "Append id, namespace and title of each acknowledged record to this file");
  add_write_quorum_flag(import_verb, in->write_quorum);
  import_verb.callback([&run, in] { run.exit = import(run, *in); });

  auto out = std::make_shared<export_flags>();
  auto& export_verb = *program.add_subcommand("export", "Write all records, one a line");
  export_verb.add_option("FILE", out->file, "The file, replaced when complete; - is the standard output")
      ->capture_default_str();
  export_verb.add_option("--namespace", out->name_space, "Only this namespace");
  export_verb.add_option("--format", out->format, "jsonl, or ai-memory: one object")->capture_default_str();
  export_verb.callback([&run, out] { run.exit = export_records(run, *out); });
}

}  // namespace quorate::cli
