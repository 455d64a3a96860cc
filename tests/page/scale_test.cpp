#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "chaos/page/chart.hpp"
#include "chaos/page/scale.hpp"

using namespace quorate::page;

TEST_CASE("ticks are round, enclose the highest value, and are few") {
  CHECK(round_ticks(7, 5) == std::vector<double>{0, 2, 4, 6, 8});
  CHECK(round_ticks(1'000, 6) == std::vector<double>{0, 200, 400, 600, 800, 1'000});
  CHECK(round_ticks(100, 3) == std::vector<double>{0, 50, 100});
  CHECK(round_ticks(101, 3) == std::vector<double>{0, 100, 200});
  for (const double highest : {1e-9, 0.3, 0.99, 1.0, 3.0, 84.4, 999.0, 123'456.0, 7e12, 1e300}) {
    for (const int at_most : {2, 4, 7}) {
      const auto ticks = round_ticks(highest, at_most);
      CAPTURE(highest);
      CHECK(ticks.size() >= 2);
      CHECK(ticks.size() <= static_cast<std::size_t>(at_most));
      CHECK(ticks.front() == 0);
      CHECK(ticks.back() >= std::min(highest, 1e15) * (1 - 1e-9));
    }
  }
}

TEST_CASE("ticks of nonsense are those of one") {
  for (const double highest : {0.0, -3.0, std::nan(""), std::numeric_limits<double>::infinity()})
    CHECK(round_ticks(highest, 2) == std::vector<double>{0, 1});
}

TEST_CASE("decades enclose both ends") {
  CHECK(decade_ticks(0.7, 240).front() == doctest::Approx(0.1));
  CHECK(decade_ticks(0.7, 240).back() == doctest::Approx(1'000));
  CHECK(decade_ticks(10, 10).size() == 2);
  CHECK(decade_ticks(0, std::nan("")).size() >= 2);
  CHECK(decade_ticks(1e-300, 1e300).size() < 40);
}

TEST_CASE("a scale maps its ends onto its ends and nothing beyond them") {
  const scale linear{0, 10, 100, 200};
  CHECK(linear(0) == 100);
  CHECK(linear(5) == 150);
  CHECK(linear(10) == 200);
  CHECK(linear(-5) == 100);
  CHECK(linear(1e300) == 200);
  CHECK(linear(std::nan("")) == 100);
  const scale logarithmic{1, 100, 0, 10, true};
  CHECK(logarithmic(10) == doctest::Approx(5));
  CHECK(logarithmic(0) == doctest::Approx(0));
  const scale upwards{0, 10, 200, 100};
  CHECK(upwards(10) == 100);
  CHECK(scale{3, 3, 7, 9}(3) == 7);
}

namespace {

timeline long_timeline() {
  timeline of;
  of.bin_ms = 25;
  for (int i = 0; i < 1'000; ++i)
    of.bins.push_back({i * 25.0, 2, i == 501 ? 1.0 : 0.0, 0.5, i == 777 ? std::optional(90.0) : std::nullopt});
  return of;
}

template <class Of>
double sum(const timeline& of, Of field) {
  return std::accumulate(of.bins.begin(), of.bins.end(), 0.0,
                         [&](double so_far, const timeline_bin& bin) { return so_far + bin.*field; });
}

}  // namespace

TEST_CASE("merging slices keeps the counts and the highest latency") {
  const auto few = merged(long_timeline(), 140);
  CHECK(few.bins.size() <= 140);
  CHECK(few.bins.size() > 70);
  CHECK(sum(few, &timeline_bin::ok) == 2'000);
  CHECK(sum(few, &timeline_bin::failed) == 1);
  CHECK(few.bins.back().t + few.bin_ms >= 25'000);
  double highest = 0;
  for (const auto& bin : few.bins) highest = std::max(highest, bin.max_ms.value_or(0));
  CHECK(highest == 90);
  CHECK(merged(long_timeline(), 1'000).bins.size() == 1'000);
}

TEST_CASE("a chart names itself, and says so when it has no data") {
  const auto chart = timeline_chart("one", "A <title>", long_timeline()).html();
  CHECK(chart.find("aria-labelledby=\"one-t one-d\"") != std::string::npos);
  CHECK(chart.find("<title id=\"one-t\">A &lt;title&gt;</title>") != std::string::npos);
  CHECK(chart.find("2,000 writes acknowledged, 1 not") != std::string::npos);
  CHECK(chart.size() < 20'000);
  CHECK(timeline_chart("one", "t", {}).html().find("<svg") == std::string::npos);
  CHECK(convergence_chart("one", "t", {}).html().find("<svg") == std::string::npos);
}

TEST_CASE("numbers without measure still give a finite chart") {
  timeline of;
  of.bin_ms = 1e300;
  of.fault_start_ms = -1e300;
  of.fault_end_ms = 1e300;
  of.converged_ms = 0;
  of.bins = {{0, 1e300, 1e300, 1e-300, 1e300}, {1e300, 0, 0, std::nullopt, std::nullopt}};
  for (const auto& chart : {timeline_chart("one", "t", of),
                            convergence_chart("two", "t", {{1e300, 1e300, true}, {-5, -5.0, true}, {1, {}, false}})}) {
    CHECK(chart.html().find("nan") == std::string::npos);
    CHECK(chart.html().find("inf") == std::string::npos);
  }
}
