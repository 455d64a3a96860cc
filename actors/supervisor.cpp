#include "actors/supervisor.hpp"

#include <algorithm>
#include <chrono>

#include "actors/actor_defaults.hpp"
#include "actors/log.hpp"
#include "proto/test_points.hpp"

namespace quorate {

void supervisor_state::start(std::size_t index) {
  auto& child = children[index];
  child.actor = child.spec.spawn(self);
  self->monitor(child.actor);
  child.spec.place->set(child.actor);
  if (child.spec.on_placed) child.spec.on_placed();
  // Last: who reads "running" may count on a message to it arriving.
  child.fact.running = true;
  context->facts.set_actor(child.fact);
}

void supervisor_state::on_down(const caf::down_msg& down) {
  auto found = std::find_if(children.begin(), children.end(),
                            [&](const supervised_child& c) { return c.actor && c.actor.address() == down.source; });
  if (found == children.end()) return;
  found->actor = caf::actor();
  found->spec.place->clear();
  found->fact.running = false;
  if (stopping) {
    context->facts.set_actor(found->fact);
    return stop_next();
  }
  found->fact.last_reason = caf::to_string(down.reason);
  ++found->fact.restarts;
  context->facts.set_actor(found->fact);
  auto delay_ms = found->intensity.on_death(context->time.steady_us() / 1000);
  logging::event(logging::level::error, "actor.died",
                 {{"actor", found->spec.name},
                  {"reason", found->fact.last_reason},
                  {"restarts", static_cast<std::int64_t>(found->fact.restarts)}});
  if (planted(planted_bug::link_not_restarted) && found->spec.name.starts_with("link.")) return;
  if (planted(planted_bug::indexer_not_restarted) && found->spec.name == "indexer") return;
  if (!delay_ms) {
    context->fail({errc::internal, found->spec.name + " died more than " + std::to_string(limits::restarts_max)
                                       + " times in " + std::to_string(limits::restart_window_ms / 1000)
                                       + " s, last of: " + found->fact.last_reason});
    return;
  }
  self->delayed_send(self, std::chrono::milliseconds(*delay_ms),
                     message::restart{static_cast<std::size_t>(found - children.begin())});
}

void supervisor_state::begin_stop() {
  stopping = true;
  stop_next();
}

void supervisor_state::stop_next() {
  // One at a time: a child that is told to go must not find those it depends on gone before it.
  for (auto i = children.rbegin(); i != children.rend(); ++i)
    if (i->actor) {
      self->send_exit(i->actor, caf::exit_reason::user_shutdown);
      return;
    }
  self->quit(caf::exit_reason::normal);
}

caf::behavior supervisor_behavior(caf::stateful_actor<supervisor_state>* self, node_context* context,
                                  std::vector<child_spec> children) {
  install_defaults(self);
  auto& state = self->state;
  state.self = self;
  state.context = context;
  for (auto& spec : children) {
    supervisor_state::supervised_child child;
    child.fact.name = spec.name;
    child.spec = std::move(spec);
    state.children.push_back(std::move(child));
  }
  self->set_down_handler([self](caf::down_msg& down) { self->state.on_down(down); });
  self->set_exit_handler([self](caf::exit_msg&) { self->state.begin_stop(); });
  for (std::size_t i = 0; i < state.children.size(); ++i) state.start(i);
  return {
      [self](const message::restart& m) {
        if (!self->state.stopping) self->state.start(m.child);
      },
  };
}

}  // namespace quorate
