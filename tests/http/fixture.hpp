// A gateway on a free port over a scripted node, and a client of it.
//
// One thread.
#pragma once

#include <doctest/doctest.h>
#include <httplib.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "net/http/gateway.hpp"
#include "tests/http/scripted_node.hpp"

namespace quorate::http_tests {

using nlohmann::json;

struct http_answer {
  int status = 0;
  std::string body;
  httplib::Headers headers;
  json parsed() const { return json::parse(body, nullptr, false); }
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

using header_list = std::initializer_list<std::pair<const std::string, std::string>>;

/// Asks any method of any address. Status 0: no answer.
http_answer ask(const std::string& address, const std::string& method, const std::string& target,
                const std::string& body = {}, header_list headers = {{"Content-Type", "application/json"}});

class served_gateway {
 public:
  explicit served_gateway(const std::string& api_key = {});
  ~served_gateway();

  http_answer get(const std::string& target, header_list headers = {}) {
    return ask(gateway_->address(), "GET", target, {}, headers);
  }
  http_answer post(const std::string& target, const json& body) {
    return ask(gateway_->address(), "POST", target, body.dump());
  }
  http_answer ask_for(const std::string& method, const std::string& target, const std::string& body = {},
                      header_list headers = {{"Content-Type", "application/json"}}) {
    return ask(gateway_->address(), method, target, body, headers);
  }
  const std::string& address() const { return gateway_->address(); }
  net::http::gateway& door() { return *gateway_; }

  scripted_node node;

 private:
  std::unique_ptr<net::http::gateway> gateway_;
};

/// A record as a node answers with it.
v1::MemoryRecord sample_record(const std::string& title,
                               const std::string& updated_at = "2026-01-01T00:00:00.000+00:00");

/// The single request of a kind that the node was asked.
template <class Request>
Request only_request(const served_gateway& served) {
  const auto all = served.node.asked<Request>();
  REQUIRE(all.size() == 1);
  return all.front();
}

}  // namespace quorate::http_tests
