#include "proto/ensure.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace quorate {
namespace {

void say_and_abort(const char* what, const char* file, unsigned line) {
  std::fprintf(stderr, "quorate: a defect in this program: %s (%s:%u)\n", what, file, line);
  std::fflush(stderr);
  std::abort();
}

broken_handler handler = say_and_abort;

}  // namespace

broken_handler on_broken(broken_handler with) { return std::exchange(handler, with); }

void broken(const char* what, const char* file, unsigned line) {
  handler(what, file, line);
  std::abort();
}

}  // namespace quorate
