// Who acts: what an agent may be called, and what a caller is called that does not say.
//
// Pure functions, any thread; host name, process and randomness come from whoever calls. All names made here keep the
// rule of an agent id whatever they are made of. The order in which a surface looks for its caller is its own:
//   command line: its flag or environment, else `process_identity`
//   MCP: the tool's parameter, the environment, else `client_identity`, else `process_identity`
//   HTTP: the body, the header, else `request_identity`
// Empty text counts as not given; a name that is given and breaks the rule is an error, not replaced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/status.hpp"

namespace quorate::memory {

inline constexpr std::size_t agent_id_bytes_max = 128;
inline constexpr std::size_t agent_type_bytes_max = 64;

/// 1 to 128 bytes of A-Z a-z 0-9 _ - : @ . / as an invalid_argument of `field`.
status validate_agent_id(std::string_view id, std::string_view field = "agent_id");

/// "human", "system", or "ai:" and one or more of A-Z a-z 0-9 _ - . ; at most 64 bytes.
status validate_agent_type(std::string_view type);

/// A host's or client's own name as part of an agent id: each run of other characters than A-Z a-z 0-9 _ - . is one
/// dash, outer dashes are taken off, and no more than `bytes_max` bytes are left. Empty when nothing is left.
std::string identity_part(std::string_view name, std::size_t bytes_max);

/// "host:<host>:pid-<pid>-<8 hex digits of nonce>"; "anonymous:pid-<pid>-<8 hex>" for a host whose name leaves nothing.
/// Who wants to stay unknown gives no host.
std::string process_identity(std::string_view host, std::uint64_t process, std::uint32_t nonce);

/// "ai:<client>@<host>:pid-<pid>"; empty when one of the two names leaves nothing.
std::string client_identity(std::string_view client, std::string_view host, std::uint64_t process);

/// "anonymous:req-<8 hex>", a new one for each request.
std::string request_identity(std::uint32_t nonce);

/// Whether the value of AI_MEMORY_ANONYMIZE or QUORATE_ANONYMIZE asks for it: 1, true, yes, on, in any case.
bool asks_for_anonymity(std::string_view setting);

}  // namespace quorate::memory
