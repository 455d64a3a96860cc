#include "tests/http/fixture.hpp"

namespace quorate::http_tests {

http_answer ask(const std::string& address, const std::string& method, const std::string& target,
                const std::string& body, header_list headers) {
  httplib::Client client("http://" + address);
  client.set_read_timeout(20);
  client.set_url_encode(false);
  httplib::Request request;
  request.method = method;
  request.path = target;
  request.headers = httplib::Headers(headers);
  request.body = body;
  const auto got = client.send(request);
  if (!got) return {};
  return {got->status, got->body, got->headers};
}

served_gateway::served_gateway(const std::string& api_key) {
  auto started = net::http::start_gateway({"127.0.0.1:0", api_key, "a"}, node.channel());
  REQUIRE_MESSAGE(started.ok(), started.error().message());
  gateway_ = std::move(*started);
}

served_gateway::~served_gateway() {
  gateway_->close();
  gateway_->stop(0);
}

v1::MemoryRecord sample_record(const std::string& title, const std::string& updated_at) {
  v1::MemoryRecord record;
  record.set_id("id-" + title);
  record.set_tier(v1::TIER_MID);
  record.set_namespace_("global");
  record.set_title(title);
  record.set_content("content of " + title);
  record.set_priority(5);
  record.set_confidence(1.0);
  record.set_source("api");
  record.set_created_at(updated_at);
  record.set_updated_at(updated_at);
  record.set_metadata("{}");
  return record;
}

}  // namespace quorate::http_tests
