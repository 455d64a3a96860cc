#include "chaos/sim/liar.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <limits>
#include <vector>

#include "quorate/v1/replication.pb.h"

namespace quorate::sim {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct place {
  Message* message = nullptr;
  const FieldDescriptor* field = nullptr;
  int index = -1;  ///< of a repeated field
};

/// Fields that say so little that any number is as good as another: who asked is told by it, or it is compared only.
bool free_choice(const FieldDescriptor& field) {
  const auto& name = field.full_name();
  return name == "quorate.v1.Question.number" || name == "quorate.v1.WriteBack.number"
         || name == "quorate.v1.Finding.number" || name == "quorate.v1.Heartbeat.number"
         || name == "quorate.v1.Heartbeat.epoch" || name == "quorate.v1.Heartbeat.end"
         || name == "quorate.v1.LogPosition.epoch" || name == "quorate.v1.LogPosition.hash"
         || name == "quorate.v1.Hello.instance" || name == "quorate.v1.Hello.epoch"
         || name == "quorate.v1.Welcome.instance" || name == "quorate.v1.LogAck.epoch"
         || name == "quorate.v1.LogRefusal.epoch" || field.containing_type()->full_name() == "quorate.v1.Version";
}

/// What a lie can be told about: numbers with a bound, and the bytes of entries.
bool is_place(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32: return !free_choice(field);
    case FieldDescriptor::CPPTYPE_STRING: return field.full_name() == "quorate.v1.PeerFrame.entries";
    default: return false;
  }
}

/// Every such field that is set, at any depth.
void collect(Message& message, std::vector<place>& places) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    const bool inner = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!inner && !is_place(*field)) continue;
    if (!field->is_repeated()) {
      if (inner)
        collect(*reflection->MutableMessage(&message, field), places);
      else
        places.push_back({&message, field});
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (inner)
        collect(*reflection->MutableRepeatedMessage(&message, field, i), places);
      else
        places.push_back({&message, field, i});
    }
  }
}

/// What cannot be: next to it lies what nobody can tell from the truth.
template <class Number>
Number impossible() {
  return std::numeric_limits<Number>::max();
}

/// As on a way that damages bytes.
std::string damaged(world& w, std::string bytes) {
  if (!bytes.empty()) bytes[w.below(bytes.size())] ^= static_cast<char>(1 << w.below(8));
  return bytes;
}

void twist(world& w, const place& p) {
  const auto* r = p.message->GetReflection();
  const auto change = [&](auto get, auto get_repeated, auto set, auto set_repeated, auto make) {
    if (p.index < 0)
      (r->*set)(p.message, p.field, make((r->*get)(*p.message, p.field)));
    else
      (r->*set_repeated)(p.message, p.field, p.index, make((r->*get_repeated)(*p.message, p.field, p.index)));
  };
  using google::protobuf::Reflection;
  switch (p.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT64:
      return change(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64, &Reflection::SetUInt64,
                    &Reflection::SetRepeatedUInt64, [](std::uint64_t) { return impossible<std::uint64_t>(); });
    case FieldDescriptor::CPPTYPE_INT64:
      return change(&Reflection::GetInt64, &Reflection::GetRepeatedInt64, &Reflection::SetInt64,
                    &Reflection::SetRepeatedInt64, [](std::int64_t) { return impossible<std::int64_t>(); });
    case FieldDescriptor::CPPTYPE_UINT32:
      return change(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32, &Reflection::SetUInt32,
                    &Reflection::SetRepeatedUInt32, [](std::uint32_t) { return impossible<std::uint32_t>(); });
    case FieldDescriptor::CPPTYPE_STRING:
      return r->SetRepeatedString(p.message, p.field, p.index,
                                  damaged(w, r->GetRepeatedString(*p.message, p.field, p.index)));
    default: return;
  }
}

}  // namespace

bool liar::lie_in(Message& message) {
  std::vector<place> places;
  collect(message, places);
  if (places.empty()) return false;
  ++lies_;
  sim::twist(world_, places[world_.below(places.size())]);
  return true;
}

void liar::twist(const std::string& from, const std::string& to, Message& frame) {
  if (from != from_ || to != to_ || !world_.one_in(one_in_)) return;
  // What is sealed is sealed with nothing where there is no key.
  const auto inside = [&](auto&& what, v1::Sealed* sealed) {
    if (what.ParseFromString(sealed->content()) && lie_in(what)) sealed->set_content(what.SerializeAsString());
  };
  if (auto* one = dynamic_cast<v1::PeerFrame*>(&frame); one != nullptr && one->has_hello())
    return inside(v1::Hello(), one->mutable_hello());
  if (auto* one = dynamic_cast<v1::PeerAnswer*>(&frame); one != nullptr && one->has_welcome())
    return inside(v1::Welcome(), one->mutable_welcome());
  lie_in(frame);
}

}  // namespace quorate::sim
