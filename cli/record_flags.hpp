// Flags that more than one verb has, and what they mean as parts of a request.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "proto/status.hpp"
#include "quorate/v1/memory.pb.h"

namespace CLI {
class App;
}

namespace quorate::cli {

/// A record named on the command line: by id, or by --namespace and --title.
struct name_flags {
  std::string id;
  std::string name_space;
  std::string title;
};
void add_name_flags(CLI::App& verb, name_flags& flags);

/// GetRequest and DeleteRequest name a record alike.
template <class Request>
status fill_name(const name_flags& flags, Request* request) {
  if (flags.id.empty() == flags.title.empty())
    return status::invalid("ID", "give either an id, or --title with --namespace (default global)");
  if (!flags.id.empty() && !flags.name_space.empty())
    return status::invalid("--namespace", "goes with --title; an id needs none");
  if (!flags.id.empty()) {
    request->set_id(flags.id);
    return {};
  }
  request->mutable_name()->set_namespace_(flags.name_space.empty() ? "global" : flags.name_space);
  request->mutable_name()->set_title(flags.title);
  return {};
}

/// --write-quorum default|one|majority|all
void add_write_quorum_flag(CLI::App& verb, std::string& text);
result<v1::WriteQuorum> write_quorum_of(const std::string& text);

/// How a write is to be made: --write-quorum, --consistency default|linearizable, --on-superseded retry|report.
struct write_flags {
  std::string quorum;
  std::string consistency;
  std::string on_superseded;
};
void add_write_flags(CLI::App& verb, write_flags& flags);

struct write_terms {
  v1::WriteQuorum quorum = v1::WRITE_QUORUM_DEFAULT;
  v1::WriteConsistency consistency = v1::WRITE_CONSISTENCY_DEFAULT;
  v1::OnSuperseded on_superseded = v1::ON_SUPERSEDED_RETRY;
};
result<write_terms> write_terms_of(const write_flags& flags);

/// All requests that write name their terms alike.
template <class Request>
status fill_terms(const write_flags& flags, Request* request) {
  const auto terms = write_terms_of(flags);
  if (!terms) return terms.error();
  request->set_write_quorum(terms->quorum);
  request->set_consistency(terms->consistency);
  request->set_on_superseded(terms->on_superseded);
  return {};
}
/// The newer requests name them together.
status fill_terms(const write_flags& flags, v1::WriteTerms* terms);

/// --consistency local|quorum, of reads
void add_read_consistency_flag(CLI::App& verb, std::string& text);
result<v1::ReadConsistency> read_consistency_of(const std::string& text);

/// --tier short|mid|long; TIER_UNSPECIFIED when it was not given.
result<v1::Tier> tier_of_flag(const std::optional<std::string>& text);

/// The text itself, or everything on `in` for "-".
result<std::string> content_of(const std::string& text, std::istream& in);

/// Whether --metadata, which must be a JSON object, names its author itself.
result<bool> names_author(const std::string& metadata);

}  // namespace quorate::cli
