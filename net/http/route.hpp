// The one table of what the gateway serves: it dispatches, it checks what came against it, and it is the OpenAPI
// document.
//
// The tables are constant after start; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "net/http/exchange.hpp"

namespace quorate::net::http {

class gateway_state;

enum class value_kind : std::uint8_t {
  text,
  tier,
  int32,
  int64,
  count,  ///< 0 or more
  number,
  boolean,
  object,
  texts,    ///< an array of strings
  objects,  ///< an array of objects
};

/// One value that a request may carry. What is not listed is ignored.
struct field {
  std::string_view name;
  value_kind kind = value_kind::text;
  std::string_view about;
  bool required = false;
  bool nullable = true;  ///< null counts as absent
};

enum class body_kind : std::uint8_t { none, object, array };

/// A request that fits its route: the values of query and body by name, of the kinds that the route says.
class call {
 public:
  call(const request& from, std::vector<std::string> captured, nlohmann::json values)
      : from_(from), captured_(std::move(captured)), values_(std::move(values)) {}

  const request& from() const { return from_; }
  /// What stood in the place of {id}.
  const std::string& id() const { return captured_.front(); }
  bool has(std::string_view name) const { return values_.contains(name); }
  /// Empty when it was not given.
  std::string text(std::string_view name) const;
  std::optional<std::string> maybe_text(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<double> number(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  const nlohmann::json& value(std::string_view name) const { return values_.at(std::string(name)); }

 private:
  const request& from_;
  std::vector<std::string> captured_;
  nlohmann::json values_;
};

struct route {
  std::string_view method;
  std::string_view path;  ///< segments; {id} stands for one
  std::string_view group;
  std::string_view summary;
  std::vector<field> query;
  body_kind body = body_kind::none;
  std::vector<field> fields;  ///< of the body, or of each element of an array
  std::vector<int> statuses;  ///< besides those that any request of its shape can be answered with
  answer (*handle)(gateway_state& gateway, const call& request) = nullptr;
  bool open = false;  ///< needs no key
};

/// In the order of the document.
const std::vector<route>& routes();

/// Every status that the route may be answered with, ascending.
std::vector<int> statuses_of(const route& served);

// The parts of the table, each beside its handlers.
std::vector<route> memory_routes();
std::vector<route> bulk_routes();
std::vector<route> recall_routes();
std::vector<route> curation_routes();
std::vector<route> link_routes();
std::vector<route> archive_routes();
std::vector<route> agent_routes();
std::vector<route> pending_routes();
std::vector<route> transfer_routes();
std::vector<route> sync_routes();
std::vector<route> system_routes();

/// Which route a request is for.
struct found_route {
  const route* served = nullptr;
  std::vector<std::string> captured;
  answer refused;  ///< 404, or 405 with Allow, when there is none
};
found_route find_route(const request& head);

/// What can be said before the body is read: 415 and so on.
std::optional<answer> refuse_early(const route& served, const request& head);

/// The values of a whole request, or why it does not fit: 400 for a text that is no JSON and a query that breaks its
/// kinds, 422 for JSON that does.
struct fitted {
  nlohmann::json values;
  std::optional<answer> refused;
};
fitted fit(const route& served, const request& whole);

/// Nesting of a JSON text beyond this is refused before it is read.
inline constexpr int body_depth_max = 64;

}  // namespace quorate::net::http
