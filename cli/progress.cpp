#include "cli/progress.hpp"

#include <chrono>
#include <ostream>

#include "proto/clock.hpp"

namespace quorate::cli {
namespace {

constexpr std::chrono::milliseconds terminal_interval(200);
constexpr std::chrono::milliseconds plain_interval(2'000);
constexpr const char* clear_line = "\r\x1b[K";

}  // namespace

progress::progress(std::ostream& out, bool is_terminal, const import_report& report)
    : out_(out), is_terminal_(is_terminal), report_(report), started_us_(system_clock().steady_us()) {
  thread_ = std::thread([this] { run(); });
}

progress::~progress() { stop(); }

double progress::seconds() const { return static_cast<double>(system_clock().steady_us() - started_us_) / 1e6; }

void progress::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void progress::run() {
  std::unique_lock lock(mutex_);
  bool shown = false;
  while (!changed_.wait_for(lock, is_terminal_ ? terminal_interval : plain_interval, [this] { return stopped_; })) {
    const auto totals = report_.totals();
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(totals.imported) / seconds());
    out_ << (is_terminal_ ? clear_line : "") << "importing: " << totals.imported << " stored, " << totals.errors
         << " errors, " << rate << "/s" << (is_terminal_ ? "" : "\n") << std::flush;
    shown = true;
  }
  if (shown && is_terminal_) out_ << clear_line << std::flush;
}

}  // namespace quorate::cli
