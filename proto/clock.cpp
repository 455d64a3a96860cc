#include "proto/clock.hpp"

#include <chrono>

namespace quorate {
namespace {

class machine_clock final : public clock {
 public:
  std::int64_t wall_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  std::int64_t steady_us() const override {
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
  }
};

}  // namespace

const clock& system_clock() {
  static const machine_clock instance;
  return instance;
}

}  // namespace quorate
