#include "memory/key.hpp"

#include <uuid/uuid.h>

namespace quorate::memory {

namespace {

constexpr uuid_t id_namespace = {0x7c, 0x8d, 0x1d, 0x0e, 0x7a, 0x3f, 0x5b, 0x0c,
                                 0x9c, 0x52, 0x2f, 0x4e, 0x6b, 0x1a, 0x90, 0xd3};

std::string text_of(const uuid_t& id) {
  char text[UUID_STR_LEN];
  uuid_unparse_lower(id, text);
  return std::string(text, UUID_STR_LEN - 1);
}

std::string uuid_of(std::string_view name) {
  uuid_t id;
  uuid_generate_sha1(id, id_namespace, name.data(), name.size());
  return text_of(id);
}

void append_big_endian(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

}  // namespace

record_key key_of(std::string_view name_space, std::string_view title) {
  record_key key;
  key.bytes.reserve(name_space.size() + 1 + title.size());
  key.bytes.append(name_space).append(1, '\0').append(title);
  return key;
}

std::string prefix_of(std::string_view name_space) {
  std::string prefix(name_space);
  prefix.push_back('\0');
  return prefix;
}

std::string derived_id(const record_key& key) { return uuid_of(key.bytes); }

std::string derived_id(const record_key& key, const version& stamp) {
  std::string name = key.bytes;
  name.push_back('\0');
  append_big_endian(name, stamp.time);
  append_big_endian(name, to_number(stamp.node));
  return uuid_of(name);
}

std::string random_id() {
  uuid_t id;
  uuid_generate_random(id);
  return text_of(id);
}

}  // namespace quorate::memory
