// All that a store holds, as it was when this was made, in the blocks of storage/snapshot.hpp.
//
// Made by the store, owned by whoever makes the backup; used by one thread at a time; not after the store is gone.
// Keeps what it reads from being dropped until it is gone itself.
#pragma once

#include <string>

#include "proto/status.hpp"

namespace quorate {

class snapshot_reading {
 public:
  virtual ~snapshot_reading() = default;
  /// The next block; empty at the end. Damage is errc::corruption.
  virtual result<std::string> next() = 0;
};

}  // namespace quorate
