#include "cli/llm_client.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "cli/http_post.hpp"

namespace quorate::cli {
namespace {

using nlohmann::json;

constexpr std::string_view openai_suffix = "/v1";
constexpr std::string_view ollama_suffix = "/api";

std::string from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

std::string trimmed(const std::string& text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The text at a JSON pointer; empty when there is none.
std::string text_at(const json& value, const std::string& pointer) {
  const json::json_pointer place(pointer);
  return value.contains(place) && value[place].is_string() ? value[place].get<std::string>() : std::string();
}

class http_llm_client : public llm_client {
 public:
  http_llm_client(llm_settings settings, std::string url, std::string answer_pointer)
      : settings_(std::move(settings)), url_(std::move(url)), answer_pointer_(std::move(answer_pointer)) {}

  const std::string& model() const override { return settings_.model; }

  result<std::string> ask(const std::string& instructions, const std::string& question) override {
    http_request request;
    request.url = url_;
    request.timeout_ms = settings_.timeout_ms;
    request.body = body_of(instructions, question);
    if (!settings_.key.empty()) request.headers.emplace_back("authorization", "Bearer " + settings_.key);
    const auto answer = http_post(request);
    if (!answer) return status(answer.error().code(), "the language model: " + answer.error().message());
    if (answer->code < 200 || answer->code > 299)
      return status(errc::unavailable, "the language model answered with HTTP " + std::to_string(answer->code));
    const auto parsed = json::parse(answer->body, nullptr, false);
    auto text = parsed.is_object() ? trimmed(text_at(parsed, answer_pointer_)) : std::string();
    if (text.empty()) return status(errc::unavailable, "the language model gave no text");
    return text;
  }

 private:
  std::string body_of(const std::string& instructions, const std::string& question) const {
    const json body{{"model", settings_.model},
                    {"stream", false},
                    {"messages", json::array({{{"role", "system"}, {"content", instructions}},
                                              {{"role", "user"}, {"content", question}}})}};
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
  }

  llm_settings settings_;
  std::string url_;
  std::string answer_pointer_;
};

}  // namespace

result<std::unique_ptr<llm_client>> make_llm_client(const llm_settings& settings) {
  if (settings.model.empty()) return status::invalid("QUORATE_LLM_MODEL", "must name a model");
  std::string url = settings.url;
  while (url.ends_with('/')) url.pop_back();
  if (const auto parts = split_url(url); !parts) return status::invalid("QUORATE_LLM_URL", parts.error().context());
  if (url.ends_with(openai_suffix))
    return std::make_unique<http_llm_client>(settings, url + "/chat/completions", "/choices/0/message/content");
  if (!url.ends_with(ollama_suffix)) url += ollama_suffix;
  return std::make_unique<http_llm_client>(settings, url + "/chat", "/message/content");
}

result<std::unique_ptr<llm_client>> llm_client_from_environment() {
  llm_settings settings;
  settings.url = from_environment("QUORATE_LLM_URL");
  if (settings.url.empty()) return std::unique_ptr<llm_client>();
  settings.model = from_environment("QUORATE_LLM_MODEL");
  settings.key = from_environment("QUORATE_LLM_KEY");
  return make_llm_client(settings);
}

}  // namespace quorate::cli
