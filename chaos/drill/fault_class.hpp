// The vocabulary of fault classes: names for reports and the command line, words for people. One table, faults.def.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quorate::chaos {

enum class fault_class : std::uint8_t {
#define QUORATE_FAULT(name, title, what, proof) name,
#include "chaos/drill/faults.def"
#undef QUORATE_FAULT
};

struct fault_words {
  fault_class fault;
  std::string_view name;
  std::string_view title;
  std::string_view what;   ///< is done
  std::string_view proof;  ///< the unit of what a cycle counts as proof that the fault bit
};

inline constexpr std::array all_faults{
#define QUORATE_FAULT(name, title, what, proof) fault_words{fault_class::name, #name, title, what, proof},
#include "chaos/drill/faults.def"
#undef QUORATE_FAULT
};

inline const fault_words& words_of(fault_class fault) { return all_faults[static_cast<std::size_t>(fault)]; }

inline std::optional<fault_class> fault_of(std::string_view name) {
  for (const auto& one : all_faults)
    if (one.name == name) return one.fault;
  return std::nullopt;
}

}  // namespace quorate::chaos
