// Takes back what a curator did, from an entry of its log.
//
// Function over the client, one thread. Puts back only what is gone and takes away only what is still as the curator
// made it: whatever was written since stays. So an entry can be taken back twice, and one whose act was never made
// changes nothing. A failure leaves some of it done; running it again does the rest.
#pragma once

#include <cstdint>
#include <string>

#include "memory/curator_log.hpp"
#include "net/client.hpp"

namespace quorate::cli {

struct undone {
  std::uint64_t restored = 0;  ///< records that are there again, or have their old value again
  std::uint64_t removed = 0;   ///< merged records that are gone
  std::uint64_t kept = 0;      ///< changes left alone because something was written since
  net::call_result failure;    ///< of the call that ended it; ok when all was done
};

undone undo(net::client& client, const memory::curator_act& act, const std::string& caller);

}  // namespace quorate::cli
