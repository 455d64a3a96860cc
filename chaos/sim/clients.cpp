#include "chaos/sim/clients.hpp"

#include <cstdlib>

#include "memory/usage.hpp"
#include "proto/hash.hpp"
#include "proto/test_points.hpp"

namespace quorate::sim {
namespace {

class client_write final : public net::write_request {
 public:
  client_write(std::shared_ptr<operation> op, shadow_history& shadow, std::vector<mutation> changes,
               std::function<void(const net::write_answer&)> end)
      : op_(std::move(op)), shadow_(shadow), changes_(std::move(changes)), end_(std::move(end)) {}
  std::vector<record_key> keys(const record_reader&) const override {
    std::vector<record_key> keys;
    for (const auto& change : changes_) keys.push_back(change.key);
    return keys;
  }
  result<std::vector<mutation>> plan(const record_reader& now, const version& stamp) override {
    const auto held = now.get(changes_.front().key);
    if (!held) return held.error();
    op_->base = *held ? (*held)->stamp : version{};
    ++op_->attempts;
    shadow_.planned(op_->number, stamp, changes_);
    return changes_;
  }
  void finish(const net::write_answer& end) noexcept override { end_(end); }

 private:
  const std::shared_ptr<operation> op_;
  shadow_history& shadow_;
  const std::vector<mutation> changes_;
  const std::function<void(const net::write_answer&)> end_;
};

/// A use of a record, counted in the row of the node that is asked.
class client_touch final : public net::write_request {
 public:
  client_touch(std::shared_ptr<operation> op, shadow_history& shadow, node_id self, std::int64_t now_ms,
               std::function<void(const net::write_answer&)> end)
      : op_(std::move(op)), shadow_(shadow), self_(self), now_ms_(now_ms), end_(std::move(end)) {
    // The defect: all nodes count in the same row.
    if (planted(planted_bug::uses_share_a_row)) self_ = node_id{1};
  }
  result<std::vector<mutation>> plan(const record_reader& now, const version& stamp) override {
    auto planned = memory::plan_touch(now, {{key_kind::memory, op_->key}}, self_, now_ms_);
    if (!planned) return planned.error();
    if (planned->mutations.empty()) return status(errc::not_found, "there is nothing to use");
    shadow_.planned(op_->number, stamp, planned->mutations);
    return std::move(planned->mutations);
  }
  void finish(const net::write_answer& end) noexcept override { end_(end); }

 private:
  const std::shared_ptr<operation> op_;
  shadow_history& shadow_;
  node_id self_;
  const std::int64_t now_ms_;
  const std::function<void(const net::write_answer&)> end_;
};

/// What time does to a record: it is removed, unless somebody has written it since.
class client_collection final : public net::write_request {
 public:
  client_collection(std::shared_ptr<operation> op, shadow_history& shadow,
                    std::function<void(const net::write_answer&)> end)
      : op_(std::move(op)), shadow_(shadow), end_(std::move(end)) {
    yields = true;
  }
  result<std::vector<mutation>> plan(const record_reader& now, const version&) override {
    const record_key key{key_kind::memory, op_->key};
    const auto held = now.get(key);
    if (!held) return held.error();
    if (!*held || (*held)->deleted) return status(errc::not_found, "there is nothing to collect");
    op_->collected = (*held)->stamp;
    std::vector<mutation> changes{{key, true, {}, {}}};
    shadow_.planned_above(op_->number, op_->collected, changes);
    return changes;
  }
  void finish(const net::write_answer& end) noexcept override { end_(end); }

 private:
  const std::shared_ptr<operation> op_;
  shadow_history& shadow_;
  const std::function<void(const net::write_answer&)> end_;
};

/// A write that finds what it would have written, whatever it is.
class client_keep final : public net::write_request {
 public:
  client_keep(std::shared_ptr<operation> op, std::function<void(const net::write_answer&)> end)
      : op_(std::move(op)), end_(std::move(end)) {}
  std::vector<record_key> keys(const record_reader&) const override { return {{key_kind::memory, op_->key}}; }
  result<std::vector<mutation>> plan(const record_reader& now, const version&) override {
    const auto held = now.get({key_kind::memory, op_->key});
    if (!held) return held.error();
    if (!*held) return status(errc::not_found, "there is nothing to keep");
    op_->base = (*held)->stamp;
    return std::vector<mutation>{};
  }
  void finish(const net::write_answer& end) noexcept override { end_(end); }

 private:
  const std::shared_ptr<operation> op_;
  const std::function<void(const net::write_answer&)> end_;
};

class client_read final : public net::read_request {
 public:
  explicit client_read(std::function<void(const net::read_answer&)> end) : end_(std::move(end)) {}
  void finish(const net::read_answer& end) noexcept override { end_(end); }

 private:
  const std::function<void(const net::read_answer&)> end_;
};

}  // namespace

std::string value_of(const operation& op) {
  if (op.of == operation::use::counted) return counted_record(op);
  auto value = "value " + std::to_string(op.number);
  if (op.padding > 0) value.append(1, ' ').append(op.padding, static_cast<char>('a' + op.number % 26));
  return value;
}

std::string counted_key(const std::string& title) { return std::string("sim\0", 4) + title; }

std::string id_of_counted(const std::string& key) { return key.substr(key.find('\0') + 1); }

std::string counted_record(const operation& op) {
  v1::MemoryRecord record;
  record.set_id(id_of_counted(op.key));
  record.set_namespace_("sim");
  record.set_title(record.id());
  record.set_content("value " + std::to_string(op.number));
  return record.SerializeAsString();
}

std::uint64_t number_in(const std::string& value) {
  return value.empty() ? 0 : std::strtoull(value.c_str() + sizeof "value", nullptr, 10);
}

std::string operation::text() const {
  std::string text = "#" + std::to_string(number) + ' ';
  text += what == kind::store     ? "store"
          : what == kind::remove  ? "delete"
          : what == kind::pair    ? "pair"
          : what == kind::touch   ? "use"
          : what == kind::collect ? "collection"
          : what == kind::keep    ? "keep"
                                  : "read";
  if (consistency == net::write_consistency::linearizable) text += " linearizable";
  text += " of '" + key + "' at " + node + " (" + std::to_string(begun_us / ms) + " to "
          + (answered() ? std::to_string(ended_us / ms) : "?") + " ms)";
  return text;
}

clients::clients(world& w, cluster& c)
    : world_(w),
      cluster_(c),
      count_(static_cast<unsigned>(c.far() ? w.between(4, 12) : w.between(2, 6))),
      pause_ms_max_(c.far() ? 60 : 170),
      registers_(1 + w.below(2)),
      register_share_(w.one_in(2) ? 17 : 8),
      removal_one_in_(w.one_in(3) ? 3 : 8),
      linearizable_one_in_(w.one_in(3) ? 6 : 2),
      long_one_in_(w.one_in(5) ? 10 : 200) {}

bool operation::removes(const std::string& of_key) const {
  if (what != kind::pair) return what == kind::remove || what == kind::collect;
  return (number % 3 == 1 && of_key == left_of(key)) || (number % 3 == 2 && of_key == right_of(key));
}

void clients::start() {
  for (unsigned c = 0; c < count_; ++c) next(c, c % cluster_.size(), pause());
}

void clients::on_disk_lost(const member& m) {
  for (auto& op : operations_)
    if (op->write() && op->quorum == net::write_quorum::one && op->node == m.name) op->may_be_lost = true;
}

void clients::on_loss_accepted() {
  for (auto& op : operations_) op->may_be_lost = true;
  ++generation_;
}

std::string clients::key_of(const char* kind, std::uint64_t number) const {
  auto key = std::string(kind) + ' ' + std::to_string(number);
  if (generation_ > 0) key.append(" after loss ").append(std::to_string(generation_));
  return key;
}

void clients::next(unsigned client, std::size_t at, std::int64_t pause_ms) {
  world_.after(pause_ms * ms, [this, client, at] {
    if (stopped_) return;
    auto where = spread_ ? world_.below(cluster_.size()) : at;
    for (std::size_t tries = 0; tries < cluster_.size() && !cluster_[where].up; ++tries)
      where = (where + 1) % cluster_.size();
    auto& m = cluster_[where];
    if (!m.up) return next(client, world_.below(cluster_.size()), pause());
    call(m, client, where);
  });
}

void clients::choose(operation& op) {
  const auto dice = world_.below(20);
  const auto rest = 20 - register_share_;
  if (dice < register_share_) {
    op.of = operation::use::register_;
    op.key = key_of("register", world_.below(registers_));
    if (world_.one_in(2)) {
      op.what = operation::kind::read;
      op.local = world_.one_in(8);
      return;
    }
    if (world_.one_in(linearizable_one_in_))
      op.consistency = net::write_consistency::linearizable;
    else if (world_.one_in(2))
      op.on_superseded = net::when_superseded::retry;
    if (world_.one_in(8)) op.quorum = net::write_quorum::all;
  } else if (dice < register_share_ + rest * 2 / 10) {
    op.of = operation::use::counted;
    op.key = counted_key(key_of("counted", world_.below(2)));
    if (!world_.one_in(4)) op.what = operation::kind::touch;
    return;
  } else if (dice < register_share_ + rest * 3 / 10) {
    op.of = operation::use::expiring;
    op.key = key_of("expiring", world_.below(2));
    if (world_.one_in(3)) op.what = operation::kind::collect;
    return;
  } else if (dice < register_share_ + rest * 5 / 10) {
    op.of = operation::use::own;
    op.key = key_of("own", op.number);
  } else if (dice < register_share_ + rest * 8 / 10) {
    op.of = operation::use::shared;
    op.key = key_of("shared", world_.below(6));
    if (world_.one_in(4)) op.quorum = world_.one_in(2) ? net::write_quorum::one : net::write_quorum::all;
    if (world_.one_in(4)) {
      op.what = operation::kind::keep;
      return;
    }
    if (world_.one_in(2)) op.on_superseded = net::when_superseded::retry;
  } else {
    op.of = operation::use::pair;
    op.what = operation::kind::pair;
    op.key = key_of("pair", world_.below(3));
    return;
  }
  if (world_.one_in(long_one_in_)) op.padding = world_.below(world_.one_in(2) ? 2'000 : 64 << 10);
  if (world_.one_in(removal_one_in_)) op.what = operation::kind::remove;
}

std::shared_ptr<operation> clients::begin(const member& m) {
  auto op = std::make_shared<operation>();
  operations_.push_back(op);
  op->number = operations_.size();
  op->node = m.name;
  op->begun_us = world_.now_us();
  op->deadline_us = world_.now_us() + world_.between(20, 1'500) * ms;
  return op;
}

void clients::call(member& m, unsigned client, std::size_t where) {
  const auto op = begin(m);
  choose(*op);
  const auto then = [this, client, where](const operation& done) {
    const bool stay = done.ok() || world_.one_in(3);
    // Who is refused waits a little longer.
    next(client, stay ? where : (where + 1) % cluster_.size(), done.ok() ? pause() : 2 * pause() + 50);
  };
  if (op->what == operation::kind::touch)
    touch(m, op, then);
  else if (op->what == operation::kind::collect)
    collect(m, op, then);
  else if (op->what == operation::kind::keep)
    keep(m, op, then);
  else if (op->write())
    write(m, op, then);
  else if (op->local)
    read_locally(m, op, then);
  else
    read(m, op, then);
}

void clients::read_register(member& m, follow_up then) {
  if (stopped_ || !m.up) return;
  const auto op = begin(m);
  op->of = operation::use::register_;
  op->what = operation::kind::read;
  op->key = key_of("register", 0);
  op->deadline_us = op->begun_us + 1'000 * ms;
  read(m, op, std::move(then));
}

void clients::write_register(member& m, follow_up then) {
  if (stopped_ || !m.up) return;
  const auto op = begin(m);
  op->of = operation::use::register_;
  op->key = key_of("register", 0);
  op->deadline_us = op->begun_us + 1'000 * ms;
  write(m, op, std::move(then));
}

void clients::cross(member& slow, member& behind) {
  for (auto& third : cluster_.members()) {
    if (third.get() == &slow || third.get() == &behind) continue;
    for (int i = 0; i < 8; ++i)
      world_.after((1 + 300 * i) * ms, [this, &slow, &behind, third = third.get()] {
        read_register(slow, [this, &slow](const operation&) { read_register(slow, [](const operation&) {}); });
        world_.after(world_.between(0, 3) * ms, [this, &behind, third] {
          write_register(*third, [this, &behind](const operation& done) {
            if (done.ok()) write_register(behind, [](const operation&) {});
          });
        });
      });
    return;
  }
}

void clients::use_for(member& m, std::int64_t ms_left) {
  if (stopped_ || ms_left <= 0) return;
  const auto pause_ms = m.up ? world_.between(10, 60) : 100;
  if (m.up) {
    const auto op = begin(m);
    op->of = operation::use::counted;
    op->what = operation::kind::touch;
    op->key = counted_key(key_of("counted", 0));
    touch(m, op, [](const operation&) {});
  }
  world_.after(pause_ms * ms, [this, &m, left_ms = ms_left - pause_ms] { use_for(m, left_ms); });
}

void clients::keep_alone(member& m) {
  if (stopped_ || !m.up) return;
  const auto stored = begin(m);
  stored->key = key_of("own", stored->number);
  stored->deadline_us = stored->begun_us + 50 * ms;
  write(m, stored, [this, &m, key = stored->key](const operation&) {
    if (stopped_ || !m.up) return;
    const auto kept = begin(m);
    kept->what = operation::kind::keep;
    kept->key = key;
    kept->deadline_us = kept->begun_us + 1'000 * ms;
    keep(m, kept, [](const operation&) {});
  });
}

void clients::write_some(member& m) {
  for (int i = 0; i < 4; ++i)
    world_.after(world_.between(0, 40) * ms, [this, &m] { write_register(m, [](const operation&) {}); });
}

void clients::write(member& m, const std::shared_ptr<operation>& op, follow_up then) {
  std::vector<mutation> changes;
  const auto change = [&](std::string key) {
    const bool remove = op->removes(key);
    changes.push_back({{key_kind::memory, std::move(key)}, remove, {}, remove ? std::string() : value_of(*op)});
  };
  if (op->what == operation::kind::pair) {
    change(left_of(op->key));
    change(right_of(op->key));
  } else {
    change(op->key);
  }
  auto request = std::make_unique<client_write>(op, shadow_, std::move(changes),
                                                [this, op, then = std::move(then)](const auto& end) {
                                                  op->answer = end;
                                                  ended(*op);
                                                  then(*op);
                                                });
  submit(m, op, std::move(request));
}

void clients::touch(member& m, const std::shared_ptr<operation>& op, follow_up then) {
  const auto end = [this, op, then = std::move(then)](const net::write_answer& answer) {
    op->answer = answer;
    ended(*op);
    then(*op);
  };
  submit(m, op, std::make_unique<client_touch>(op, shadow_, node_id_of(m.name), world_.now_us() / 1000, end));
}

void clients::collect(member& m, const std::shared_ptr<operation>& op, follow_up then) {
  submit(m, op,
         std::make_unique<client_collection>(op, shadow_, [this, op, then = std::move(then)](const auto& answer) {
           op->answer = answer;
           ended(*op);
           then(*op);
         }));
}

void clients::keep(member& m, const std::shared_ptr<operation>& op, follow_up then) {
  submit(m, op, std::make_unique<client_keep>(op, [this, op, then = std::move(then)](const auto& answer) {
           op->answer = answer;
           ended(*op);
           then(*op);
         }));
}

void clients::submit(member& m, const std::shared_ptr<operation>& op, std::unique_ptr<net::write_request> request) {
  request->quorum = op->quorum;
  request->consistency = op->consistency;
  request->on_superseded = op->on_superseded;
  request->deadline_us = op->deadline_us + 1'000'000;  // the node's steady clock
  request->bytes = 100 + op->padding;
  std::vector<net::write_ticket> tickets;
  tickets.emplace_back(std::move(request));
  m.life->api().submit(std::move(tickets));
}

void clients::read(member& m, const std::shared_ptr<operation>& op, follow_up then) {
  auto request = std::make_unique<client_read>([this, op, then = std::move(then)](const net::read_answer& end) {
    op->answer.outcome = end.outcome;
    if (end.record && !end.record->deleted) op->seen = number_in(end.record->value);
    ended(*op);
    then(*op);
  });
  request->key = {key_kind::memory, op->key};
  request->deadline_us = op->deadline_us + 1'000'000;
  m.life->api().read(net::read_ticket(std::move(request)));
}

void clients::read_locally(member& m, const std::shared_ptr<operation>& op, follow_up then) {
  auto held = m.life->api().records().get({key_kind::memory, op->key});
  if (!held) op->answer.outcome = held.error();
  if (held && *held && !(*held)->deleted) op->seen = number_in((*held)->value);
  ended(*op);
  then(*op);
}

void clients::ended(operation& op) {
  op.ended_us = world_.now_us();
  if (op.ok() && op.write() && on_acknowledged) on_acknowledged(op);
  if (world_.traced)
    world_.trace(op.text(), "->", std::string(name_of(op.answer.outcome.code())), op.answer.outcome.context(),
                 op.write() ? std::string() : "saw #" + std::to_string(op.seen));
}

}  // namespace quorate::sim
