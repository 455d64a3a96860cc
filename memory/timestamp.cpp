#include "memory/timestamp.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace quorate::memory {

namespace {

using namespace std::chrono;

constexpr std::int64_t us_per_second = 1'000'000;
constexpr std::int64_t us_per_day = 86'400 * us_per_second;

/// Takes text apart from the left; after the first thing that does not fit, everything fails.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_(text) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }

  bool take_any_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect_any_of(std::string_view characters) {
    if (!take_any_of(characters)) good_ = false;
  }

  /// Exactly `count` digits with a value from `low` to `high`.
  int number(std::size_t count, int low, int high) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const int digit = take_digit();
      if (digit < 0) return fail();
      value = value * 10 + digit;
    }
    return value < low || value > high ? fail() : value;
  }

  /// One digit or more after the point, as whole microseconds.
  int fraction_us() {
    int value = 0;
    int count = 0;
    for (int digit = take_digit(); digit >= 0; digit = take_digit(), ++count) {
      if (count < 6) value = value * 10 + digit;
    }
    if (count == 0) return fail();
    for (; count < 6; ++count) value *= 10;
    return value;
  }

 private:
  int take_digit() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return -1;
    const int digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return digit;
  }

  int fail() {
    good_ = false;
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

int offset_minutes(scanner& scan) {
  if (scan.take_any_of("Zz")) return 0;
  const bool west = scan.take_any_of("-");
  if (!west) scan.expect_any_of("+");
  const int hours = scan.number(2, 0, 23);
  scan.expect_any_of(":");
  const int minutes = scan.number(2, 0, 59);
  return (west ? -1 : 1) * (hours * 60 + minutes);
}

/// Whether the instant lies in the first second of a month: where a leap second of the month before is counted.
bool begins_month(std::int64_t unix_us) {
  const sys_time<microseconds> time{microseconds(unix_us)};
  const auto midnight = floor<days>(time);
  return time - midnight < seconds(1) && year_month_day(midnight).day() == day(1);
}

/// A number that is not negative, with leading zeros, and what follows it.
void append_number(std::string& out, int number, std::size_t digits, char next) {
  out.append(digits, '0');
  for (auto digit = out.rbegin(); number > 0; ++digit, number /= 10) *digit = static_cast<char>('0' + number % 10);
  out += next;
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  const auto unix_us = parse_timestamp_us(text);
  if (!unix_us) return std::nullopt;
  return floor<milliseconds>(microseconds(*unix_us)).count();
}

std::optional<std::int64_t> parse_timestamp_us(std::string_view text) {
  scanner scan(text);
  const int y = scan.number(4, 0, 9999);
  scan.expect_any_of("-");
  const int m = scan.number(2, 1, 12);
  scan.expect_any_of("-");
  const int d = scan.number(2, 1, 31);
  scan.expect_any_of("Tt ");
  const int hour = scan.number(2, 0, 23);
  scan.expect_any_of(":");
  const int minute = scan.number(2, 0, 59);
  scan.expect_any_of(":");
  const int second = scan.number(2, 0, 60);
  const int fraction = scan.take_any_of(".") ? scan.fraction_us() : 0;
  const int offset = offset_minutes(scan);
  if (!scan.good() || !scan.at_end()) return std::nullopt;

  const year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t unix_us = sys_days(date).time_since_epoch().count() * us_per_day
                               + ((hour * 60 + minute - offset) * 60 + second) * us_per_second + fraction;
  if (second == 60 && !begins_month(unix_us)) return std::nullopt;
  return unix_us;
}

namespace {

/// With so many digits of the second.
std::string format(std::int64_t unix_us, std::size_t digits) {
  constexpr std::int64_t first = sys_days(year(0) / 1 / 1).time_since_epoch().count() * us_per_day;
  constexpr std::int64_t last = sys_days(year(10'000) / 1 / 1).time_since_epoch().count() * us_per_day - 1;
  const sys_time<microseconds> time{microseconds(std::clamp(unix_us, first, last))};
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss<microseconds> clock_time(time - midnight);
  const auto fraction = static_cast<int>(clock_time.subseconds().count());
  std::string text;
  text.reserve(32);
  append_number(text, static_cast<int>(date.year()), 4, '-');
  append_number(text, static_cast<int>(static_cast<unsigned>(date.month())), 2, '-');
  append_number(text, static_cast<int>(static_cast<unsigned>(date.day())), 2, 'T');
  append_number(text, static_cast<int>(clock_time.hours().count()), 2, ':');
  append_number(text, static_cast<int>(clock_time.minutes().count()), 2, ':');
  append_number(text, static_cast<int>(clock_time.seconds().count()), 2, digits == 0 ? '+' : '.');
  if (digits != 0) append_number(text, digits == 3 ? fraction / 1'000 : fraction, digits, '+');
  return text += "00:00";
}

}  // namespace

std::string format_timestamp(std::int64_t unix_ms) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1'000;
  return format(std::clamp(unix_ms, -most, most) * 1'000, 3);
}

std::string format_timestamp_us(std::int64_t unix_us) {
  return format(unix_us, unix_us % us_per_second == 0 ? 0 : unix_us % 1'000 == 0 ? 3 : 6);
}

}  // namespace quorate::memory
