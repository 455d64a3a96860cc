#include "chaos/drill/forged_frames.hpp"

#include <doctest/doctest.h>

#include "chaos/drill/member_words.hpp"
#include "quorate/v1/replication.pb.h"

namespace quorate::chaos {
namespace {

constexpr int frames = 2'000;
constexpr std::uint64_t live_origin = 0x0123456789ABCDEF;

}  // namespace

TEST_SUITE("drill.forged_frames") {
  TEST_CASE("some are whole, some are not, and all parts of the protocol are attacked") {
    forged_frames forged(1, {"a", "b", "c"}, "forged");
    int whole = 0;
    int broken = 0;
    int entries = 0;
    int others = 0;
    for (int i = 0; i < frames; ++i) {
      v1::PeerFrame frame;
      if (!frame.ParseFromString(forged.frame())) {
        ++broken;
        continue;
      }
      ++whole;
      entries += frame.entries_size() > 0 ? 1 : 0;
      others += frame.has_heartbeat() && frame.questions_size() > 0 && frame.write_backs_size() > 0 ? 1 : 0;
    }
    CHECK(whole > frames / 2);
    CHECK(broken > frames / 100);
    CHECK(entries > frames / 10);
    CHECK(others > frames / 100);
  }

  TEST_CASE("numbers that were heard are used") {
    forged_frames forged(2, {"a", "b", "c"}, "forged");
    v1::PeerAnswer answer;
    answer.mutable_echo()->add_vector()->set_origin(live_origin);
    forged.hear(answer.SerializeAsString());
    int used = 0;
    for (int i = 0; i < frames; ++i) {
      v1::PeerFrame frame;
      if (!frame.ParseFromString(forged.frame())) continue;
      for (const auto& bytes : frame.entries()) {
        v1::Entry entry;
        used += entry.ParseFromString(bytes) && entry.origin() == live_origin ? 1 : 0;
      }
    }
    CHECK(used > frames / 50);
  }

  TEST_CASE("mutated frames are not the real one, and most can still be read") {
    forged_frames forged(3, {"a", "b", "c"}, "forged");
    v1::PeerFrame frame;
    add_entries({entry_of({node_id{1}, 2}, 3, 4, 5)}, &frame);
    frame.mutable_heartbeat()->set_number(6);
    const auto real = frame.SerializeAsString();
    forged.learn(real);
    int same = 0;
    int whole = 0;
    for (int i = 0; i < frames; ++i) {
      const auto mutated = forged.mutated();
      same += mutated == real ? 1 : 0;
      whole += frame.ParseFromString(mutated) ? 1 : 0;
    }
    CHECK(same < frames / 20);
    CHECK(whole > frames / 2);
  }

  TEST_CASE("what a node without a key would rightly believe can be left out") {
    auto hello = hello_of("a", "b", {"a", "b", "c"}, 1);
    const auto disk_in = [](const std::string& bytes) {
      v1::PeerFrame frame;
      v1::Hello said;
      CHECK(frame.ParseFromString(bytes));
      CHECK(said.ParseFromString(frame.hello().content()));
      return said.disk();
    };
    hello.set_disk(now_as_version());
    CHECK(disk_in(without_the_possible(sealed(hello).SerializeAsString())) == oldest_disk);
    hello.set_disk(~std::uint64_t{0});
    CHECK(disk_in(without_the_possible(sealed(hello).SerializeAsString())) == ~std::uint64_t{0});
    v1::PeerFrame frame;
    frame.add_write_backs()->set_number(1);
    CHECK(without_the_possible(frame.SerializeAsString()).empty());
    CHECK(without_the_possible("no frame") == "no frame");
  }
}

}  // namespace quorate::chaos
