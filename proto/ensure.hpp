// `ensure(condition, what)`: what must be true here, or this process must not go on. Always compiled in.
//
// For the borders where a wrong edit would lose or misreport data in silence: a broken condition is a defect of this
// program, not something a caller or a peer did (that is a status). The process says what and where and ends, before it
// acknowledges anything that rests on it. Any thread.
#pragma once

namespace quorate {

/// Called when a condition is broken; must not return. The simulator and tests throw from it; by default the line goes
/// to standard error and the process aborts.
using broken_handler = void (*)(const char* what, const char* file, unsigned line);
/// Not while other threads run. Gives back the one before.
broken_handler on_broken(broken_handler handler);

[[noreturn]] void broken(const char* what, const char* file, unsigned line);

// The builtins, because std::source_location is not in every compiler that reads this.
inline void ensure(bool condition, const char* what, const char* file = __builtin_FILE(),
                   unsigned line = __builtin_LINE()) {
  if (!condition) [[unlikely]]
    broken(what, file, line);
}

}  // namespace quorate
