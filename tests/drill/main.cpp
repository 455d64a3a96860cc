#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "tests/drill/entered.hpp"

namespace quorate::chaos {

const private_namespaces& entered() {
  static const auto once = enter_private_namespaces();
  return once;
}

}  // namespace quorate::chaos

int main(int count, char** arguments) {
  static_cast<void>(quorate::chaos::entered());
  return doctest::Context(count, arguments).run();
}
