#include <filesystem>
#include <utility>

#include "chaos/drill/fault_scripts.hpp"
#include "chaos/drill/local_environment.hpp"
#include "chaos/drill/namespaced_network.hpp"
#include "chaos/drill/place.hpp"
#include "chaos/drill/private_namespaces.hpp"
#include "chaos/drill/relay_network.hpp"

namespace quorate::chaos {
namespace {

const std::vector<std::string> node_names{"a", "b", "c"};

class local_place final : public place {
 public:
  local_place(local_place_options options, private_namespaces entered, std::unique_ptr<network> net)
      : options_(std::move(options)), entered_(std::move(entered)), net_(std::move(net)) {}

  std::string environment_name() const override { return "local"; }
  std::string network_name() const override { return net_->kind(); }

  std::string cannot(fault_class fault) const override {
    const std::string no_clock =
        std::filesystem::exists(faketime_library) ? "" : "libfaketime is missing: install the package faketime";
    const std::string no_faulty_node = std::filesystem::exists(options_.faulty_program)
                                           ? ""
                                           : options_.faulty_program + " is missing: build it with ./dev build";
    switch (fault) {
      case fault_class::power_loss:
      case fault_class::io_error: return no_faulty_node;
      case fault_class::pair_of_faults: return no_faulty_node.empty() ? no_clock : no_faulty_node;
      case fault_class::drop_random_acks: return net_->cannot_lose();
      case fault_class::disk_full:
        return entered_.mounts ? "" : "no file system can be mounted: " + entered_.why_no_mounts;
      case fault_class::clock_skew_peer: return no_clock;
      default: return "";
    }
  }

  result<std::unique_ptr<environment>> make() override {
    local_options wanted;
    wanted.program = options_.program;
    wanted.faulty_program = options_.faulty_program;
    wanted.variables = options_.variables;
    wanted.net = net_.get();
    wanted.may_mount = entered_.mounts;
    wanted.loop_devices = entered_.mounts && !entered_.user;
    wanted.scratch_parent = options_.scratch_parent;
    auto made = local_environment::make(std::move(wanted));
    if (!made) return made.error();
    return std::unique_ptr<environment>(std::move(*made));
  }

 private:
  const local_place_options options_;
  const private_namespaces entered_;
  const std::unique_ptr<network> net_;
};

}  // namespace

result<std::unique_ptr<place>> make_local_place(const local_place_options& options) {
  auto entered = enter_private_namespaces();
  std::unique_ptr<network> net;
  if (entered.network && !options.relay) {
    auto made = namespaced_network::make(entered, node_names);
    if (!made) return made.error();
    net = std::move(*made);
  } else {
    auto made = relay_network::make(node_names);
    if (!made) return made.error();
    net = std::move(*made);
  }
  return std::unique_ptr<place>(std::make_unique<local_place>(options, std::move(entered), std::move(net)));
}

}  // namespace quorate::chaos
