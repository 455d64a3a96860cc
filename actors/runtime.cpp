#include "actors/runtime.hpp"

#include <random>

#include "actors/scheduler.hpp"

namespace quorate {

const actor_runtime& threaded_runtime() {
  static const actor_runtime runtime{
      install_scheduler,
      true,
      [] {
        std::random_device device;
        return static_cast<std::uint64_t>(device()) << 32 | device();
      },
      [](const std::atomic<bool>& done) { done.wait(false); },
  };
  return runtime;
}

}  // namespace quorate
