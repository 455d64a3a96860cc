#include "storage/meta_codec.hpp"

#include <algorithm>

#include "proto/ensure.hpp"

namespace quorate::storage {

namespace {

constexpr std::size_t count_max = 0xFF;
constexpr std::size_t text_bytes_max = 0xFFFF;

void append_text(std::string& out, std::string_view text) {
  ensure(text.size() <= text_bytes_max, "the length of a text fits its two bytes");
  append_big_endian(out, static_cast<std::uint16_t>(text.size()));
  out.append(text);
}

}  // namespace

meta_row format_row(std::uint32_t number) { return number_row(std::string(format_key), number); }

meta_row identity_row(const store_identity& identity) {
  meta_row row{std::string(identity_key), {}};
  append_text(row.value, identity.cluster_id);
  append_text(row.value, identity.node_name);
  seal(row.key, row.value);
  return row;
}

meta_row epoch_row(std::uint64_t epoch) { return number_row(std::string(epoch_key), epoch); }

meta_row disks_row(const member_disks& disks) {
  ensure(check_storable(disks).ok(), "the number of members fits its byte");
  meta_row row{std::string(disks_key), {}};
  append_big_endian(row.value, disks.own);
  append_big_endian(row.value, static_cast<std::uint8_t>(disks.complete ? 1 : 0));
  append_big_endian(row.value, static_cast<std::uint8_t>(disks.others.size()));
  for (const auto& [member, disk] : disks.others) {
    append_big_endian(row.value, to_number(member));
    append_big_endian(row.value, disk);
  }
  seal(row.key, row.value);
  return row;
}

result<std::uint32_t> decode_format(std::string_view stored) {
  std::uint32_t number = 0;
  if (!read_numbers(format_key, stored, number)) return damaged_row(format_key);
  return number;
}

result<store_identity> decode_identity(std::string_view stored) {
  const auto payload = unseal(identity_key, stored);
  if (!payload) return damaged_row(identity_key);
  byte_reader in(*payload);
  store_identity identity;
  identity.cluster_id = in.bytes(in.number<std::uint16_t>());
  identity.node_name = in.bytes(in.number<std::uint16_t>());
  if (!in.complete()) return damaged_row(identity_key);
  return identity;
}

result<member_disks> decode_disks(std::string_view stored) {
  const auto payload = unseal(disks_key, stored);
  if (!payload) return damaged_row(disks_key);
  byte_reader in(*payload);
  member_disks disks;
  disks.own = in.number<std::uint64_t>();
  const auto complete = in.number<std::uint8_t>();
  disks.complete = complete == 1;
  for (auto others = in.number<std::uint8_t>(); others > 0; --others) {
    const node_id member{in.number<std::uint64_t>()};
    disks.others[member] = in.number<std::uint64_t>();
  }
  if (!in.complete() || complete > 1) return damaged_row(disks_key);
  return disks;
}

meta_row members_row(const member_list& members) {
  ensure(check_storable(members).ok(), "a list of members can be read back");
  meta_row row{std::string(members_key), {}};
  append_big_endian(row.value, std::uint32_t{members.write_quorum});
  append_big_endian(row.value, static_cast<std::uint8_t>(members.names.size()));
  for (const auto& name : members.names) append_text(row.value, name);
  append_text(row.value, members.founder);
  seal(row.key, row.value);
  return row;
}

result<member_list> decode_members(std::string_view stored) {
  const auto payload = unseal(members_key, stored);
  if (!payload) return damaged_row(members_key);
  byte_reader in(*payload);
  member_list members;
  members.write_quorum = in.number<std::uint32_t>();
  for (auto count = in.number<std::uint8_t>(); count > 0; --count)
    members.names.emplace_back(in.bytes(in.number<std::uint16_t>()));
  members.founder = in.bytes(in.number<std::uint16_t>());
  if (!in.complete()) return damaged_row(members_key);
  return members;
}

status check_storable(const member_disks& disks) {
  if (disks.others.size() <= count_max) return {};
  return {errc::internal, "the disks of " + std::to_string(disks.others.size()) + " members"};
}

status check_storable(const member_list& members) {
  if (members.names.size() > count_max)
    return {errc::internal, "a list of " + std::to_string(members.names.size()) + " members"};
  const auto too_long = [](const std::string& name) { return name.size() > text_bytes_max; };
  if (too_long(members.founder) || std::any_of(members.names.begin(), members.names.end(), too_long))
    return {errc::internal, "the name of a member is too long to be stored"};
  return {};
}

status damaged_row(std::string_view name) {
  return {errc::corruption, "the stored row " + std::string(name) + " is damaged or not known to this release"};
}

}  // namespace quorate::storage
