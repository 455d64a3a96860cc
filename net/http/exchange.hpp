// A request and its answer, as the gateway sees them: free of sockets and of the library that reads them.
//
// Values; a request is used on one thread at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quorate::net::http {

struct request {
  std::string method;
  std::string path;   ///< as sent, percent signs and all; without the query
  std::string query;  ///< as sent, without the question mark
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first header of that name, in any case of letters; empty when there is none.
  std::string_view header(std::string_view name) const;
};

/// Takes the next piece of an answer; false when nobody listens any more.
using sink = std::function<bool(std::string_view piece)>;

struct answer {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  /// Set: the answer is what this writes, piece by piece. False breaks the connection off, so that nobody takes half
  /// an answer for a whole one.
  std::function<bool(const sink& out)> pieces;
};

/// "%41b" -> "Ab"; with `plus_is_space` as in a query. Nothing for a broken escape.
bool decode_percent(std::string_view text, bool plus_is_space, std::string* out);

}  // namespace quorate::net::http
