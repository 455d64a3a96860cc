// Requests of any path, query and body to every route of the HTTP gateway, over a real node: each is answered with a
// status that the route says it has. The first byte says which route; then a line for {id}, a line for the query, the
// body.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "net/http/gateway_state.hpp"
#include "net/http/route.hpp"
#include "tests/fuzz/node.hpp"

namespace {

using namespace quorate;
namespace http = net::http;

http::gateway_state& gateway() {
  static auto* const made = new http::gateway_state(fuzz::node_channel(), "fuzz");
  return *made;
}

std::string_view take_line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  const auto line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& all = http::routes();
  const auto& chosen = all[data[0] % all.size()];
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  http::request request;
  request.method = chosen.method;
  request.path = chosen.path;
  const auto id = take_line(rest);
  if (const auto at = request.path.find("{id}"); at != std::string::npos) request.path.replace(at, 4, id);
  request.query = take_line(rest);
  request.headers = {{"Content-Type", "application/json"}, {"X-Agent-Id", "ai:fuzz"}};
  request.body = rest;
  const auto found = http::find_route(request);
  if (found.served == nullptr) {
    require(found.refused.status >= 400);
    return 0;
  }
  auto fitted = http::fit(*found.served, request);
  if (fitted.refused) {
    require(fitted.refused->status == 400 || fitted.refused->status == 413 || fitted.refused->status == 422);
    return 0;
  }
  const http::call call(request, found.captured, std::move(fitted.values));
  auto answer = found.served->handle(gateway(), call);
  const auto expected = http::statuses_of(*found.served);
  require(std::find(expected.begin(), expected.end(), answer.status) != expected.end());
  if (answer.pieces)
    answer.pieces([](std::string_view) { return true; });
  else if (answer.type == "application/json" && !answer.body.empty())
    require(!nlohmann::json::parse(answer.body, nullptr, false).is_discarded());
  return 0;
}
