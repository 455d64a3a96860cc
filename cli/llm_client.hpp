// A language model that answers questions, over an Ollama- or OpenAI-compatible endpoint.
//
// Owned by the verb that uses it; one thread at a time. Keeps no state between questions. A failure is a status, and
// nothing more: an answer is asked for again only by whoever wants it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proto/status.hpp"

namespace quorate::cli {

/// What is said where a model is needed and none is configured.
inline constexpr const char* no_llm_client = "no LLM client configured";

class llm_client {
 public:
  virtual ~llm_client() = default;
  /// The answer, outer white space taken off, never empty. unavailable when there is none.
  virtual result<std::string> ask(const std::string& instructions, const std::string& question) = 0;
  virtual const std::string& model() const = 0;
};

struct llm_settings {
  /// With a path that ends in /v1: {url}/chat/completions, as OpenAI has it. Otherwise, with or without /api at the
  /// end: {url}/api/chat, as Ollama has it.
  std::string url;
  std::string model;
  std::string key;  ///< sent as a bearer token; empty = none
  std::int64_t timeout_ms = 60'000;
};

/// invalid_argument when the URL is none or the model is empty. Connects to nothing.
result<std::unique_ptr<llm_client>> make_llm_client(const llm_settings& settings);

/// From QUORATE_LLM_URL, QUORATE_LLM_MODEL and QUORATE_LLM_KEY. A null pointer when the first is unset or empty.
result<std::unique_ptr<llm_client>> llm_client_from_environment();

}  // namespace quorate::cli
