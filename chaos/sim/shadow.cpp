#include "chaos/sim/shadow.hpp"

#include "proto/hash.hpp"

namespace quorate::sim {
namespace {

std::uint64_t print_of(const mutation& change) {
  const auto key = hash64_of(change.key.bytes) * 31 + static_cast<std::uint64_t>(change.key.kind);
  return key * 31 + (change.deleted ? 1 : hash64_of(change.value) * 31 + hash64_of(change.alias));
}

}  // namespace

void shadow_history::remember(std::uint64_t operation, const version& stamp, const std::vector<mutation>& changes) {
  for (const auto& change : changes) writes_.emplace(stamp, write{operation, print_of(change)});
}

std::vector<std::uint64_t> shadow_history::writers_of(const version& stamp, const mutation& change) const {
  const auto print = print_of(change);
  std::vector<std::uint64_t> writers;
  for (const auto& exact : {stamp, version{stamp.time, yielding}}) {
    const auto [first, last] = writes_.equal_range(exact);
    for (auto i = first; i != last; ++i)
      if (i->second.print == print) writers.push_back(i->second.operation);
  }
  return writers;
}

}  // namespace quorate::sim
