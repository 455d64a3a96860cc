#include "cli/mcp/prompts.hpp"

#include <string>

#include "cli/mcp/parameters.hpp"
#include "memory/validation.hpp"

namespace quorate::cli::mcp {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view recall_first = "recall-first";
constexpr std::string_view memory_workflow = "memory-workflow";

constexpr const char* recall_first_description = "Look into the memories before answering";
constexpr const char* memory_workflow_description = "How to store, find and tend memories";
constexpr const char* namespace_description = "Only memories of this namespace";

constexpr const char* recall_first_text =
    "Before you answer, look into your memories.\n"
    "1. Call memory_recall with the words of the question as context; with format toon_compact the answer is short.\n"
    "2. Get the whole text of what matters with memory_get.\n"
    "3. If the answer has a standard or standards, keep to them.\n"
    "4. Answer from what you found, and say so when you found nothing.\n"
    "5. Store what you learned that will matter later with memory_store: one fact a memory, under a title that says "
    "it.";

constexpr const char* memory_workflow_text =
    "Your memories are small titled texts that outlive this conversation.\n"
    "Begin with memory_session_start. Recall before you answer (memory_recall), search when you know the words "
    "(memory_search).\n"
    "Store with memory_store. Its title is its name: the same title in the same namespace replaces the text. Choose "
    "the "
    "tier: short lives for hours, mid for a week, long for ever. memory_promote makes a memory stay.\n"
    "When a fact changes, store it anew or use memory_update, and link what it replaces: memory_link with supersedes. "
    "Join memories that say the same with memory_consolidate.\n"
    "A failed call says whether anything was stored. \"unknown\" means that it may have been: look before you repeat "
    "it.";

std::string recall_first_words(const std::string& name_space) {
  std::string words = recall_first_text;
  if (!name_space.empty()) words += "\nThe namespace is \"" + name_space + "\": give it with each call.";
  return words;
}

ordered_json message_of(const char* description, const std::string& words) {
  return {{"description", description},
          {"messages", ordered_json::array({{{"role", "user"}, {"content", {{"type", "text"}, {"text", words}}}}})}};
}

}  // namespace

std::string_view instructions() {
  return "A replicated memory that outlives conversations. Recall with memory_recall before answering, store what "
         "will matter later with memory_store. The prompt memory-workflow says more.";
}

ordered_json prompt_list(revision version) {
  ordered_json first{{"name", recall_first}};
  ordered_json second{{"name", memory_workflow}};
  if (has_titles(version)) {
    first["title"] = "Recall first";
    second["title"] = "Memory workflow";
  }
  first["description"] = recall_first_description;
  first["arguments"] =
      ordered_json::array({{{"name", "namespace"}, {"description", namespace_description}, {"required", false}}});
  second["description"] = memory_workflow_description;
  return ordered_json::array({std::move(first), std::move(second)});
}

result<ordered_json> prompt(std::string_view name, const ordered_json& given) {
  if (name == memory_workflow) return message_of(memory_workflow_description, memory_workflow_text);
  if (name != recall_first) return status::invalid("name", "no prompt of that name");
  const auto read = read_arguments({text("namespace", namespace_description)}, given);
  if (!read) return read.error();
  const auto name_space = read->text("namespace");
  // It becomes part of what a model is told, so it has to be a name and no more.
  if (!name_space.empty())
    if (const auto legal = memory::validate_namespace(name_space); !legal) return legal;
  return message_of(recall_first_description, recall_first_words(name_space));
}

}  // namespace quorate::cli::mcp
