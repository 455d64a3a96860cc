// Lines of any bytes to the MCP server, over a real node: each is answered with one line of JSON-RPC, or with nothing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "cli/mcp/server.hpp"
#include "cli/session.hpp"
#include "tests/fuzz/node.hpp"

namespace {

using namespace quorate;

class in_process final : public cli::embedded_node {
 public:
  std::shared_ptr<grpc::Channel> channel() override { return fuzz::node_channel(); }
};

result<std::unique_ptr<cli::embedded_node>> open(const std::string&) { return std::make_unique<in_process>(); }

struct session_parts {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  cli::session run{{in, out, err}, {nullptr, open, nullptr}};
  session_parts() {
    run.data = "memory";
    run.timeout = "5s";
  }
};

cli::mcp::tool_context& context() {
  static session_parts* const parts = new session_parts;
  static auto* const made = new cli::mcp::tool_context(parts->run, nullptr, "no LLM client configured");
  return *made;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cli::mcp::server server(context());
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int lines = 0; lines < 8 && !rest.empty(); ++lines) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (const auto answer = server.answer(rest.substr(0, end))) {
      const auto json = nlohmann::json::parse(*answer, nullptr, false);
      require(!json.is_discarded() && answer->find('\n') == std::string::npos);
      require(json.is_array()
              || (json.is_object() && json.value("jsonrpc", "") == "2.0"
                  && json.contains("result") != json.contains("error")));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return 0;
}
