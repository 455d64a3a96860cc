#include "cli/import_report.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "cli/files.hpp"

namespace quorate::cli {

import_report::~import_report() {
  if (log_ >= 0) ::close(log_);
}

status import_report::log_acknowledged_to(const std::string& file) {
  log_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log_ < 0) return status::invalid("--acknowledged-out", "cannot write " + file + ": " + std::strerror(errno));
  return {};
}

void import_report::acknowledged(const std::vector<acknowledged_record>& records) {
  std::string lines;
  const std::lock_guard lock(mutex_);
  totals_.imported += records.size();
  if (log_ < 0 || !log_error_) return;
  for (const auto& record : records)
    lines += nlohmann::ordered_json{{"id", record.id}, {"namespace", record.name_space}, {"title", record.title}}.dump(
                 -1, ' ', false, nlohmann::json::error_handler_t::replace)
             + "\n";
  log_error_ = write_all(log_, lines);
}

void import_report::failed(import_error error, bool lacked_quorum) {
  const std::lock_guard lock(mutex_);
  ++totals_.errors;
  totals_.lacked_quorum = totals_.lacked_quorum || lacked_quorum;
  if (errors_.size() < errors_kept_) errors_.push_back(std::move(error));
}

import_totals import_report::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::vector<import_error> import_report::errors() const {
  const std::lock_guard lock(mutex_);
  auto sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return sorted;
}

status import_report::log_error() const {
  const std::lock_guard lock(mutex_);
  return log_error_;
}

}  // namespace quorate::cli
