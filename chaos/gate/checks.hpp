// The checks of one phase of the gate: what was looked at, and whether it held.
//
// Pure but for `text`. A phase passes when it has checks and all of them passed; what the program does not have yet is
// `missing`, which fails like anything else, in other words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace quorate::chaos {

class checks {
 public:
  /// `detail` says what was seen.
  void add(const std::string& name, bool holds, const std::string& detail);
  void missing(const std::string& name, const std::string& what);

  bool pass() const;
  /// [{name, status, detail}]
  nlohmann::ordered_json list() const;
  /// One string for each that did not pass.
  nlohmann::ordered_json reasons() const;

 private:
  struct check {
    std::string name;
    std::string status;  ///< "pass", "fail", "missing"
    std::string detail;
  };
  std::vector<check> all_;
};

}  // namespace quorate::chaos
