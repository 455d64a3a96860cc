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
  out.set_previous(e.previous);
  for (const auto& change : e.mutations)
    fill(change.key, change.deleted, change.alias, change.value, out.add_mutations());
  return out.SerializeAsString();
}

result<entry> decode_entry(std::string_view bytes) {
  if (bytes.size() > limits::entry_bytes_max)
    return status(errc::malformed, "entry of " + std::to_string(bytes.size()) + " bytes, the limit is "
                                       + std::to_string(limits::entry_bytes_max));
  v1::Entry in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return status(errc::malformed, "bytes that are no entry");
  entry out;
  out.log = {node_id{in.origin()}, in.epoch()};
  out.sequence = in.sequence();
  out.time = in.time();
  out.stamped_by = node_id{in.stamped_by()};
  out.previous = in.previous();
  if (out.sequence == 0 || out.time == 0 || in.epoch() == 0 || in.mutations().empty())
    return status(errc::malformed, "entry without sequence, epoch, time or mutations");
  out.mutations.reserve(static_cast<std::size_t>(in.mutations_size()));
  for (auto& m : *in.mutable_mutations()) {
    auto change = take_mutation(m);
    if (!change) return change.error();
    out.mutations.push_back(std::move(*change));
  }
  return out;
}

std::optional<log_position> place_of_entry(std::string_view bytes) {
  v1::Entry in;
  if (bytes.size() > limits::frame_bytes_max || !in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))
      || in.epoch() == 0 || in.sequence() == 0)
    return std::nullopt;
  return log_position{{node_id{in.origin()}, in.epoch()}, in.sequence()};
}

void fill(const record_key& key, bool deleted, const std::string& alias, const std::string& value, v1::Mutation* out) {
  out->set_kind(static_cast<std::uint32_t>(key.kind));
  out->set_key(key.bytes);
  out->set_deleted(deleted);
  out->set_alias(alias);
  out->set_value(value);
}

result<mutation> take_mutation(v1::Mutation& in) {
  if (!is_key_kind(in.kind()))
    return status(errc::malformed, "mutation of the impossible kind " + std::to_string(in.kind()));
  if (in.key().empty() || in.key().size() > limits::key_bytes_max || in.alias().size() > limits::alias_bytes_max)
    return status(errc::malformed, "mutation whose key or alias has an impossible length");
  mutation out{{static_cast<key_kind>(in.kind()), std::move(*in.mutable_key())}, in.deleted(), {}, {}};
  // What is beside a deletion means nothing, and no store takes it.
  if (!out.deleted) {
    out.alias = std::move(*in.mutable_alias());
    out.value = std::move(*in.mutable_value());
  }
  return out;
}

}  // namespace quorate
