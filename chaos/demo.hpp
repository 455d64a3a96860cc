// `quorate-chaos demo`: three nodes, an import, kill -9 of the node that takes it, and proof that nothing was lost.
#pragma once

#include <cstdint>
#include <string>

namespace quorate::chaos {

struct demo_options {
  std::string program;  ///< path of `quorate`
  std::size_t records = 5'000;
  std::uint64_t seed = 42;
  bool keep = false;  ///< leave the data directories
};

/// 0 when every line of the verdict holds, 1 when one does not or something broke.
int run_demo(const demo_options& options);

}  // namespace quorate::chaos
