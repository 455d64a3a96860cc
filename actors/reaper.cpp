#include "actors/reaper.hpp"

#include <chrono>

#include "actors/actor_defaults.hpp"
#include "actors/log.hpp"

namespace quorate {

namespace {

void collect(node_context& context) {
  const auto began_us = context.time.steady_us();
  const auto collected = context.collect_expired();
  if (!collected) {
    logging::event(logging::level::warn, "records.collection_failed", {{"reason", collected.error().message()}});
  } else if (*collected > 0) {
    logging::event(logging::level::info, "records.collected",
                   {{"records", static_cast<std::int64_t>(*collected)},
                    {"took_ms", (context.time.steady_us() - began_us) / 1000}});
  }
}

}  // namespace

caf::behavior reaper_behavior(caf::stateful_actor<reaper_state>* self, node_context* context) {
  install_defaults(self);
  const auto interval = std::chrono::milliseconds(context->options.collect_interval_ms);
  self->delayed_send(self, interval, message::tick{});
  return {
      [self, context, interval](message::tick) {
        collect(*context);
        self->delayed_send(self, interval, message::tick{});
      },
      [context](message::crash) {
        context->reaper.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
