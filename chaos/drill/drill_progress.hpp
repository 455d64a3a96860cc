// Tells a person on stderr how far the drills are: one line rewritten on a terminal, a plain line per class otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace quorate::chaos {

struct class_result;
struct cycle_result;
struct drill_options;

class drill_progress {
 public:
  explicit drill_progress(const drill_options& options);
  ~drill_progress();

  /// Before a cycle of the class begins.
  void on_cycle(const class_result& so_far);
  void on_trouble(const cycle_result& cycle);
  void on_class(const class_result& done);

 private:
  void clear();

  const drill_options& options_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point start_;
  std::size_t classes_done_ = 0;
  std::uint64_t cycles_done_ = 0;
  std::uint64_t acknowledged_ = 0;
  bool line_open_ = false;
};

}  // namespace quorate::chaos
