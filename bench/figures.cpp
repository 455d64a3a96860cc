#include "bench/figures.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>

namespace quorate::bench {

double percentile(std::vector<double> numbers, double share) {
  if (numbers.empty()) return 0;
  const auto at = std::min(numbers.size() - 1, static_cast<std::size_t>(share * static_cast<double>(numbers.size())));
  std::nth_element(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(at), numbers.end());
  return numbers[at];
}

double median(std::vector<double> numbers) {
  if (numbers.empty()) return 0;
  std::sort(numbers.begin(), numbers.end());
  const auto middle = numbers.size() / 2;
  return numbers.size() % 2 ? numbers[middle] : (numbers[middle - 1] + numbers[middle]) / 2;
}

std::int64_t own_cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000L + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

machine_time read_machine_time() {
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  machine_time seen;
  const std::int64_t jiffy_us = 1'000'000 / sysconf(_SC_CLK_TCK);
  std::int64_t jiffies = 0;
  // user nice system idle iowait irq softirq steal
  for (int column = 0; column < 8 && file >> jiffies; ++column) {
    seen.all += jiffies * jiffy_us;
    if (column == 7) seen.stolen = jiffies * jiffy_us;
    if (column != 3 && column != 4 && column != 7) seen.busy += jiffies * jiffy_us;
  }
  return seen;
}

result<sync_cost> measure_sync(const std::string& directory, unsigned times, std::size_t bytes) {
  const auto path = directory + "/sync-probe";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return status(errc::internal, "cannot open " + path + ": " + std::strerror(errno));
  const std::string block(bytes, 'x');
  std::vector<double> took;
  for (unsigned i = 0; i < times; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()) || fdatasync(file) != 0) break;
    took.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  const int error = errno;
  close(file);
  unlink(path.c_str());
  if (took.size() < times) return status(errc::internal, "cannot write " + path + ": " + std::strerror(error));
  return sync_cost{percentile(took, 0.5), percentile(took, 0.99)};
}

}  // namespace quorate::bench
