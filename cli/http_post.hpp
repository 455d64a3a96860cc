// One HTTP request: a POST with a body, its answer. What language models and webhooks are reached through.
//
// Function, any thread, blocks. Follows no redirects, checks certificates of https, keeps nothing. Does not raise
// SIGPIPE. A failure before or after the request was sent looks the same: whoever sends decides about repeats.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "proto/status.hpp"

namespace quorate::cli {

struct http_request {
  std::string url;  ///< http or https, with host
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type = "application/json";
  std::string body;
  std::int64_t timeout_ms = 10'000;          ///< to connect, and again for the answer
  std::size_t answer_bytes_max = 4U << 20U;  ///< a longer answer is an error
  /// Asked about each address of the host before anything is sent; an error is that of the request. What was judged is
  /// what is connected to: a name cannot change its meaning in between. Unset: any address will do.
  std::function<status(const std::string& address)> judge_address;
};

struct http_answer {
  int code = 0;  ///< as in HTTP
  std::string body;
};

/// An answer, whatever its code. invalid_argument: no URL of that kind; unavailable: no answer, or not a whole one.
result<http_answer> http_post(const http_request& request);

/// A URL in its parts; `path` starts with a slash. invalid_argument without the URL in the message: it may hold a
/// password.
struct url_parts {
  std::string origin;  ///< scheme://host[:port]
  std::string host;    ///< without the brackets of an IPv6 address
  std::string path;
};
result<url_parts> split_url(const std::string& url);

}  // namespace quorate::cli
