// What every actor installs first, in place of the library's defaults: an exception ends the actor with its text as
// the reason (the supervisor sees it), an unexpected message ends it too, a drill can make it throw.
#pragma once

#include <stdexcept>
#include <string>

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include "actors/messages.hpp"

namespace quorate {

inline caf::error reason_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, std::string(e.what()));
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, std::string("an exception that is no std::exception"));
  }
}

inline void install_defaults(caf::scheduled_actor* self) {
  self->set_exception_handler([](std::exception_ptr& thrown) { return reason_of(thrown); });
  self->set_default_handler([](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
    throw std::logic_error("a message it does not know");
  });
}

[[noreturn]] inline void throw_for_drill() { throw std::runtime_error("killed by a drill"); }

}  // namespace quorate
