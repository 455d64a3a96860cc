#include "chaos/drill/forged_frames.hpp"

#include <doctest/doctest.h>

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
}

}  // namespace quorate::chaos
