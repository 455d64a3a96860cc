// A fake node that keeps records and links in two maps, for verbs that read what they wrote. Names are (namespace,
// title); ids are made of the title unless given. No rule of a record is checked.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "tests/cli/fake_node.hpp"

namespace quorate::cli::tests {

class small_store {
 public:
  small_store();

  using record_name = std::pair<std::string, std::string>;
  fake_node node;
  std::map<record_name, v1::MemoryRecord> records;
  std::vector<v1::LinkRecord> links;
  std::mutex mutex;  ///< held by every script; take it where a verb may be running
  int linearizable_writes = 0;

  /// Puts a record of tier mid there, made and updated at `at`.
  v1::MemoryRecord& add(const std::string& id, const std::string& content,
                        const std::string& at = "2026-01-01T00:00:00.000+00:00", const std::string& name_space = "ops");
  void link(const std::string& source, const std::string& target, const std::string& relation);
  v1::MemoryRecord* by_id(const std::string& id);
  /// Titles in a namespace.
  std::vector<std::string> titles(const std::string& name_space) const;

 private:
  void serve_reads();
  void serve_writes();
  void serve_links();
};

}  // namespace quorate::cli::tests
