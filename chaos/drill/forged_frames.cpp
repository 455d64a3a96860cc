#include "chaos/drill/forged_frames.hpp"

#include <array>
#include <utility>

#include "chaos/drill/member_words.hpp"
#include "quorate/v1/entry.pb.h"
#include "quorate/v1/memory.pb.h"
#include "quorate/v1/replication.pb.h"

namespace quorate::chaos {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t heard_max = 4'096;
constexpr std::size_t real_max = 1'024;
constexpr int depth_max = 4;

struct place {
  Message* message = nullptr;
  const FieldDescriptor* field = nullptr;
  int index = -1;  ///< of a repeated field
};

/// Every value that is set, at any depth.
void collect(Message* message, std::vector<place>* places) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(*message, &set);
  for (const auto* field : set) {
    const bool more = field->is_repeated();
    for (int i = 0; i < (more ? reflection->FieldSize(*message, field) : 1); ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        collect(
            more ? reflection->MutableRepeatedMessage(message, field, i) : reflection->MutableMessage(message, field),
            places);
      else
        places->push_back({message, field, more ? i : -1});
    }
  }
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
  std::string nonce(peer_nonce_bytes, '\0');
  for (auto& byte : nonce) byte = static_cast<char>(random_());
  const auto knock = knock_of(from, to, nonce);
  auto hello = hello_of(from, to, members_, random_());
  hello.set_disk(chance(50) ? number() : now_as_version());
  hello.set_epoch(chance(50) ? number() : now_as_version());
  if (chance(20)) hello.add_origins(number());
  auto second = sealed(hello);
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

void forged_frames::learn(const std::string& real) {
  if (real_.size() < real_max)
    real_.push_back(real);
  else
    real_[random_() % real_max] = real;
}

std::string forged_frames::mutated() {
  if (real_.empty()) return mutated(opening(members_.front(), members_.back())[random_() % 2]);
  return mutated(real_[random_() % real_.size()]);
}

std::string forged_frames::mutated(const std::string& real) {
  v1::PeerFrame frame;
  if (chance(60) && frame.ParseFromString(real)) {
    v1::Hello hello;
    if (frame.has_hello() && chance(70) && hello.ParseFromString(frame.hello().content()) && twist(&hello))
      frame.mutable_hello()->set_content(hello.SerializeAsString());
    else if (!twist(&frame))
      frame.set_uncounted(true);
    return frame.SerializeAsString();
  }
  auto bytes = real;
  if (chance(20)) bytes.resize(random_() % (bytes.size() + 1));
  if (chance(20)) bytes += real_.empty() ? text() : real_[random_() % real_.size()];
  for (auto flips = 1 + random_() % 8; flips > 0 && !bytes.empty(); --flips)
    bytes[random_() % bytes.size()] ^= static_cast<char>(1 << random_() % 8);
  return bytes;
}

bool forged_frames::twist(Message* message) {
  std::vector<place> places;
  collect(message, &places);
  if (places.empty()) return false;
  const auto& [in, field, index] = places[random_() % places.size()];
  const auto* r = in->GetReflection();
  const bool more = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      auto value = more ? r->GetRepeatedString(*in, field, index) : r->GetString(*in, field);
      if (value.empty() || chance(30))
        value = text();
      else
        value[random_() % value.size()] ^= static_cast<char>(1 << random_() % 7);
      if (field->type() == FieldDescriptor::TYPE_STRING)
        for (auto& byte : value) byte = static_cast<char>(byte & 0x7F);
      more ? r->SetRepeatedString(in, field, index, std::move(value)) : r->SetString(in, field, std::move(value));
      break;
    }
    case FieldDescriptor::CPPTYPE_UINT64:
      more ? r->SetRepeatedUInt64(in, field, index, number()) : r->SetUInt64(in, field, number());
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      if (!more) r->SetInt64(in, field, static_cast<std::int64_t>(number()));
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      if (!more) r->SetUInt32(in, field, static_cast<std::uint32_t>(number()));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!more) r->SetBool(in, field, !r->GetBool(*in, field));
      break;
    default: break;
  }
  return true;
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
        nonces_.push_back(reflection->GetString(message, field).substr(0, peer_nonce_bytes));
    }
  }
}

void forged_frames::hear(const std::string& answer) {
  v1::PeerAnswer heard;
  if (heard.ParseFromString(answer)) gather(heard);
}

std::string without_the_possible(const std::string& frame) {
  v1::PeerFrame parsed;
  if (!parsed.ParseFromString(frame)) return frame;
  parsed.clear_write_backs();
  v1::Hello hello;
  if (parsed.has_hello() && hello.ParseFromString(parsed.hello().content())) {
    // One that is more than a day ahead is impossible, and refused.
    constexpr std::uint64_t days_2_ms = 2 * 86'400'000;
    if (hello.disk() < now_as_version() + (days_2_ms << 16)) hello.set_disk(oldest_disk);
    parsed.mutable_hello()->set_content(hello.SerializeAsString());
  }
  return parsed.SerializeAsString();
}

}  // namespace quorate::chaos
