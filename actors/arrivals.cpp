#include "actors/arrivals.hpp"

#include "actors/board.hpp"
#include "actors/inbound.hpp"
#include "proto/entry_codec.hpp"
#include "proto/limits.hpp"
#include "proto/log_chain.hpp"

namespace quorate {

v1::PeerAnswer batch_answer::to_message(const board& facts) const {
  v1::PeerAnswer message;
  introduce(facts, message);
  for (const auto& [log, a] : logs) {
    if (a.last != 0) {
      auto* ack = message.add_acks();
      ack->set_origin(to_number(log.origin));
      ack->set_epoch(log.epoch);
      ack->set_first(a.first);
      ack->set_upto(a.last);
      ack->set_hash(a.hash);
      for (const auto& s : a.superseded) {
        auto* superseded = ack->add_superseded();
        superseded->set_sequence(s.sequence);
        superseded->mutable_by()->set_time(s.by.time);
        superseded->mutable_by()->set_node(to_number(s.by.node));
      }
    }
    if (a.refusal) {
      auto* refusal = message.add_refusals();
      refusal->set_origin(to_number(log.origin));
      refusal->set_epoch(log.epoch);
      refusal->set_have(a.have);
      refusal->set_reason(*a.refusal);
    }
  }
  return message;
}

result<shared_bytes> held_entries::at(const log_id& log, sequence_number sequence) {
  if (read_.empty() || read_.front().log != log || sequence < read_.front().sequence
      || sequence > read_.back().sequence) {
    auto stretch = store_.read_log(log, sequence, limits::frame_entries_bytes_max / 4);
    if (!stretch) return stretch.error();
    read_ = std::move(*stretch);
    if (read_.empty()) return status(errc::corruption, "an entry that the vector covers is not there");
  }
  return read_[sequence - read_.front().sequence].bytes;
}

result<core::log_vector> read_ends(const storage::store& store, const std::vector<log_position>& vector) {
  core::log_vector ends;
  for (const auto& position : vector) {
    auto last = store.read_log(position.log, position.sequence, 1);
    if (!last) return last.error();
    if (last->size() != 1) return status(errc::corruption, "the last entry of a log is not there");
    const auto& bytes = *last->front().bytes;
    const auto content = decode_entry(bytes);
    ends.raise(position, content && content->previous == 0 ? 0 : chain_hash(bytes));
  }
  return ends;
}

}  // namespace quorate
