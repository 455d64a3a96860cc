#include "chaos/drill/drill_progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <numeric>
#include <utility>

#include "chaos/drill/drill.hpp"
#include "chaos/terminal.hpp"
#include "chaos/wait.hpp"

namespace quorate::chaos {
namespace {

constexpr std::size_t reasons_shown = 3;

std::uint64_t acknowledged_in(const class_result& run) {
  return std::accumulate(run.valid.begin(), run.valid.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& cycle) { return sum + cycle.counts.acknowledged; });
}

double worst_converge_ms(const class_result& run) {
  double worst = 0;
  for (const auto& cycle : run.valid) worst = std::max(worst, cycle.converge_ms);
  return worst;
}

}  // namespace

drill_progress::drill_progress(const drill_options& options)
    : options_(options), terminal_(isatty(STDERR_FILENO) != 0), start_(steady_clock::now()) {}

drill_progress::~drill_progress() { clear(); }

void drill_progress::clear() {
  if (std::exchange(line_open_, false)) std::cerr << "\r\033[K" << std::flush;
}

void drill_progress::on_cycle(const class_result& so_far) {
  if (!terminal_) return;
  const auto done = static_cast<double>(cycles_done_ + so_far.valid.size());
  const auto all = static_cast<double>(options_.faults.size()) * options_.cycles;
  std::string left = "?";
  if (done > 0) left = duration_text(milliseconds_since(start_) / done * (all - done));
  std::cerr << "\r\033[K" << words_of(so_far.fault).name << "  class " << classes_done_ + 1 << "/"
            << options_.faults.size() << "  cycle " << so_far.valid.size() + 1 << "/" << options_.cycles << "  "
            << grouped(acknowledged_ + acknowledged_in(so_far)) << " acknowledged  about " << left << " left"
            << std::flush;
  line_open_ = true;
}

void drill_progress::on_trouble(const cycle_result& cycle) {
  clear();
  std::cerr << "  " << words_of(cycle.plan.fault).name << " cycle " << cycle.plan.number << " (seed " << cycle.plan.seed
            << "): " << bad(std::string(text_of(cycle.outcome))) << "\n";
  for (std::size_t i = 0; i < std::min(cycle.reasons.size(), reasons_shown); ++i)
    std::cerr << "    " << cycle.reasons[i] << "\n";
}

void drill_progress::on_class(const class_result& done) {
  clear();
  ++classes_done_;
  cycles_done_ += options_.cycles;
  acknowledged_ += acknowledged_in(done);
  const auto status = done.status();
  std::cerr << (status == "pass" ? good("pass") : bad(status)) << "  " << words_of(done.fault).name << "  "
            << done.valid.size() << " of " << done.wanted << " cycles, " << grouped(acknowledged_in(done))
            << " acknowledged, equal after at most " << duration_text(worst_converge_ms(done)) << ", "
            << duration_text(done.seconds * 1'000) << (status == "pass" ? "" : "  " + done.reason()) << std::endl;
}

}  // namespace quorate::chaos
