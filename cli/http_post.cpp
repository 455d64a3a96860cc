#include "cli/http_post.hpp"

#include <httplib.h>
#include <netdb.h>
#include <pthread.h>

#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <memory>
#include <utility>

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

struct free_addresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

/// All addresses of a host, in digits.
result<std::vector<std::string>> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &raw) != 0 || raw == nullptr)
    return status(errc::unavailable, "the host's name is not known");
  const std::unique_ptr<addrinfo, free_addresses> list(raw);
  std::vector<std::string> addresses;
  for (const auto* each = raw; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> digits{};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, digits.data(), digits.size(), nullptr, 0, NI_NUMERICHOST) == 0)
      addresses.emplace_back(digits.data());
  }
  if (addresses.empty()) return status(errc::unavailable, "the host has no address");
  return addresses;
}

/// One attempt, at one address (empty: whichever the host has). `*nothing_sent` says that another may be tried.
result<http_answer> attempt(const http_request& request, const url_parts& url, const std::string& address,
                            bool* nothing_sent) {
  const std::chrono::milliseconds patience(request.timeout_ms);
  httplib::Client client(url.origin);
  if (!client.is_valid()) return status::invalid("url", "is no URL of a host");
  if (!address.empty()) client.set_hostname_addr_map({{url.host, address}});
  client.set_connection_timeout(patience);
  client.set_read_timeout(patience);
  client.set_write_timeout(patience);
  client.set_follow_location(false);

  http_answer answer;
  httplib::Request post;
  post.method = "POST";
  post.path = url.path;
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
  *nothing_sent = !done && done.error() == httplib::Error::Connection;
  if (!done) return status(errc::unavailable, "no answer: " + httplib::to_string(done.error()));
  answer.code = done->status;
  return answer;
}

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
  parts.host = parts.origin.substr(host);
  if (const auto closing = parts.host.find(']'); parts.host.front() == '[' && closing != std::string::npos)
    parts.host = parts.host.substr(1, closing - 1);
  else
    parts.host = parts.host.substr(0, parts.host.find(':'));
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
  std::vector<std::string> addresses{std::string()};
  if (request.judge_address) {
    auto found = addresses_of(url->host);
    if (!found) return found.error();
    addresses = std::move(*found);
    for (const auto& address : addresses)
      if (const auto judged = request.judge_address(address); !judged) return judged;
  }
  for (std::size_t next = 0;; ++next) {
    bool nothing_sent = false;
    auto answer = attempt(request, *url, addresses[next], &nothing_sent);
    if (!nothing_sent || next + 1 == addresses.size()) return answer;
  }
}

}  // namespace quorate::cli
