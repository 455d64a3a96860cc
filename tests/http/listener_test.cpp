// What a hostile or careless peer can do to the listener: nothing beyond its own connection.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "net/http/listener.hpp"
#include "tests/http/fixture.hpp"

using namespace quorate;
using namespace quorate::http_tests;
using namespace quorate::net::http;

namespace {

/// A bare connection; what is written to it is up to the test.
class raw_peer {
 public:
  explicit raw_peer(const std::string& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  }
  ~raw_peer() { ::close(socket_); }
  raw_peer(const raw_peer&) = delete;
  raw_peer& operator=(const raw_peer&) = delete;

  /// False when the other side takes no more.
  bool say(const std::string& text) {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// Everything up to the end of the connection, or up to `until`.
  std::string hear(const std::string& until = {}) {
    std::string heard;
    char buffer[4096];
    while (until.empty() || heard.find(until) == std::string::npos) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, 20'000) <= 0) return heard + "<silence>";
      const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      heard.append(buffer, static_cast<std::size_t>(got));
    }
    return heard;
  }

 private:
  int socket_;
};

std::unique_ptr<listener> echo(listener_options options) {
  options.address = "127.0.0.1:0";
  auto started = listen(options, {[](const request&) { return std::nullopt; },
                                  [](request&& whole) {
                                    answer out;
                                    out.body = whole.method + " " + whole.path + " [" + whole.body + "]";
                                    return out;
                                  }});
  REQUIRE_MESSAGE(started.ok(), started.error().message());
  return std::move(*started);
}

std::string talk(const listener& to, const std::string& text) {
  raw_peer peer(to.address());
  peer.say(text);
  return peer.hear();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("http.listener") {
  TEST_CASE("requests follow each other on one connection, also without waiting for answers") {
    const auto served = echo({});
    const auto heard = talk(*served,
                            "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\n\r\n"
                            "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                            "DELETE /d HTTP/1.1\r\nConnection: close\r\n\r\n");
    for (const auto* part : {"POST /a [hi]", "GET /b []", "POST /c [abc]", "DELETE /d []"})
      CHECK_MESSAGE(has(heard, part), heard);
  }

  TEST_CASE("a post that announces no body has none and is not waited for") {
    const auto served = echo({.request_ms = 20'000});
    raw_peer peer(served->address());
    peer.say("POST /gc HTTP/1.1\r\n\r\n");
    CHECK(has(peer.hear("[]"), "POST /gc []"));
  }

  TEST_CASE("what is not HTTP is 400 and the end of the connection") {
    const auto served = echo({});
    for (const auto* text :
         {"hello\r\n\r\n", "GET /a HTTP/9.9\r\n\r\n", "POST /a HTTP/1.1\r\nContent-Length: x\r\n\r\n",
          "POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
          "POST /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "POST /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nab",
          "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "GET /a HTTP/1.1\r\nContent-Length: 30\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n12345"}) {
      const auto heard = talk(*served, text);
      CHECK_MESSAGE(has(heard, "HTTP/1.1 400"), text << heard);
      CHECK_MESSAGE(!has(heard, "smuggled"), heard);
    }
  }

  TEST_CASE("a body beyond the bound is 413, announced or not") {
    const auto served = echo({.body_bytes_max = 1'000});
    const std::string big(100'000, 'x');
    CHECK(has(talk(*served, "POST /a HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + big), "HTTP/1.1 413"));
    CHECK(has(talk(*served, "POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"), "HTTP/1.1 413"));
    CHECK(has(talk(*served, "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n" + big + "\r\n0\r\n\r\n"),
              "HTTP/1.1 413"));
  }

  TEST_CASE("a compressed body is not unpacked") {
    const auto served = echo({});
    CHECK(has(talk(*served, "POST /a HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi"),
              "HTTP/1.1 415"));
  }

  TEST_CASE("headers without end are cut off") {
    const auto served = echo({.header_bytes_max = 10'000});
    raw_peer peer(served->address());
    peer.say("GET /a HTTP/1.1\r\n");
    const std::string line = "X-More: " + std::string(1'000, 'x') + "\r\n";
    for (int i = 0; i < 1'000 && peer.say(line); ++i) continue;
    CHECK_FALSE(has(peer.hear(), "200 OK"));
  }

  TEST_CASE("a request that never ends, and an idle connection, are closed in time") {
    const auto served = echo({.request_ms = 50, .idle_ms = 50});
    raw_peer slow(served->address());
    slow.say("POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nhal");
    raw_peer idle(served->address());
    CHECK_FALSE(has(slow.hear(), "<silence>"));
    CHECK(idle.hear().empty());
  }

  TEST_CASE("a connection too many is told so, and a place that gets free is taken") {
    const auto served = echo({.connections_max = 2});
    auto first = std::make_unique<raw_peer>(served->address());
    raw_peer second(served->address());
    for (auto* peer : {first.get(), &second}) {
      peer->say("GET /a HTTP/1.1\r\n\r\n");
      CHECK(has(peer->hear("[]"), "200 OK"));
    }
    CHECK(has(raw_peer(served->address()).hear(), "too many connections"));
    first.reset();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string heard;
    while (!has(heard, "200 OK") && std::chrono::steady_clock::now() < deadline) {
      raw_peer again(served->address());
      again.say("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n");
      heard = again.hear();
    }
    CHECK_MESSAGE(has(heard, "200 OK"), heard);
  }

  TEST_CASE("closing lets a request under way be answered and takes no other") {
    std::promise<void> begun, go_on;
    auto may_go_on = go_on.get_future().share();
    auto started = listen({.address = "127.0.0.1:0"}, {[](const request&) { return std::nullopt; },
                                                       [&](request&&) {
                                                         begun.set_value();
                                                         may_go_on.wait();
                                                         return answer{.body = "done"};
                                                       }});
    REQUIRE(started.ok());
    auto& served = **started;
    raw_peer busy(served.address());
    raw_peer idle(served.address());
    busy.say("GET /a HTTP/1.1\r\n\r\n");
    begun.get_future().wait();
    served.close();
    CHECK(idle.hear().empty());
    go_on.set_value();
    served.stop(20'000);
    const auto heard = busy.hear();
    CHECK_MESSAGE(has(heard, "done"), heard);
  }

  TEST_CASE("a port that is taken is an error that names the flag") {
    const auto served = echo({});
    const auto second = listen({.address = served->address()}, {});
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().field() == "--http");
    CHECK(has(second.error().message(), served->address()));
    CHECK_FALSE(listen({.address = "192.0.2.1:0"}, {}).ok());
  }
}
