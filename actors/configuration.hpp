// The list of members as it travels: storage::member_list ⇄ quorate.v1.Configuration. Pure functions, any thread.
#pragma once

#include <cstdint>

#include "storage/store.hpp"

namespace quorate::v1 {
class Configuration;
}

namespace quorate {

/// What members speak among each other; another number is refused by name.
inline constexpr std::uint32_t protocol_version = 2;

storage::member_list configuration_of(const v1::Configuration& in);
void fill(const storage::member_list& list, v1::Configuration* out);

}  // namespace quorate
