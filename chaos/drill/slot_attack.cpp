#include "chaos/drill/slot_attack.hpp"

#include <array>
#include <set>
#include <utility>

#include "chaos/drill/member_words.hpp"
#include "chaos/drill/raw_peer.hpp"
#include "chaos/wait.hpp"
#include "proto/hash.hpp"
#include "proto/log_chain.hpp"

namespace quorate::chaos {
namespace {

constexpr auto largest = ~std::uint64_t{0};
constexpr std::uint64_t nobody = 0x6E6F626F6479;
constexpr std::uint32_t unknown_kind = 200;
constexpr unsigned forged_logs = 200;
constexpr milliseconds answer_bound(2'000);
constexpr milliseconds end_bound(5'000);           ///< for a stream that is to end
constexpr unsigned questions_of_a_frame = 20'000;  ///< a megabyte of answers, or more
constexpr unsigned question_frames = 100;
/// Stamps of what he writes: the same on every node that he tells it, and older than any clock.
constexpr std::uint64_t long_ago = std::uint64_t{1'600'000'000'000} << 16;

/// Between whom it is played, and what the node has said of itself.
struct scene {
  const slot_options& options;
  const std::string& node;
  std::string third;
  v1::Welcome welcome;

  log_id own(std::uint64_t epoch) const { return {node_id_of(options.name), epoch}; }
  /// The newest log of a member that the node holds.
  v1::LogPosition live(const std::string& member) const {
    v1::LogPosition newest;
    for (const auto& position : welcome.vector())
      if (position.origin() == to_number(node_id_of(member)) && position.epoch() > newest.epoch()) newest = position;
    return newest;
  }
};

log_id log_of(const v1::LogPosition& position) { return {node_id{position.origin()}, position.epoch()}; }

void add_deletion(const std::string& title, v1::Entry* to) {
  auto& change = *to->add_mutations();
  change.set_kind(memory_kind);
  change.set_key(std::string("forged") + '\0' + title);
  change.set_deleted(true);
}

v1::Entry deletion(const log_id& log, std::uint64_t sequence, std::uint64_t previous) {
  auto entry = entry_of(log, sequence, previous, long_ago + log.epoch);
  add_deletion(std::to_string(log.epoch), &entry);
  return entry;
}

// -- hellos: nobody is let in with one of these -----------------------------------------------------------------------

struct hello_lie {
  const char* what;
  void (*put)(v1::Hello*);
};

constexpr std::array hello_lies{
    hello_lie{"a hello of the disk 2^64-1", [](v1::Hello* hello) { hello->set_disk(largest); }},
    hello_lie{"a hello of a disk of next week",
              [](v1::Hello* hello) { hello->set_disk(now_as_version() + (std::uint64_t{7 * 86'400'000} << 16)); }},
    hello_lie{"a hello of no disk", [](v1::Hello* hello) { hello->set_disk(0); }},
    hello_lie{"a hello with 1,000 writers of logs",
              [](v1::Hello* hello) {
                for (std::uint64_t i = 1; i <= 1'000; ++i) hello->add_origins(nobody + i);
              }},
    hello_lie{"a hello of other members", [](v1::Hello* hello) { hello->mutable_configuration()->add_members("z"); }},
    hello_lie{"a hello in two names", [](v1::Hello* hello) { hello->set_from("z"); }},
};

// -- frames on an open stream -----------------------------------------------------------------------------------------

enum class due : std::uint8_t {
  end,      ///< of the stream
  refusal,  ///< of every log in it; the stream goes on
  ack       ///< it can be, and is taken
};

struct frame_lie {
  const char* what;
  due right;
  void (*put)(const scene&, v1::PeerFrame*);
};

void put_unreadable(const scene& on, v1::PeerFrame* frame) {
  // No change in it: its place can be read, and nothing else.
  add_entries({entry_of(on.own(2), 1, chain_start(on.own(2)), long_ago)}, frame);
}

void put_no_record(const scene& on, v1::PeerFrame* frame) {
  auto entry = entry_of(on.own(3), 1, chain_start(on.own(3)), long_ago);
  auto& change = *entry.add_mutations();
  change.set_kind(memory_kind);
  change.set_key(std::string("forged") + '\0' + "no record");
  change.set_alias("no-record");
  change.set_value("\xFF no record");
  add_entries({entry}, frame);
}

v1::Mutation* put_write_back(v1::PeerFrame* frame) {
  auto& value = *frame->add_write_backs();
  value.set_number(1);
  value.mutable_version()->set_time(long_ago);
  auto& change = *value.mutable_mutation();
  change.set_kind(memory_kind);
  change.set_key(std::string("forged") + '\0' + "held");
  change.set_deleted(true);
  return &change;
}

constexpr std::array frame_lies{
    frame_lie{"a second hello", due::end,
              [](const scene& on, v1::PeerFrame* frame) {
                *frame = sealed(hello_of(on.options.name, on.node, on.options.members, on.options.instance));
              }},
    frame_lie{"an entry in the node's own live log", due::refusal,
              [](const scene& on, v1::PeerFrame* frame) {
                const auto live = on.live(on.node);
                add_entries({deletion(log_of(live), live.sequence() + 1, live.hash())}, frame);
              }},
    frame_lie{"other bytes in the node's own live log", due::refusal,
              [](const scene& on, v1::PeerFrame* frame) {
                const auto live = on.live(on.node);
                add_entries({deletion(log_of(live), 1, chain_start(log_of(live)))}, frame);
              }},
    frame_lie{"other bytes in another member's live log", due::refusal,
              [](const scene& on, v1::PeerFrame* frame) {
                const auto live = on.live(on.third);
                add_entries({deletion(log_of(live), live.sequence(), largest)}, frame);
              }},
    frame_lie{"an entry that does not follow in another member's live log", due::refusal,
              [](const scene& on, v1::PeerFrame* frame) {
                const auto live = on.live(on.third);
                add_entries({deletion(log_of(live), live.sequence() + 1, largest)}, frame);
              }},
    frame_lie{"an entry 2^64-1 of another member's live log", due::end,
              [](const scene& on, v1::PeerFrame* frame) {
                add_entries({deletion(log_of(on.live(on.third)), largest, 1)}, frame);
              }},
    frame_lie{"an entry that cannot be decoded", due::refusal, put_unreadable},
    frame_lie{"an entry that cannot be decoded, again", due::refusal, put_unreadable},
    frame_lie{"an entry that cannot be decoded, for the third time", due::refusal, put_unreadable},
    frame_lie{"bytes that are no entry", due::end,
              [](const scene&, v1::PeerFrame* frame) {
                frame->add_entries("\xFF\xFF\xFF\xFF");
                add_entries({}, frame);
              }},
    frame_lie{"a row whose value is no record", due::refusal, put_no_record},
    frame_lie{"a row whose value is no record, again", due::refusal, put_no_record},
    frame_lie{"an entry of a kind that nobody knows", due::ack,
              [](const scene& on, v1::PeerFrame* frame) {
                auto entry = entry_of(on.own(4), 1, chain_start(on.own(4)), long_ago);
                auto& change = *entry.add_mutations();
                change.set_kind(unknown_kind);
                change.set_key("forged");
                change.set_value("of a newer release");
                add_entries({entry}, frame);
              }},
    frame_lie{"a log of nobody", due::end,
              [](const scene&, v1::PeerFrame* frame) {
                std::vector<v1::Entry> entries;
                for (unsigned i = 1; i <= forged_logs; ++i) {
                  const log_id log{node_id{nobody + i}, i};
                  entries.push_back(deletion(log, 1, chain_start(log)));
                }
                add_entries(entries, frame);
              }},
    frame_lie{"logs that do not begin with their names", due::refusal,
              [](const scene& on, v1::PeerFrame* frame) {
                std::vector<v1::Entry> entries;
                for (unsigned i = 1; i <= forged_logs; ++i) entries.push_back(deletion(on.own(10'000 + i), 1, largest));
                add_entries(entries, frame);
              }},
    frame_lie{"logs of one entry", due::ack,
              [](const scene& on, v1::PeerFrame* frame) {
                std::vector<v1::Entry> entries;
                for (unsigned i = 1; i <= forged_logs; ++i)
                  entries.push_back(deletion(on.own(20'000 + i), 1, chain_start(on.own(20'000 + i))));
                add_entries(entries, frame);
              }},
    frame_lie{"entries that were damaged on the way", due::end,
              [](const scene& on, v1::PeerFrame* frame) {
                add_entries({deletion(on.own(5), 1, chain_start(on.own(5)))}, frame);
                frame->set_entries_hash(frame->entries_hash() + 1);
              }},
    frame_lie{"a clock that shows 2^63-1", due::end,
              [](const scene&, v1::PeerFrame* frame) {
                frame->mutable_heartbeat()->set_number(1);
                frame->mutable_heartbeat()->set_wall_ms(static_cast<std::int64_t>(largest >> 1));
              }},
    frame_lie{"a question of the kind 0", due::end,
              [](const scene&, v1::PeerFrame* frame) { frame->add_questions()->set_key("forged"); }},
    frame_lie{"a value without a version", due::end,
              [](const scene&, v1::PeerFrame* frame) {
                put_write_back(frame);
                frame->mutable_write_backs(0)->clear_version();
              }},
    frame_lie{"a deletion with contents", due::end,
              [](const scene&, v1::PeerFrame* frame) { put_write_back(frame)->set_value("contents"); }},
};

class attacker {
 public:
  attacker(const slot_options& options, const std::string& node, const std::string& address)
      : options_(options), address_(address), on_{options, node, "", {}} {
    for (const auto& member : options.members)
      if (member != options.name && member != node) on_.third = member;
  }

  result<std::uint64_t> run(bool deaf) {
    for (const auto& one : hello_lies)
      if (auto right = tell(one); !right) return right;
    for (const auto& one : frame_lies)
      if (auto right = tell(one); !right) return right;
    if (auto right = deaf ? read_nothing() : status(); !right) return right;
    return std::uint64_t{hello_lies.size() + frame_lies.size() + (deaf ? 1 : 0)};
  }

 private:
  /// Up to the welcome; false when there was none.
  bool open(raw_peer& stream, const v1::Hello& hello) {
    const auto challenged = [&] {
      for (const auto& bytes : stream.answers(answer_bound)) {
        v1::PeerAnswer answer;
        if (answer.ParseFromString(bytes) && answer.has_challenge()) return true;
      }
      return false;
    };
    const std::string nonce(peer_nonce_bytes, 'n');
    if (!stream.write(knock_of(options_.name, on_.node, nonce).SerializeAsString()) || !challenged()
        || !stream.write(sealed(hello).SerializeAsString()))
      return false;
    for (const auto& bytes : stream.answers(answer_bound)) {
      v1::PeerAnswer answer;
      if (answer.ParseFromString(bytes) && answer.has_welcome())
        return on_.welcome.ParseFromString(answer.welcome().content());
    }
    return false;
  }

  v1::Hello hello() const { return hello_of(options_.name, on_.node, options_.members, options_.instance); }

  status tell(const hello_lie& lie) {
    auto said = hello();
    lie.put(&said);
    raw_peer stream(address_);
    if (open(stream, said)) return wrong("lets a stranger in with", lie.what);
    return stream.over() ? status() : wrong("does not end the stream of", lie.what);
  }

  status tell(const frame_lie& lie) {
    raw_peer stream(address_);
    if (!open(stream, hello())) return wrong("lets nobody in who would say", lie.what);
    v1::PeerFrame frame;
    lie.put(on_, &frame);
    std::set<std::pair<std::uint64_t, std::uint64_t>> logs;
    for (const auto& bytes : frame.entries())
      if (v1::Entry entry; entry.ParseFromString(bytes)) logs.emplace(entry.origin(), entry.epoch());
    std::set<std::pair<std::uint64_t, std::uint64_t>> refused;
    std::set<std::pair<std::uint64_t, std::uint64_t>> taken;
    stream.write(frame.SerializeAsString());
    const bool settled = wait_until(
        answer_bound,
        [&] {
          for (const auto& bytes : stream.answers(milliseconds(50))) {
            v1::PeerAnswer answer;
            if (!answer.ParseFromString(bytes)) continue;
            for (const auto& one : answer.refusals()) refused.emplace(one.origin(), one.epoch());
            for (const auto& one : answer.acks()) taken.emplace(one.origin(), one.epoch());
          }
          return stream.over() || (lie.right != due::end && refused.size() + taken.size() >= logs.size());
        },
        milliseconds(0));
    if (lie.right == due::ack) return taken == logs ? status() : wrong("does not take", lie.what);
    if (!taken.empty()) return wrong("takes", lie.what);
    if (!settled) return wrong("does not answer", lie.what);
    if (lie.right == due::refusal && refused != logs) return wrong("ends a stream because of", lie.what);
    return {};
  }

  /// Questions without end, and no answer is read: the node must end that rather than keep the answers.
  status read_nothing() {
    constexpr auto what = "questions whose answers nobody reads";
    raw_peer stream(address_);
    if (!open(stream, hello())) return wrong("lets nobody in who would ask", what);
    v1::PeerFrame frame;
    frame.set_uncounted(true);
    for (unsigned i = 1; i <= questions_of_a_frame; ++i) {
      auto& question = *frame.add_questions();
      question.set_number(i);
      question.set_kind(memory_kind);
      question.set_key(options_.key);
    }
    const auto bytes = frame.SerializeAsString();
    stream.stop_reading();
    for (unsigned sent = 0; sent < question_frames && stream.write(bytes); ++sent) continue;
    return stream.ended(end_bound) ? status() : wrong("goes on with", what);
  }

  status wrong(const std::string& it_does, const std::string& what) const {
    return {errc::unavailable, "node " + on_.node + " " + it_does + " " + what};
  }

  const slot_options& options_;
  const std::string address_;
  scene on_;
};

}  // namespace

result<std::uint64_t> attack_slot(const slot_options& options, const std::string& node, const std::string& address,
                                  bool deaf) {
  return attacker(options, node, address).run(deaf);
}

}  // namespace quorate::chaos
