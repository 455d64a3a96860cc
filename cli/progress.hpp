// Tells a person on stderr how far an import is: one line that is rewritten on a terminal, else a line now and then.
//
// Prints from its own thread between construction and `stop`; nothing else may print there meanwhile.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <iosfwd>
#include <mutex>
#include <thread>

#include "cli/import_report.hpp"

namespace quorate::cli {

class progress {
 public:
  progress(std::ostream& out, bool is_terminal, const import_report& report);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// Removes the rewritten line. May be called twice.
  void stop();
  double seconds() const;

 private:
  void run();

  std::ostream& out_;
  const bool is_terminal_;
  const import_report& report_;
  const std::int64_t started_us_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace quorate::cli
