// The text form of protobuf enums whose values are the one list of what a field may say.
//
// Pure function, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

namespace quorate::memory {

/// The names of all values but the first ("unspecified"), lower case, without the prefix `prefix`, in order of the
/// enum.
std::vector<std::string> names_of(const google::protobuf::EnumDescriptor& values, std::string_view prefix);

/// "must be one of a, b, c".
std::string one_of(const std::vector<std::string>& names);

}  // namespace quorate::memory
