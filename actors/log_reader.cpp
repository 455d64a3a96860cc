#include "actors/log_reader.hpp"

#include "actors/actor_defaults.hpp"
#include "proto/test_points.hpp"

namespace quorate {

caf::behavior log_reader_behavior(caf::event_based_actor* self, node_context* context) {
  install_defaults(self);
  return {
      [context](const message::read_log& request) {
        context->log_reader.received();
        const auto& order = request.order;
        auto read = context->store.read_log(order.log, order.first, order.bytes_max);
        // The order was wrong, not the disk; the link asks again when it knows better.
        if (!read && read.error().code() == errc::invalid_argument) return;
        if (!read) {
          // Damaged or unreadable: what this node cannot read it must not go on serving.
          context->fail(read.error());
          return;
        }
        pass(kill_point::log_reader_read);
        auto entries = std::make_shared<std::vector<encoded_entry>>(std::move(*read));
        context->links[request.link]->send(message::log_chunk{order.log, std::move(entries)});
      },
      [context](message::crash) {
        context->log_reader.received();
        throw_for_drill();
      },
  };
}

}  // namespace quorate
