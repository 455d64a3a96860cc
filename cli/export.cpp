// The verb that writes all records and links to a file: export.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/listing.hpp"
#include "cli/verb.hpp"
#include "memory/json.hpp"
#include "memory/reply_json.hpp"
#include "memory/timestamp.hpp"
#include "proto/clock.hpp"

namespace quorate::cli {
namespace {

using nlohmann::ordered_json;

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

/// The items of an export in one of its two forms.
class export_writer {
 public:
  export_writer(export_target& target, bool as_object) : target_(target), as_object_(as_object) {
    if (as_object_) target_.append("{\"memories\":[");
  }

  void record(const v1::MemoryRecord& record) {
    put(memory::to_json(record), records_ == 0);
    ids_.insert(record.id());
    ++records_;
  }

  /// Only links between records of this export: another would lead nowhere where it is imported.
  void link(const v1::LinkRecord& link) {
    if (!ids_.contains(link.source_id()) || !ids_.contains(link.target_id())) return;
    begin_links();
    put(memory::json_of(link).dump(-1, ' ', false, ordered_json::error_handler_t::replace), links_ == 0);
    ++links_;
  }

  void finish() {
    begin_links();
    if (as_object_)
      target_.append("\n],\"count\":" + std::to_string(records_) + ",\"exported_at\":\""
                     + memory::format_timestamp(system_clock().wall_ms()) + "\"}\n");
    target_.finish();
  }

  std::uint64_t records() const { return records_; }
  std::uint64_t links() const { return links_; }

 private:
  void put(const std::string& text, bool first) {
    if (as_object_) target_.append(first ? "\n" : ",\n");
    target_.append(text);
    if (!as_object_) target_.append("\n");
  }

  void begin_links() {
    if (as_object_ && !in_links_) target_.append("\n],\"links\":[");
    in_links_ = true;
  }

  export_target& target_;
  bool as_object_;
  bool in_links_ = false;
  std::uint64_t records_ = 0;
  std::uint64_t links_ = 0;
  std::unordered_set<std::string> ids_;
};

int export_records(session& run, const export_flags& flags) {
  const bool as_object = flags.format == "ai-memory";
  if (!as_object && flags.format != "jsonl")
    return run.complain(status::invalid("--format", "must be jsonl or ai-memory, got \"" + flags.format + "\""));
  auto client = run.connect();
  if (!client) return run.complain(client.error());
  export_target target(run.out(), flags.file);
  export_writer writer(target, as_object);
  v1::ListRequest request;
  if (flags.name_space) request.set_namespace_(*flags.name_space);
  auto result = for_each_record(**client, request, 0, [&](const v1::MemoryRecord& record) {
    writer.record(record);
    return target.error().ok();
  });
  if (result.ok() && target.error().ok())
    result = for_each_link(**client, "", [&](const v1::LinkRecord& link) {
      writer.link(link);
      return target.error().ok();
    });
  if (!result.ok()) return run.complain(result);
  writer.finish();
  if (!target.error()) return run.complain(target.error().message(), exit_failed);
  if (flags.file == "-") return exit_done;
  if (run.json)
    print(run, {{"exported", writer.records()}, {"links", writer.links()}, {"file", flags.file}});
  else
    run.out() << "exported " << writer.records() << " to " << flags.file << '\n';
  return exit_done;
}

}  // namespace

void add_export_command(CLI::App& program, session& run) {
  auto out = std::make_shared<export_flags>();
  auto& verb = add_verb(program, "export", "Write all records and the links between them, one a line",
                        "quorate export records.jsonl --namespace ops");
  verb.add_option("FILE", out->file, "The file, replaced when complete; - is the standard output")
      ->capture_default_str();
  verb.add_option("-n,--namespace", out->name_space, "Only this namespace");
  verb.add_option("--format", out->format, "jsonl, or ai-memory: one object")->capture_default_str();
  verb.callback([&run, out] { run.exit = export_records(run, *out); });
}

}  // namespace quorate::cli
