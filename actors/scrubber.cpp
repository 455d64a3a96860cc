#include "actors/scrubber.hpp"

#include "actors/actor_defaults.hpp"
#include "actors/log.hpp"

namespace quorate {

using std::chrono::microseconds;
using std::chrono::milliseconds;

void scrubber_state::wait(microseconds pause) { self->delayed_send(self, pause, message::tick{}); }

void scrubber_state::on_tick() {
  if (!reading) {
    reading = context->store.verify();
    if (!reading) return;  // nothing that could be damaged
    bytes = 0;
    began_us = context->time.steady_us();
  }
  const auto read = reading->next();
  // What cannot be read is not there for those who would ask for it.
  if (!read) {
    reading.reset();
    return context->fail(read.error());
  }
  if (*read) {
    bytes += **read;
    return wait(microseconds(**read * 1'000'000 / limits::verify_bytes_per_s));
  }
  reading.reset();
  logging::event(
      logging::level::info, "disk.verified",
      {{"bytes", static_cast<std::int64_t>(bytes)}, {"took_ms", (context->time.steady_us() - began_us) / 1000}});
  wait(milliseconds(context->options.verify_interval_ms));
}

caf::behavior scrubber_behavior(caf::stateful_actor<scrubber_state>* self, node_context* context) {
  install_defaults(self);
  auto& state = self->state;
  state.self = self;
  state.context = context;
  self->delayed_send(self, milliseconds(limits::verify_after_start_ms), message::tick{});
  return {
      [self](message::tick) { self->state.on_tick(); },
      [self](message::crash) {
        self->state.context->scrubber.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
