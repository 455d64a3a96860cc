#include "net/http/openapi.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "net/http/route.hpp"
#include "proto/limits.hpp"

namespace quorate::net::http {

using nlohmann::ordered_json;

namespace {

ordered_json array_of(const char* type) { return {{"type", "array"}, {"items", {{"type", type}}}}; }

ordered_json schema_of(value_kind kind) {
  switch (kind) {
    case value_kind::text: return {{"type", "string"}};
    case value_kind::tier: return {{"type", "string"}, {"enum", {"short", "mid", "long"}}};
    case value_kind::int32: return {{"type", "integer"}, {"format", "int32"}};
    case value_kind::int64: return {{"type", "integer"}, {"format", "int64"}};
    case value_kind::count: return {{"type", "integer"}, {"minimum", 0}};
    case value_kind::number: return {{"type", "number"}};
    case value_kind::boolean: return {{"type", "boolean"}};
    case value_kind::object: return {{"type", "object"}};
    case value_kind::texts: return array_of("string");
    case value_kind::objects: return array_of("object");
  }
  return {};
}

ordered_json schema_of(const field& one) {
  auto schema = schema_of(one.kind);
  if (one.nullable && !one.required) {
    schema["type"] = {schema["type"], "null"};
    if (schema.contains("enum")) schema["enum"].push_back(nullptr);
  }
  schema["description"] = one.about;
  return schema;
}

ordered_json object_of(const std::vector<field>& fields) {
  ordered_json schema{{"type", "object"}};
  auto required = ordered_json::array();
  for (const auto& one : fields) {
    schema["properties"][std::string(one.name)] = schema_of(one);
    if (one.required) required.push_back(one.name);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

ordered_json parameter(std::string_view name, std::string_view where, const ordered_json& schema,
                       std::string_view about, bool required) {
  return {{"name", name}, {"in", where}, {"required", required}, {"description", about}, {"schema", schema}};
}

std::string_view meaning_of(int status) {
  switch (status) {
    case 200: return "done";
    case 201: return "stored";
    case 202: return "waits for an approval";
    case 400: return "the request breaks a rule";
    case 401: return "the API key is missing or wrong";
    case 403: return "the namespace does not allow it";
    case 404: return "there is no such thing";
    case 409: return "taken, or changed by somebody else meanwhile";
    case 413: return "the body is too large";
    case 415: return "the body is not announced as JSON";
    case 422: return "the JSON is not of the right shape";
    case 500: return "the node failed";
    case 503:
      return "the node cannot do it now; for a write: got, needed, reason, and outcome, which says whether it "
             "may surface later";
    default: return "";
  }
}

ordered_json responses_of(const route& served) {
  ordered_json responses;
  for (const int status : statuses_of(served)) {
    ordered_json response{{"description", meaning_of(status)}};
    if (status == 503) response["headers"]["Retry-After"] = {{"schema", {{"type", "integer"}}}};
    responses[std::to_string(status)] = std::move(response);
  }
  return responses;
}

ordered_json operation_of(const route& served) {
  ordered_json operation{{"summary", served.summary}, {"tags", {served.group}}};
  auto parameters = ordered_json::array();
  if (served.path.find("{id}") != std::string_view::npos)
    parameters.push_back(parameter("id", "path", {{"type", "string"}}, "the id", true));
  for (const auto& one : served.query)
    parameters.push_back(parameter(one.name, "query", schema_of(one.kind), one.about, one.required));
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (served.body != body_kind::none) {
    auto schema = object_of(served.fields);
    if (served.body == body_kind::array)
      schema = {{"type", "array"}, {"maxItems", limits::batch_items_max}, {"items", schema}};
    operation["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", schema}}}}}};
  }
  operation["responses"] = responses_of(served);
  if (served.open) operation["security"] = ordered_json::array();
  return operation;
}

std::string lower(std::string_view method) {
  std::string text(method);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  return text;
}

std::string made() {
  ordered_json document{{"openapi", "3.1.0"},
                        {"info", {{"title", "quorate"}, {"version", QUORATE_VERSION}}},
                        {"components",
                         {{"securitySchemes",
                           {{"header", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}}},
                            {"query", {{"type", "apiKey"}, {"in", "query"}, {"name", "api_key"}}}}}}},
                        {"security", {{{"header", ordered_json::array()}}, {{"query", ordered_json::array()}}}}};
  for (const auto& served : routes())
    document["paths"][std::string(served.path)][lower(served.method)] = operation_of(served);
  return document.dump();
}

}  // namespace

const std::string& openapi_document() {
  static const auto document = made();
  return document;
}

}  // namespace quorate::net::http
