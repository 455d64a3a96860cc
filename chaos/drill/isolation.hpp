// Single cuts, gathered until they cut nodes off altogether: for networks that can only do that.
//
// A value without a lock, used by one thread.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace quorate::chaos {

class isolation {
 public:
  explicit isolation(std::vector<std::string> nodes) : nodes_(std::move(nodes)) {}

  void cut(const std::string& from, const std::string& to) { cuts_.insert({from, to}); }
  void heal() { cuts_.clear(); }

  /// The nodes that are cut from and to every other one.
  std::set<std::string> cut_off() const;
  /// The cuts at no such node, as "a->b, b->c"; empty when there are none.
  std::string one_way_cuts() const;

 private:
  std::vector<std::string> nodes_;
  std::set<std::pair<std::string, std::string>> cuts_;
};

}  // namespace quorate::chaos
