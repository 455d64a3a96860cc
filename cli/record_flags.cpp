#include "cli/record_flags.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <istream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "memory/validation.hpp"
#include "proto/limits.hpp"

namespace quorate::cli {
namespace {

/// One text form of an enum's value; in a table the default comes first.
template <class Enum>
struct named {
  std::string_view name;
  Enum value;
};
constexpr std::array<named<v1::WriteQuorum>, 4> quorums{{{"default", v1::WRITE_QUORUM_DEFAULT},
                                                         {"one", v1::WRITE_QUORUM_ONE},
                                                         {"majority", v1::WRITE_QUORUM_MAJORITY},
                                                         {"all", v1::WRITE_QUORUM_ALL}}};
constexpr std::array<named<v1::WriteConsistency>, 2> write_consistencies{
    {{"default", v1::WRITE_CONSISTENCY_DEFAULT}, {"linearizable", v1::WRITE_CONSISTENCY_LINEARIZABLE}}};
constexpr std::array<named<v1::OnSuperseded>, 2> superseded_choices{
    {{"retry", v1::ON_SUPERSEDED_RETRY}, {"report", v1::ON_SUPERSEDED_REPORT}}};
constexpr std::array<named<v1::ReadConsistency>, 2> read_consistencies{
    {{"local", v1::READ_CONSISTENCY_LOCAL}, {"quorum", v1::READ_CONSISTENCY_QUORUM}}};

template <class Enum, std::size_t Count>
result<Enum> value_of(const char* flag, const std::array<named<Enum>, Count>& table, const std::string& text) {
  std::string rule = "must be ";
  for (std::size_t i = 0; i < Count; ++i) {
    if (table[i].name == text) return table[i].value;
    if (i > 0) rule += i + 1 == Count ? " or " : ", ";
    rule += table[i].name;
  }
  return status::invalid(flag, rule + ", got \"" + text + "\"");
}

template <class Enum, std::size_t Count>
void add_choice(CLI::App& verb, const char* flag, const std::array<named<Enum>, Count>& table, std::string& text,
                const char* what) {
  text = table.front().name;
  verb.add_option(flag, text, what)->capture_default_str();
}

}  // namespace

void add_name_flags(CLI::App& verb, name_flags& flags) {
  verb.add_option("ID", flags.id, "Id of the record, or its beginning when no other has it");
  verb.add_option("-n,--namespace", flags.name_space, "Namespace of the record (default global)");
  verb.add_option("-T,--title", flags.title, "Title of the record, instead of its id");
}

void add_write_quorum_flag(CLI::App& verb, std::string& text) {
  add_choice(verb, "--write-quorum", quorums, text,
             "Copies on disk before the answer: default (the node's), one, majority, all");
}

result<v1::WriteQuorum> write_quorum_of(const std::string& text) { return value_of("--write-quorum", quorums, text); }

void add_write_flags(CLI::App& verb, write_flags& flags) {
  add_write_quorum_flag(verb, flags.quorum);
  add_choice(verb, "--consistency", write_consistencies, flags.consistency,
             "default, or linearizable: members are asked first, one round trip more");
  add_choice(verb, "--on-superseded", superseded_choices, flags.on_superseded,
             "When a newer version was already there: retry once, or report");
}

result<write_terms> write_terms_of(const write_flags& flags) {
  const auto quorum = write_quorum_of(flags.quorum);
  if (!quorum) return quorum.error();
  const auto consistency = value_of("--consistency", write_consistencies, flags.consistency);
  if (!consistency) return consistency.error();
  const auto on_superseded = value_of("--on-superseded", superseded_choices, flags.on_superseded);
  if (!on_superseded) return on_superseded.error();
  return write_terms{*quorum, *consistency, *on_superseded};
}

status fill_terms(const write_flags& flags, v1::WriteTerms* terms) {
  const auto chosen = write_terms_of(flags);
  if (!chosen) return chosen.error();
  terms->set_quorum(chosen->quorum);
  terms->set_consistency(chosen->consistency);
  terms->set_on_superseded(chosen->on_superseded);
  return {};
}

void add_read_consistency_flag(CLI::App& verb, std::string& text) {
  add_choice(verb, "--consistency", read_consistencies, text,
             "local (this node's copy), or quorum: sees every write acknowledged before");
}

result<v1::ReadConsistency> read_consistency_of(const std::string& text) {
  return value_of("--consistency", read_consistencies, text);
}

result<v1::Tier> tier_of_flag(const std::optional<std::string>& text) {
  if (!text) return v1::TIER_UNSPECIFIED;
  if (const auto tier = memory::tier_of(*text)) return *tier;
  return status::invalid("--tier", "must be short, mid or long, got \"" + *text + "\"");
}

result<std::string> content_of(const std::string& text, std::istream& in) {
  if (text != "-") return text;
  // One byte more than a record may hold: the node then says what the limit is.
  std::string content(limits::content_bytes_max + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (in.bad()) return status::invalid("--content", "cannot read the standard input");
  content.resize(static_cast<std::size_t>(in.gcount()));
  return content;
}

result<bool> names_author(const std::string& metadata) {
  const auto object = nlohmann::json::parse(metadata.empty() ? "{}" : metadata, nullptr, false);
  if (!object.is_object()) return status::invalid("--metadata", "must be a JSON object");
  const auto author = object.find("agent_id");
  return author != object.end() && !author->is_null();
}

}  // namespace quorate::cli
