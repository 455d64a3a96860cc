#include "memory/enum_names.hpp"

namespace quorate::memory {

std::vector<std::string> names_of(const google::protobuf::EnumDescriptor& values, std::string_view prefix) {
  std::vector<std::string> names;
  for (int i = 0; i < values.value_count(); ++i) {
    if (values.value(i)->number() == 0) continue;
    std::string name = values.value(i)->name().substr(prefix.size());
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    names.push_back(std::move(name));
  }
  return names;
}

std::string one_of(const std::vector<std::string>& names) {
  std::string rule = "must be one of ";
  for (const std::string& name : names) rule.append(&name == names.data() ? "" : ", ").append(name);
  return rule;
}

}  // namespace quorate::memory
