#include "chaos/drill/forged_frames.hpp"

#include <array>
#include <chrono>
#include <utility>

#include "quorate/v1/entry.pb.h"
#include "quorate/v1/memory.pb.h"
#include "quorate/v1/replication.pb.h"

namespace quorate::chaos {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t heard_max = 4'096;
constexpr int depth_max = 4;
constexpr unsigned nonce_bytes = 16;
constexpr std::uint32_t memory_kind = 1;

std::uint64_t now_as_version() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()) << 16;
}

}  // namespace

forged_frames::forged_frames(std::uint64_t seed, std::vector<std::string> members, std::string name_space)
    : random_(seed), members_(std::move(members)), name_space_(std::move(name_space)) {}

std::uint64_t forged_frames::number() {
  static constexpr std::array<std::uint64_t, 10> edges{
      0, 1, 2, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, ~0ull - 1, ~0ull, 1'000'000'000};
  const auto which = random_() % 10;
  if (which < 4) return edges[random_() % edges.size()];
  // Beside what exists, too.
  if (which < 8 && !heard_.empty()) return heard_[random_() % heard_.size()] + random_() % 3 - 1;
  if (which < 9) return now_as_version() + (random_() % 1'000 << 16);
  return random_();
}

std::string forged_frames::text() {
  const auto which = random_() % 10;
  if (which < 4) return members_[random_() % members_.size()];
  if (which < 5) return "local";
  if (which < 6 && !nonces_.empty()) return nonces_[random_() % nonces_.size()];
  std::string bytes(which == 9 ? random_() % 70'000 : random_() % 64, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random_());
  return bytes;
}

std::string forged_frames::entry() {
  v1::Entry made;
  if (chance(30)) {
    fill(&made, 1);
  } else {
    made.set_origin(number());
    made.set_epoch(number());
    made.set_sequence(number());
    made.set_time(chance(70) ? now_as_version() + (random_() % 1'000) : number());
    auto& change = *made.add_mutations();
    change.set_kind(chance(80) ? memory_kind : static_cast<std::uint32_t>(number()));
    v1::MemoryRecord record;
    record.set_id("forged-" + std::to_string(random_()));
    record.set_namespace_(name_space_);
    record.set_title("forged " + std::to_string(random_()));
    record.set_content("nobody wrote this");
    record.set_source("chaos");
    change.set_key(record.namespace_() + std::string(1, '\0') + record.title());
    change.set_alias(record.id());
    change.set_value(chance(80) ? record.SerializeAsString() : text());
    change.set_deleted(chance(10));
    // What was added to entries since is set to anything.
    const auto* reflection = made.GetReflection();
    const auto* about = made.GetDescriptor();
    for (int i = 0; i < about->field_count(); ++i) {
      const auto* field = about->field(i);
      if (field->number() > 5 && !field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64
          && chance(60))
        reflection->SetUInt64(&made, field, number());
    }
  }
  return made.SerializeAsString();
}

void forged_frames::fill(Message* message, int depth) {
  const auto* about = message->GetDescriptor();
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < about->field_count(); ++i) {
    const auto* field = about->field(i);
    if (!chance(40)) continue;
    const auto times = field->is_repeated() ? 1 + random_() % 3 : 1;
    for (std::uint64_t n = 0; n < times; ++n) {
      const bool more = field->is_repeated();
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
          if (depth < depth_max)
            fill(more ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field), depth + 1);
          break;
        case FieldDescriptor::CPPTYPE_STRING: {
          auto value = field->name() == "entries" ? entry() : text();
          if (field->type() == FieldDescriptor::TYPE_STRING)
            for (auto& byte : value) byte = static_cast<char>(byte & 0x7F);
          more ? reflection->AddString(message, field, std::move(value))
               : reflection->SetString(message, field, std::move(value));
          break;
        }
        case FieldDescriptor::CPPTYPE_UINT64:
          more ? reflection->AddUInt64(message, field, number()) : reflection->SetUInt64(message, field, number());
          break;
        case FieldDescriptor::CPPTYPE_INT64:
          if (!more) reflection->SetInt64(message, field, static_cast<std::int64_t>(number()));
          break;
        case FieldDescriptor::CPPTYPE_UINT32:
          if (!more) reflection->SetUInt32(message, field, static_cast<std::uint32_t>(number()));
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          if (!more) reflection->SetBool(message, field, chance(50));
          break;
        case FieldDescriptor::CPPTYPE_ENUM:
          if (!more) reflection->SetEnumValue(message, field, static_cast<int>(random_() % 9));
          break;
        default: break;
      }
    }
  }
}

std::vector<std::string> forged_frames::opening(const std::string& from, const std::string& to) {
  std::string nonce(nonce_bytes, '\0');
  for (auto& byte : nonce) byte = static_cast<char>(random_());
  v1::PeerFrame knock;
  auto& first = *knock.mutable_knock();
  first.set_protocol(2);
  first.set_cluster_id("local");
  first.set_from(from);
  first.set_to(to);
  first.set_nonce(nonce);
  v1::Hello hello;
  hello.set_from(from);
  hello.set_to(to);
  hello.set_instance(random_());
  hello.set_disk(chance(50) ? number() : now_as_version());
  for (const auto& member : members_) hello.mutable_configuration()->add_members(member);
  hello.mutable_configuration()->set_write_quorum(2);
  hello.set_epoch(chance(50) ? number() : now_as_version());
  if (chance(20)) hello.add_origins(number());
  v1::PeerFrame second;
  second.mutable_hello()->set_content(hello.SerializeAsString());
  // Without the key: nothing, or something as long as a proof.
  if (chance(80)) second.mutable_hello()->set_proof(chance(50) ? nonce + nonce : text());
  return {knock.SerializeAsString(), second.SerializeAsString()};
}

std::string forged_frames::frame() {
  v1::PeerFrame made;
  const auto which = random_() % 10;
  if (which < 3) {
    for (auto n = 1 + random_() % 4; n > 0; --n) made.add_entries(entry());
    return made.SerializeAsString();
  }
  if (which < 4) {
    fill(made.mutable_heartbeat(), 1);
    return made.SerializeAsString();
  }
  if (which < 5) return text();
  fill(&made, 0);
  auto bytes = made.SerializeAsString();
  if (which < 8) return bytes;
  for (auto flips = 1 + random_() % 8; flips > 0 && !bytes.empty(); --flips)
    bytes[random_() % bytes.size()] ^= static_cast<char>(1 << random_() % 8);
  return bytes;
}

void forged_frames::gather(const Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(message, &set);
  for (const auto* field : set) {
    const auto count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const bool more = field->is_repeated();
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        gather(more ? reflection->GetRepeatedMessage(message, field, i) : reflection->GetMessage(message, field));
      else if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64 && heard_.size() < heard_max)
        heard_.push_back(more ? reflection->GetRepeatedUInt64(message, field, i)
                              : reflection->GetUInt64(message, field));
      else if (field->type() == FieldDescriptor::TYPE_BYTES && !more && nonces_.size() < heard_max)
        nonces_.push_back(reflection->GetString(message, field).substr(0, nonce_bytes));
    }
  }
}

void forged_frames::hear(const std::string& answer) {
  v1::PeerAnswer heard;
  if (!heard.ParseFromString(answer)) return;
  keyed_ = keyed_ || heard.challenge().keyed();
  gather(heard);
}

}  // namespace quorate::chaos
