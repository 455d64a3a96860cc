// Looking into JSON somebody else wrote: a field that is absent or of another type is "not known", never an exception
// and never a zero.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace quorate::page {

using json = nlohmann::json;

/// Null when `object` is no object or has no such member.
const json& member(const json& object, const std::string& key);
std::optional<double> number(const json& object, const std::string& key);
/// "" when there is no such text.
std::string word(const json& object, const std::string& key);
/// Only the value true is true.
bool is_true(const json& object, const std::string& key);
/// The texts of an array.
std::vector<std::string> words(const json& object, const std::string& key);
/// Any value on one line, for a person.
std::string shown(const json& value);
/// So many bytes of it at most, cut between characters, with a sign that something is missing.
std::string shortened(std::string text, std::size_t bytes);
/// With line breaks; what is not UTF-8 is replaced.
std::string pretty(const json& value);

}  // namespace quorate::page
