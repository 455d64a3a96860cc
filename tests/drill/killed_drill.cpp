// A drill that makes everything that could be left behind, says so, and waits to be killed.
#include <sys/mount.h>
#include <unistd.h>

#include <iostream>

#include "chaos/drill/namespaced_network.hpp"

int main(int count, char** arguments) {
  using namespace quorate;
  const auto entered = chaos::enter_private_namespaces();
  if (count != 2) return 2;
  const bool mounted = entered.mounts && mount("none", arguments[1], "tmpfs", 0, "size=64k") == 0;
  auto network = chaos::namespaced_network::make(entered, {"a", "b"});
  status outcome = network ? (*network)->cut("a", "b") : network.error();
  if (outcome) outcome = (*network)->limit("a", "b", 1'000'000);
  std::cout << (mounted && outcome ? "ready" : "failed: " + outcome.message()) << std::endl;
  while (true) pause();
}
