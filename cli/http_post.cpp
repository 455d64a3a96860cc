#include "cli/http_post.hpp"

#include <httplib.h>
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <ctime>

namespace quorate::cli {
namespace {

using steady = std::chrono::steady_clock;

/// The library writes to sockets in a way that ends the process when the other side has gone. Keeps the signal from
/// this thread, and takes it away before it could arrive late.
class no_broken_pipe_signal {
 public:
  no_broken_pipe_signal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~no_broken_pipe_signal() {
    const timespec at_once{};
    while (sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  no_broken_pipe_signal(const no_broken_pipe_signal&) = delete;
  no_broken_pipe_signal& operator=(const no_broken_pipe_signal&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

}  // namespace

result<url_parts> split_url(const std::string& url) {
  const auto scheme_end = url.find("://");
  const auto scheme = scheme_end == std::string::npos ? std::string() : url.substr(0, scheme_end);
  if (scheme != "http" && scheme != "https")
    return status::invalid("url", "must begin with http:// or https:// in lower case");
  const auto host = scheme_end + 3;
  const auto end = url.find_first_of("/?#", host);
  url_parts parts;
  parts.origin = url.substr(0, end);
  parts.path = end == std::string::npos ? "/" : url.substr(end);
  if (parts.path.front() != '/') parts.path.insert(0, "/");
  if (parts.origin.size() == host) return status::invalid("url", "has no host");
  // Neither a name that stands before the host nor a line break that would end the header gets any further.
  if (parts.origin.find('@') != std::string::npos)
    return status::invalid("url", "must not hold a user name or a password");
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f')
      return status::invalid("url", "must not hold blanks or control characters");
  return parts;
}

result<http_answer> http_post(const http_request& request) {
  const auto url = split_url(request.url);
  if (!url) return url.error();
  const no_broken_pipe_signal guard;
  const std::chrono::milliseconds patience(request.timeout_ms);
  httplib::Client client(url->origin);
  if (!client.is_valid()) return status::invalid("url", "is no URL of a host");
  client.set_connection_timeout(patience);
  client.set_read_timeout(patience);
  client.set_write_timeout(patience);
  client.set_follow_location(false);

  http_answer answer;
  httplib::Request post;
  post.method = "POST";
  post.path = url->path;
  for (const auto& [name, value] : request.headers) post.headers.emplace(name, value);
  post.headers.emplace("content-type", request.content_type);
  post.body = request.body;
  const auto give_up = steady::now() + 2 * patience;  // an answer that drips in is none, either
  bool whole = true;
  post.content_receiver = [&](const char* data, std::size_t length, std::uint64_t, std::uint64_t) {
    whole = answer.body.size() + length <= request.answer_bytes_max && steady::now() < give_up;
    if (whole) answer.body.append(data, length);
    return whole;
  };
  const auto done = client.send(post);
  if (!whole) return status(errc::unavailable, "the answer was too long or took too long");
  if (!done) return status(errc::unavailable, "no answer: " + httplib::to_string(done.error()));
  answer.code = done->status;
  return answer;
}

}  // namespace quorate::cli
