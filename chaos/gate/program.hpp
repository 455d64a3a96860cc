// The program `quorate`, used as a person uses it.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quorate::chaos {

/// Within which most verbs end.
inline constexpr std::chrono::milliseconds program_bound(30'000);

struct program_answer {
  int exit_code = -1;
  std::string output;  ///< both streams; or why it could not be run
  /// When it ended with 0 and printed one JSON document and nothing else.
  std::optional<nlohmann::ordered_json> json;
};

class quorate_program {
 public:
  explicit quorate_program(std::string path);

  /// "quorate 0.1.0".
  const std::string& version() const { return version_; }
  bool has(const std::string& verb) const { return verbs_.contains(verb); }
  program_answer run(std::vector<std::string> arguments, std::chrono::milliseconds bound = program_bound) const;
  /// Lines on its standard input; the last line of its standard output as JSON.
  program_answer talk(const std::vector<std::string>& arguments, const std::string& input,
                      const std::string& directory) const;

 private:
  std::string path_;
  std::string version_;
  std::set<std::string> verbs_;
};

}  // namespace quorate::chaos
