// `quorate mcp` as a child: lines in, lines out, each wait bounded.
//
// One thread, the main one. The destructor kills it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace quorate::e2e {

class mcp_program {
 public:
  /// The program with these flags and the verb mcp; a failed case when it cannot be started.
  explicit mcp_program(std::vector<std::string> flags);
  ~mcp_program();
  mcp_program(const mcp_program&) = delete;
  mcp_program& operator=(const mcp_program&) = delete;

  /// False when it does not read any more.
  bool send(const std::string& bytes);
  /// The next line it writes; nothing when none came in time or it ended.
  std::optional<std::string> line(std::chrono::milliseconds bound = std::chrono::seconds(20));
  /// Sends a request and returns its answer; null when none came.
  nlohmann::ordered_json ask(const std::string& method, const nlohmann::ordered_json& params);
  /// Calls a tool; its payload, or a failed case that shows what it said.
  nlohmann::ordered_json call(const std::string& tool, const nlohmann::ordered_json& given);
  /// No more input for it.
  void close_input();
  /// No more reader of its output.
  void close_output();
  /// Its exit code; -signal when one ended it; nothing when it still runs.
  std::optional<int> wait(std::chrono::milliseconds bound = std::chrono::seconds(10));

 private:
  pid_t pid_ = 0;
  int in_ = -1;
  int out_ = -1;
  int id_ = 0;
  std::string buffer_;
};

}  // namespace quorate::e2e
