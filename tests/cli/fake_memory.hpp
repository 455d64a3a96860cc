// A fake node whose scripts cover all calls of the Memory service, and an MCP session with it.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/fake_node.hpp"

namespace quorate::cli::tests {

class fake_memory : public fake_node {
 public:
  // Joined before the scripts are gone.
  ~fake_memory() override { stop(); }

  // on_Search, on_Recall and so on: UNIMPLEMENTED until set.
#define QUORATE_MEMORY_CALL(method, kind)                                                                            \
  script<v1::method##Request, v1::method##Reply> on_##method;                                                        \
  grpc::Status method(grpc::ServerContext*, const v1::method##Request* request, v1::method##Reply* reply) override { \
    return on_##method ? on_##method(*request, reply) : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no script");  \
  }
#include "proto/memory_calls.def"
#undef QUORATE_MEMORY_CALL
};

/// What the server answers to these lines, in order; every line of its output has to be JSON.
inline std::vector<nlohmann::ordered_json> mcp_session(const std::string& endpoint, const std::string& input,
                                                       program_run* run = nullptr) {
  auto done = run_program({"--endpoints", endpoint, "mcp"}, input);
  std::vector<nlohmann::ordered_json> answers;
  std::istringstream lines(done.out);
  for (std::string line; std::getline(lines, line);) answers.push_back(nlohmann::ordered_json::parse(line));
  if (run != nullptr) *run = std::move(done);
  return answers;
}

/// A line that calls a tool.
inline std::string tool_call(const std::string& name, const nlohmann::ordered_json& given, int id = 1) {
  return nlohmann::ordered_json{{"jsonrpc", "2.0"},
                                {"id", id},
                                {"method", "tools/call"},
                                {"params", {{"name", name}, {"arguments", given}}}}
             .dump()
         + "\n";
}

/// The outcome of one tool.
struct tool_outcome {
  bool failed = false;
  std::string text;
  nlohmann::ordered_json payload;  ///< null when the text is no JSON
};

inline tool_outcome call_tool(const fake_node& node, const std::string& name, const nlohmann::ordered_json& given) {
  const auto answers = mcp_session(node.address(), tool_call(name, given));
  tool_outcome outcome;
  const auto& result = answers.at(0).at("result");
  outcome.failed = result.value("isError", false);
  outcome.text = result.at("content").at(0).at("text").get<std::string>();
  auto payload = nlohmann::ordered_json::parse(outcome.text, nullptr, false);
  if (!payload.is_discarded()) outcome.payload = std::move(payload);
  return outcome;
}

inline v1::MemoryRecord record_of(const std::string& id, const std::string& title = "T") {
  v1::MemoryRecord made;
  made.set_id(id);
  made.set_title(title);
  made.set_content("content of " + id);
  made.set_namespace_("ops");
  made.set_tier(v1::TIER_MID);
  made.set_priority(5);
  made.set_confidence(1);
  made.set_source("claude");
  made.set_created_at("2026-01-01T00:00:00+00:00");
  made.set_updated_at("2026-01-01T00:00:00+00:00");
  made.set_metadata(R"({"agent_id":"ann"})");
  return made;
}

/// The tool fails with an error result, in words that hold `text`.
inline void check_fails(const fake_node& node, const std::string& name, const nlohmann::ordered_json& given,
                        const std::string& text) {
  CAPTURE(name);
  const auto outcome = call_tool(node, name, given);
  CHECK(outcome.failed);
  CHECK_MESSAGE(outcome.text.find(text) != std::string::npos, outcome.text);
}

inline nlohmann::ordered_json succeed_with(const fake_node& node, const std::string& name,
                                           const nlohmann::ordered_json& given) {
  const auto outcome = call_tool(node, name, given);
  REQUIRE_MESSAGE(!outcome.failed, outcome.text);
  return outcome.payload;
}

}  // namespace quorate::cli::tests
