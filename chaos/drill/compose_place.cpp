#include <utility>

#include "chaos/drill/compose_environment.hpp"
#include "chaos/drill/place.hpp"

namespace quorate::chaos {
namespace {

class compose_place final : public place {
 public:
  std::string environment_name() const override { return "compose"; }
  std::string network_name() const override { return "containers"; }
  std::string cannot(fault_class fault) const override { return compose_environment::cannot(fault); }

  result<std::unique_ptr<environment>> make() override {
    auto made = compose_environment::prepare();
    if (!made) return made.error();
    return std::unique_ptr<environment>(std::move(*made));
  }
};

}  // namespace

result<std::unique_ptr<place>> make_compose_place() {
  // What is missing is said before the first cycle, not by it.
  if (const auto probe = compose_environment::prepare(); !probe) return probe.error();
  return std::unique_ptr<place>(std::make_unique<compose_place>());
}

}  // namespace quorate::chaos
