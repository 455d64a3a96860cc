#include "cli/migrate/report.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace quorate::cli::migrate {

namespace {

void keep(std::string line, std::vector<std::string>* lines, std::uint64_t* all) {
  ++*all;
  if (lines->size() < messages_kept_max) lines->push_back(std::move(line));
}

void add(const table_counts& more, table_counts* counts) {
  counts->read += more.read;
  counts->written += more.written;
  counts->unchanged += more.unchanged;
  counts->kept += more.kept;
  counts->failed += more.failed;
}

void append_hex(std::uint64_t number, std::string* text) {
  for (int shift = 60; shift >= 0; shift -= 4) *text += "0123456789abcdef"[(number >> shift) & 0xf];
}

bool read_hex(std::string_view text, std::uint64_t* number) {
  return std::from_chars(text.data(), text.data() + text.size(), *number, 16).ptr == text.data() + text.size();
}

}  // namespace

void content_digest::add(const hash128& row) {
  sum.low += row.low;
  sum.high += row.high + (sum.low < row.low ? 1 : 0);
}

std::string content_digest::text() const {
  std::string text;
  append_hex(sum.high, &text);
  append_hex(sum.low, &text);
  return text;
}

table_counts report::total() const {
  table_counts all;
  for (const auto& one : tables) migrate::add(one, &all);
  return all;
}

void report::add(report&& other) {
  for (std::size_t i = 0; i < tables.size(); ++i) migrate::add(other.tables[i], &tables[i]);
  batches += other.batches;
  bytes += other.bytes;
  source.add(other.source.sum);
  target.add(other.target.sum);
  // Of what it did not keep, only the number is known.
  errors_all += other.errors_all - other.errors.size();
  for (auto& line : other.errors) error(std::move(line));
  notes_all += other.notes_all - other.notes.size();
  for (auto& line : other.notes) note(std::move(line));
}

void report::error(std::string line) { keep(std::move(line), &errors, &errors_all); }
void report::note(std::string line) { keep(std::move(line), &notes, &notes_all); }

nlohmann::ordered_json to_json(const report& done) {
  nlohmann::ordered_json tables;
  for (const auto which : memory::all_tables) {
    const auto& counts = done.tables[static_cast<std::size_t>(which)];
    tables[std::string(memory::name_of(which))] = {{"read", counts.read},
                                                   {"written", counts.written},
                                                   {"unchanged", counts.unchanged},
                                                   {"kept", counts.kept},
                                                   {"failed", counts.failed}};
  }
  return {{"batches", done.batches},       {"errors", done.errors},
          {"errors_all", done.errors_all}, {"tables", std::move(tables)},
          {"bytes", done.bytes},           {"digest", {{"source", done.source.text()}, {"target", done.target.text()}}},
          {"notes", done.notes},           {"notes_all", done.notes_all}};
}

std::optional<report> report_from_json(const nlohmann::json& json) try {
  report done;
  json.at("batches").get_to(done.batches);
  json.at("errors").get_to(done.errors);
  json.at("errors_all").get_to(done.errors_all);
  json.at("bytes").get_to(done.bytes);
  json.at("notes").get_to(done.notes);
  json.at("notes_all").get_to(done.notes_all);
  for (const auto which : memory::all_tables) {
    const auto& from = json.at("tables").at(std::string(memory::name_of(which)));
    auto& counts = done.of(which);
    from.at("read").get_to(counts.read);
    from.at("written").get_to(counts.written);
    from.at("unchanged").get_to(counts.unchanged);
    from.at("kept").get_to(counts.kept);
    from.at("failed").get_to(counts.failed);
  }
  for (auto [name, digest] : {std::pair{"source", &done.source}, std::pair{"target", &done.target}}) {
    const auto text = json.at("digest").at(name).get<std::string>();
    if (text.size() != 32 || !read_hex(std::string_view(text).substr(0, 16), &digest->sum.high)
        || !read_hex(std::string_view(text).substr(16), &digest->sum.low))
      return std::nullopt;
  }
  return done;
} catch (const nlohmann::json::exception&) {
  return std::nullopt;
}

}  // namespace quorate::cli::migrate
