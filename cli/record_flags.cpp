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

struct named_quorum {
  std::string_view name;
  v1::WriteQuorum value;
};
constexpr std::array<named_quorum, 4> quorums{{{"default", v1::WRITE_QUORUM_DEFAULT},
                                               {"one", v1::WRITE_QUORUM_ONE},
                                               {"majority", v1::WRITE_QUORUM_MAJORITY},
                                               {"all", v1::WRITE_QUORUM_ALL}}};

}  // namespace

void add_name_flags(CLI::App& verb, name_flags& flags) {
  verb.add_option("ID", flags.id, "Id of the record");
  verb.add_option("--namespace", flags.name_space, "Namespace of the record (default global)");
  verb.add_option("--title", flags.title, "Title of the record, instead of its id");
}

void add_write_quorum_flag(CLI::App& verb, std::string& text) {
  text = "default";
  verb.add_option("--write-quorum", text, "Copies on disk before the answer: default (the node's), one, majority, all")
      ->capture_default_str();
}

result<v1::WriteQuorum> write_quorum_of(const std::string& text) {
  for (const auto& quorum : quorums)
    if (quorum.name == text) return quorum.value;
  return status::invalid("--write-quorum", "must be default, one, majority or all, got \"" + text + "\"");
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

result<std::string> metadata_of(const std::string& metadata, const std::string& agent_id) {
  if (agent_id.empty()) return metadata;
  auto object = nlohmann::ordered_json::parse(metadata.empty() ? "{}" : metadata, nullptr, false);
  if (!object.is_object()) return status::invalid("--metadata", "must be a JSON object");
  object["agent_id"] = agent_id;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace quorate::cli
