#include "actors/runtime.hpp"

#include <chrono>
#include <random>
#include <thread>

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
      [](const std::function<bool()>& done) {
        // Only at the end of a node: the actors need a few milliseconds for it.
        while (!done()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      },
  };
  return runtime;
}

}  // namespace quorate
