#include "proto/entry_codec.hpp"

#include "proto/limits.hpp"
#include "quorate/v1/entry.pb.h"

namespace quorate {

std::string encode(const entry& e) {
  v1::Entry out;
  out.set_origin(to_number(e.log.origin));
  out.set_epoch(e.log.epoch);
  out.set_sequence(e.sequence);
  out.set_time(e.time);
  out.set_stamped_by(to_number(e.stamped_by));
  for (const auto& change : e.mutations) {
    auto* m = out.add_mutations();
    m->set_kind(static_cast<std::uint32_t>(change.key.kind));
    m->set_key(change.key.bytes);
    m->set_deleted(change.deleted);
    m->set_alias(change.alias);
    m->set_value(change.value);
  }
  return out.SerializeAsString();
}

result<entry> decode_entry(std::string_view bytes) {
  if (bytes.size() > limits::entry_bytes_max)
    return status(errc::corruption, "entry of " + std::to_string(bytes.size()) + " bytes, the limit is "
                                        + std::to_string(limits::entry_bytes_max));
  v1::Entry in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return status(errc::corruption, "bytes that are no entry");
  entry out;
  out.log = {node_id{in.origin()}, in.epoch()};
  out.sequence = in.sequence();
  out.time = in.time();
  out.stamped_by = node_id{in.stamped_by()};
  if (out.sequence == 0 || out.time == 0 || in.epoch() == 0 || in.mutations().empty())
    return status(errc::corruption, "entry without sequence, epoch, time or mutations");
  out.mutations.reserve(static_cast<std::size_t>(in.mutations_size()));
  for (auto& m : *in.mutable_mutations()) {
    if (m.kind() != static_cast<std::uint32_t>(key_kind::memory))
      return status(errc::corruption, "mutation of unknown kind " + std::to_string(m.kind()));
    if (m.key().empty() || m.key().size() > limits::key_bytes_max || m.alias().size() > limits::alias_bytes_max)
      return status(errc::corruption, "mutation whose key or alias has an impossible length");
    out.mutations.push_back({{key_kind::memory, std::move(*m.mutable_key())},
                             m.deleted(),
                             std::move(*m.mutable_alias()),
                             std::move(*m.mutable_value())});
  }
  return out;
}

}  // namespace quorate
