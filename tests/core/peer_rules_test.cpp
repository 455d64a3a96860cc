// What peers may say: every message an honest member makes passes, and what cannot be does not.
#include "actors/core/peer_rules.hpp"

#include <doctest/doctest.h>
#include <google/protobuf/stubs/logging.h>

#include <functional>
#include <random>
#include <string>

#include "proto/entry_codec.hpp"
#include "proto/hash.hpp"
#include "proto/limits.hpp"
#include "quorate/v1/replication.pb.h"
#include "tests/core/pick.hpp"

using namespace quorate;

namespace {

const node_id a = node_id_of("a");
const node_id b = node_id_of("b");
constexpr std::int64_t wall_ms = 1'700'000'000'000;
constexpr std::uint64_t top = ~std::uint64_t{0};

core::known_facts known() {
  return {std::make_shared<const std::set<node_id>>(std::set<node_id>{a, b}), {{a, 7}, 100}, wall_ms, 9};
}

void add(google::protobuf::RepeatedPtrField<v1::LogPosition>* to, node_id origin, std::uint64_t epoch,
         std::uint64_t sequence) {
  core::fill({{{{origin, epoch}, sequence}, 1}}, to);
}

v1::Hello good_hello() {
  v1::Hello hello;
  hello.set_from("b");
  hello.set_to("a");
  hello.set_disk(hybrid_time_at(wall_ms));
  hello.mutable_configuration()->add_members("a");
  hello.mutable_configuration()->add_members("b");
  return hello;
}

v1::Welcome good_welcome() {
  v1::Welcome welcome;
  welcome.set_disk(hybrid_time_at(wall_ms));
  welcome.set_knows_you_by(hybrid_time_at(wall_ms) + 3);
  add(welcome.mutable_vector(), a, 7, 100);
  add(welcome.mutable_vector(), b, 3, 5'000);
  return welcome;
}

v1::PeerAnswer good_answer() {
  v1::PeerAnswer answer;
  answer.mutable_echo()->set_number(9);
  add(answer.mutable_echo()->mutable_vector(), a, 7, 50);
  auto* ack = answer.add_acks();
  ack->set_origin(to_number(a));
  ack->set_epoch(7);
  ack->set_first(40);
  ack->set_upto(50);
  ack->add_superseded()->set_sequence(45);
  ack->mutable_superseded(0)->mutable_by()->set_time(5);
  auto* refusal = answer.add_refusals();
  refusal->set_origin(to_number(b));
  refusal->set_have(3);
  auto* finding = answer.add_findings();
  finding->mutable_version()->set_time(5);
  fill({key_kind::memory, "key"}, false, "alias", "value", finding->mutable_mutation());
  return answer;
}

v1::PeerFrame good_frame() {
  v1::PeerFrame frame;
  frame.mutable_heartbeat()->set_number(1);
  frame.add_entries("bytes");
  frame.add_questions()->set_kind(1);
  frame.mutable_questions(0)->set_key("key");
  auto* value = frame.add_write_backs();
  value->mutable_version()->set_time(5);
  fill({static_cast<key_kind>(200), "key"}, false, "", "value", value->mutable_mutation());
  frame.set_entries_hash(core::hash_of_entries(frame));
  return frame;
}

/// Whether the message passes after the change, told apart from a crash by coming back at all.
template <class Message, class Check>
bool passes(Message message, const std::function<void(Message&)>& change, Check check) {
  change(message);
  const auto right = check(message);
  if (!right) CHECK(right.code() == errc::malformed);
  return right.ok();
}

bool welcome_passes(const std::function<void(v1::Welcome&)>& change) {
  return passes<v1::Welcome>(good_welcome(), change, [](const auto& w) { return core::check(w, known()); });
}
bool hello_passes(const std::function<void(v1::Hello&)>& change) {
  return passes<v1::Hello>(good_hello(), change, [](const auto& h) { return core::check(h, known()); });
}
bool answer_passes(const std::function<void(v1::PeerAnswer&)>& change) {
  return passes<v1::PeerAnswer>(good_answer(), change, [](const auto& m) { return core::check(m, known()); });
}
bool frame_passes(const std::function<void(v1::PeerFrame&)>& change) {
  return passes<v1::PeerFrame>(good_frame(), change, [](const auto& f) { return core::check(f); });
}

}  // namespace

TEST_SUITE("core.peer_rules") {
  TEST_CASE("positions: none of a stranger, none that cannot be, none of our own log that we did not write") {
    CHECK(welcome_passes([](auto&) {}));
    CHECK_FALSE(welcome_passes([](auto& w) { w.mutable_vector(1)->set_sequence(top); }));
    CHECK_FALSE(welcome_passes([](auto& w) { w.mutable_vector(1)->set_sequence(limits::sequence_max + 1); }));
    CHECK_FALSE(welcome_passes([](auto& w) { w.mutable_vector(1)->set_sequence(0); }));
    CHECK_FALSE(welcome_passes([](auto& w) { w.mutable_vector(1)->set_epoch(0); }));
    CHECK_FALSE(welcome_passes([](auto& w) { w.mutable_vector(0)->set_sequence(101); }));
    CHECK_FALSE(welcome_passes([](auto& w) { add(w.mutable_vector(), node_id_of("stranger"), 1, 1); }));
    // Of an earlier life of ours a peer may hold more than we do: we lost it with our disk.
    CHECK(welcome_passes([](auto& w) { add(w.mutable_vector(), a, 6, 1'000'000); }));
    CHECK_FALSE(welcome_passes([](auto& w) {
      for (std::size_t i = 0; i < limits::logs_named_max; ++i) add(w.mutable_vector(), b, i + 10, 1);
    }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_echo()->mutable_vector(0)->set_sequence(top); }));
  }

  TEST_CASE("disks: named by a time that can be") {
    CHECK(hello_passes([](auto&) {}));
    CHECK_FALSE(hello_passes([](auto& h) { h.set_disk(top); }));
    CHECK_FALSE(hello_passes([](auto& h) { h.set_disk(0); }));
    CHECK(hello_passes([](auto& h) { h.set_disk(hybrid_time_at(wall_ms + 3'600'000)); }));
    CHECK_FALSE(
        hello_passes([](auto& h) { h.set_disk(hybrid_time_at(wall_ms + 2 * limits::disk_name_ahead_ms_max)); }));
    CHECK_FALSE(welcome_passes([](auto& w) { w.set_disk(top); }));
    CHECK_FALSE(welcome_passes([](auto& w) { w.set_knows_you_by(top); }));
  }

  TEST_CASE("a disk that this node knows may be named by any time, and so may the one in its place") {
    const auto ahead = hybrid_time_at(wall_ms + 3 * limits::disk_name_ahead_ms_max);
    auto facts = known();
    auto hello = good_hello();
    hello.set_disk(ahead);
    CHECK_FALSE(core::check(hello, facts).ok());
    facts.newest_disk = ahead;
    CHECK(core::check(hello, facts).ok());
    hello.set_disk(ahead + limits::disk_names_above_max);
    CHECK(core::check(hello, facts).ok());
    hello.set_disk(ahead + limits::disk_names_above_max + 1);
    CHECK_FALSE(core::check(hello, facts).ok());
    hello.set_disk(top);
    CHECK_FALSE(core::check(hello, facts).ok());
    auto welcome = good_welcome();
    welcome.set_disk(ahead);
    welcome.set_knows_you_by(ahead - 1);
    CHECK(core::check(welcome, facts).ok());
    CHECK_FALSE(core::check(welcome, known()).ok());
  }

  TEST_CASE("what a peer holds of the live log beyond its end is told apart from what cannot be") {
    const auto claimed = [](std::uint64_t epoch, std::uint64_t sequence) {
      v1::Welcome welcome;
      add(welcome.mutable_vector(), b, 3, 5'000);
      add(welcome.mutable_vector(), a, epoch, sequence);
      return core::claimed_of_live(welcome.vector(), known());
    };
    CHECK(claimed(7, 101) == log_position{{a, 7}, 101});
    CHECK_FALSE(claimed(7, 100));
    CHECK_FALSE(claimed(6, 101));
    CHECK_FALSE(claimed(7, top));
    CHECK_FALSE(claimed(7, limits::sequence_max + 1));
  }

  TEST_CASE("lists and names have sizes that can be") {
    CHECK_FALSE(hello_passes([](auto& h) { h.mutable_configuration()->add_members(std::string(100, 'x')); }));
    CHECK_FALSE(hello_passes([](auto& h) { h.mutable_configuration()->set_founder(std::string(100, 'x')); }));
    CHECK_FALSE(hello_passes([](auto& h) {
      for (int i = 0; i < 100; ++i) h.mutable_configuration()->add_members(std::to_string(i));
    }));
    CHECK_FALSE(hello_passes([](auto& h) {
      for (int i = 0; i < 1'000; ++i) h.add_origins(static_cast<std::uint64_t>(i));
    }));
    v1::Knock knock;
    CHECK_FALSE(core::check(knock).ok());
    knock.set_nonce(std::string(16, 'n'));
    CHECK(core::check(knock).ok());
    knock.set_from(std::string(100'000, 'x'));
    CHECK_FALSE(core::check(knock).ok());
  }

  TEST_CASE("answers: only to what was asked, and in numbers that can be") {
    CHECK(answer_passes([](auto&) {}));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_echo()->set_number(10); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_challenge(); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_welcome(); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_acks(0)->set_upto(top); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_acks(0)->set_first(0); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_acks(0)->set_first(51); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_acks(0)->set_origin(5); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_acks(0)->mutable_superseded(0)->set_sequence(51); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_acks(0)->mutable_superseded(0)->mutable_by()->set_time(0); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_refusals(0)->set_have(top); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_refusals(0)->set_origin(5); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_findings(0)->mutable_mutation()->set_kind(0); }));
    CHECK_FALSE(answer_passes([](auto& m) { m.mutable_findings(0)->mutable_version()->set_time(0); }));
  }

  TEST_CASE("frames: keys, values and sizes that can be") {
    CHECK(frame_passes([](auto&) {}));
    CHECK_FALSE(frame_passes([](auto& f) { f.mutable_knock(); }));
    CHECK_FALSE(frame_passes([](auto& f) { f.mutable_hello(); }));
    CHECK_FALSE(frame_passes([](auto& f) { f.add_entries(std::string(limits::entry_bytes_max + 1, 'x')); }));
    CHECK_FALSE(frame_passes([](auto& f) {
      for (int i = 0; i < 5; ++i) f.add_entries(std::string(limits::entry_bytes_max, 'x'));
    }));
    CHECK_FALSE(frame_passes([](auto& f) { (*f.mutable_entries(0))[0] ^= 1; }));
    CHECK_FALSE(frame_passes([](auto& f) { f.mutable_heartbeat()->set_wall_ms(-1); }));
    CHECK_FALSE(frame_passes([](auto& f) { f.mutable_questions(0)->set_kind(0); }));
    CHECK_FALSE(frame_passes([](auto& f) { f.mutable_questions(0)->set_kind(256); }));
    CHECK_FALSE(frame_passes([](auto& f) { f.mutable_questions(0)->set_key(""); }));
    CHECK_FALSE(
        frame_passes([](auto& f) { f.mutable_questions(0)->set_key(std::string(limits::key_bytes_max + 1, 'k')); }));
    CHECK_FALSE(frame_passes([](auto& f) { f.mutable_write_backs(0)->mutable_version()->set_time(0); }));
    CHECK_FALSE(frame_passes([](auto& f) { f.mutable_write_backs(0)->mutable_mutation()->set_deleted(true); }));
    CHECK_FALSE(frame_passes(
        [](auto& f) { f.mutable_write_backs(0)->mutable_mutation()->set_alias(std::string(100'000, 'x')); }));
  }

  TEST_CASE("entries: of members, at places that can be") {
    entry e{{b, 3}, 1, 5, {{{key_kind::memory, "key"}, false, {}, "value"}}};
    CHECK(core::check(e, known()).ok());
    e.sequence = top;
    CHECK_FALSE(core::check(e, known()).ok());
    e.sequence = 1;
    e.log.origin = node_id_of("stranger");
    CHECK_FALSE(core::check(e, known()).ok());
  }

  TEST_CASE("whatever bytes make of a message, it is judged, and what passes keeps to the bounds") {
    // It would write a line for every text that is none.
    const google::protobuf::LogSilencer silence;
    CHECK(rc::check([] {
      auto bytes = pick(0, 2) == 0 ? good_answer().SerializeAsString() : good_welcome().SerializeAsString();
      for (int change = pick(1, 5); change > 0; --change)
        bytes[pick<std::size_t>(0, bytes.size())] = static_cast<char>(pick(0, 256));
      v1::PeerAnswer answer;
      if (answer.ParseFromString(bytes) && core::check(answer, known()).ok()) {
        for (const auto& ack : answer.acks()) {
          RC_ASSERT(ack.first() >= 1u);
          RC_ASSERT(ack.upto() >= ack.first());
          RC_ASSERT(ack.upto() <= limits::sequence_max);
        }
        for (const auto& refusal : answer.refusals()) RC_ASSERT(refusal.have() + 1 != 0u);
      }
      v1::Welcome welcome;
      if (welcome.ParseFromString(bytes) && core::check(welcome, known()).ok())
        for (const auto& [position, hash] : core::positions_of(welcome.vector())) {
          RC_ASSERT(position.sequence + 1 > position.sequence);
          RC_ASSERT((position.log != known().published.log || position.sequence <= known().published.sequence));
        }
      v1::PeerFrame frame;
      if (frame.ParseFromString(bytes)) static_cast<void>(core::check(frame));
    }));
  }
}
