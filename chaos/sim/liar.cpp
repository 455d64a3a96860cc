#include "chaos/sim/liar.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <limits>
#include <vector>

namespace quorate::sim {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

struct place {
  Message* message = nullptr;
  const FieldDescriptor* field = nullptr;
  int index = -1;  ///< of a repeated field
};

/// Every scalar that is set, at any depth.
void collect(Message& message, std::vector<place>& places) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    const bool inner = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
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

/// Next to the truth, or as far from it as can be.
std::uint64_t twisted(world& w, std::uint64_t number) {
  switch (w.below(5)) {
    case 0: return number + 1;
    case 1: return number - 1;
    case 2: return 0;
    case 3: return std::numeric_limits<std::uint64_t>::max();
    default: return w.random();
  }
}

std::string twisted(world& w, std::string bytes) {
  if (bytes.empty()) return "?";
  switch (w.below(3)) {
    case 0: bytes[w.below(bytes.size())] ^= static_cast<char>(1 << w.below(8)); break;
    case 1: bytes.resize(w.below(bytes.size())); break;
    default: bytes.push_back('?');
  }
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
                    &Reflection::SetRepeatedUInt64, [&](std::uint64_t n) { return twisted(w, n); });
    case FieldDescriptor::CPPTYPE_INT64:
      return change(
          &Reflection::GetInt64, &Reflection::GetRepeatedInt64, &Reflection::SetInt64, &Reflection::SetRepeatedInt64,
          [&](std::int64_t n) { return static_cast<std::int64_t>(twisted(w, static_cast<std::uint64_t>(n))); });
    case FieldDescriptor::CPPTYPE_UINT32:
      return change(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32, &Reflection::SetUInt32,
                    &Reflection::SetRepeatedUInt32,
                    [&](std::uint32_t n) { return static_cast<std::uint32_t>(twisted(w, n)); });
    case FieldDescriptor::CPPTYPE_ENUM:
      return change(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue, &Reflection::SetEnumValue,
                    &Reflection::SetRepeatedEnumValue, [&](int n) { return n + 1; });
    case FieldDescriptor::CPPTYPE_BOOL:
      return change(&Reflection::GetBool, &Reflection::GetRepeatedBool, &Reflection::SetBool,
                    &Reflection::SetRepeatedBool, [](bool b) { return !b; });
    case FieldDescriptor::CPPTYPE_STRING: {
      if (p.index < 0) return r->SetString(p.message, p.field, twisted(w, r->GetString(*p.message, p.field)));
      return r->SetRepeatedString(p.message, p.field, p.index,
                                  twisted(w, r->GetRepeatedString(*p.message, p.field, p.index)));
    }
    default: return;
  }
}

}  // namespace

void liar::twist(const std::string& from, const std::string& to, Message& frame) {
  if (from != from_ || to != to_ || !world_.one_in(one_in_)) return;
  std::vector<place> places;
  collect(frame, places);
  if (places.empty()) return;
  ++lies_;
  sim::twist(world_, places[world_.below(places.size())]);
}

}  // namespace quorate::sim
