// Conversations of chat exports, and the verbs mine and auto-consolidate.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/transcript.hpp"
#include "memory/curator.hpp"
#include "tests/cli/small_store.hpp"

using namespace quorate;
using namespace quorate::cli;
using namespace quorate::cli::tests;
using nlohmann::json;

namespace {

using list = std::vector<std::string>;

const char* const claude_export = R"([
  {"name":"Keys","uuid":"u1","chat_messages":[
    {"sender":"human","text":"Where is the key?"},{"sender":"assistant","text":"In the vault."},
    {"sender":"human","text":"  "},{"sender":"human","text":"Thanks."}]},
  {"name":"Keys","uuid":"u2","chat_messages":[
    {"sender":"human","text":"a"},{"sender":"assistant","text":"b"},{"sender":"human","text":"c"}]},
  {"name":"Short","uuid":"u3","chat_messages":[{"sender":"human","text":"hello"}]}])";

const char* const chatgpt_export = R"([{"title":"Tree","current_node":"n3","mapping":{
  "n1":{"parent":null,"message":null},
  "n2":{"parent":"n1","message":{"author":{"role":"user"},"content":{"parts":["first","more"]}}},
  "other":{"parent":"n2","message":{"author":{"role":"assistant"},"content":{"parts":["not shown"]}}},
  "n3":{"parent":"n2","message":{"author":{"role":"assistant"},"content":{"parts":["second",{"image":1}]}}}}}])";

}  // namespace

TEST_SUITE("cli.transcript") {
  TEST_CASE("a Claude export is its conversations, blank messages left out") {
    const auto all = read_transcript(transcript_format::claude, claude_export);
    REQUIRE(all);
    REQUIRE(all->size() == 3);
    CHECK(all->at(0).title == "Keys");
    CHECK(all->at(0).messages == list{"human: Where is the key?", "assistant: In the vault.", "human: Thanks."});
  }

  TEST_CASE("of a ChatGPT conversation the branch shown last is taken, in order") {
    const auto all = read_transcript(transcript_format::chatgpt, chatgpt_export);
    REQUIRE(all);
    CHECK(all->at(0).messages == list{"user: first\nmore", "assistant: second"});
    // Parents that go round end.
    CHECK(read_transcript(transcript_format::chatgpt,
                          R"([{"title":"x","current_node":"a","mapping":{"a":{"parent":"a"}}}])"));
  }

  TEST_CASE("a Slack file is one conversation") {
    const auto all = read_transcript(
        transcript_format::slack,
        R"([{"user":"U1","text":"hi","user_profile":{"real_name":"Ann"}},{"user":"U2","text":"ho"},{"text":""}])");
    REQUIRE(all);
    CHECK(all->at(0).messages == list{"Ann: hi", "U2: ho"});
  }

  TEST_CASE("what is no export is refused, strange parts of one are left out") {
    for (const char* text : {"", "{}", "7", "[1]"}) CHECK_FALSE(read_transcript(transcript_format::claude, text));
    const auto odd = read_transcript(transcript_format::claude, R"([{"name":7,"chat_messages":[3,{"text":4}]}])");
    REQUIRE(odd);
    CHECK(odd->at(0).messages.empty());
  }

  TEST_CASE("contents are cut between messages, or within one that is too long, never within a character") {
    const conversation talk{"t", "i", {"aaaa", "bbbb", "cc"}};
    CHECK(contents_of(talk, 100) == list{"aaaa\nbbbb\ncc"});
    CHECK(contents_of(talk, 9) == list{"aaaa\nbbbb", "cc"});
    CHECK(contents_of({"t", "i", {"äöüäöü"}}, 5) == list{"äö", "üä", "öü"});
    CHECK(contents_of({"t",
                       "i",
                       {"a\r\nb\rc\x01"
                        "d\xff"}},
                      100)
          == list{"a\nb c d "});
    CHECK(contents_of({"t", "i", {}}, 100).empty());
  }
}

TEST_SUITE("cli.mine") {
  TEST_CASE("mine stores each conversation that is long enough, under a title of its own") {
    small_store store;
    const scratch_directory scratch;
    const auto file = scratch.write("conversations.json", claude_export);
    const auto run = run_at(store.node, {"mine", file, "--json"});
    CHECK(run.exit == 0);
    CHECK(keys_of(run.out) == list{"imported", "skipped", "errors", "total_conversations", "namespace", "tier"});
    const auto object = json::parse(run.out);
    CHECK(object["imported"] == 2);
    CHECK(object["skipped"] == 1);
    CHECK(object["total_conversations"] == 3);
    CHECK(object["namespace"] == "claude-export");
    CHECK(store.titles("claude-export") == list{"Keys", "Keys #2"});
    const auto& record = store.records[{"claude-export", "Keys"}];
    CHECK(record.tier() == v1::TIER_MID);
    CHECK(json::parse(record.metadata())["mined_from"] == "mine-claude");
    CHECK(record.content() == "human: Where is the key?\nassistant: In the vault.\nhuman: Thanks.");
  }

  TEST_CASE("a dry run stores nothing, and needs no node") {
    const scratch_directory scratch;
    const auto run = run_program({"mine", scratch.write("c.json", claude_export), "--dry-run", "--json",
                                  "--min-messages", "1", "--endpoints", dead_address()});
    CHECK(run.exit == 0);
    CHECK(json::parse(run.out)["would_import"] == 3);
    CHECK(json::parse(run.out)["imported"] == 0);
  }

  TEST_CASE("a directory of Slack's is read channel by channel") {
    small_store store;
    const scratch_directory scratch;
    std::filesystem::create_directories(scratch.file("general"));
    scratch.write("general/2026-01-01.json",
                  R"([{"user":"a","text":"1"},{"user":"b","text":"2"},{"user":"a","text":"3"}])");
    CHECK(run_at(store.node, {"mine", scratch.path(), "-f", "slack", "-n", "chat", "-t", "long"}).exit == 0);
    CHECK(store.titles("chat") == list{"general 2026-01-01"});
    CHECK(store.records[{"chat", "general 2026-01-01"}].tier() == v1::TIER_LONG);
  }

  TEST_CASE("what cannot be mined is an error") {
    small_store store;
    const scratch_directory scratch;
    CHECK(run_at(store.node, {"mine", scratch.file("none")}).exit == 2);
    CHECK(run_at(store.node, {"mine", scratch.write("x", "{}")}).exit == 2);
    const auto file = scratch.write("c.json", claude_export);
    CHECK(run_at(store.node, {"mine", file, "-f", "irc"}).exit == 2);
    CHECK(run_at(store.node, {"mine", file, "--min-messages", "0"}).exit == 2);
    store.node.on_store = [](const auto&, auto*) { return quorum_unreachable(); };
    const auto run = run_at(store.node, {"mine", file, "--json"});
    CHECK(run.exit == 3);
    CHECK(json::parse(run.out)["errors"].size() == 2);
  }

  TEST_CASE("auto-consolidate merges the records of each tag that has enough of them, each record once") {
    small_store store;
    for (const char* id : {"a", "b", "c"}) {
      auto& record = store.add(id, std::string("text of ") + id);
      record.add_tags("keys");
      record.add_tags("ops");
    }
    store.add("d", "text of d").add_tags("rare");
    const auto shown = json::parse(run_at(store.node, {"auto-consolidate", "--dry-run", "--json"}).out);
    REQUIRE(shown["groups"].size() == 1);
    CHECK(shown["groups"][0]["tag"] == "keys");
    CHECK(shown["groups"][0]["count"] == 3);
    CHECK(store.node.calls("Consolidate") == 0);
    CHECK(run_at(store.node, {"auto-consolidate", "--json"}).out == "{\"consolidated\":3}\n");
    REQUIRE(store.by_id("merged") != nullptr);
    CHECK(store.by_id("merged")->content() == "text of a\ntext of b\ntext of c");
    CHECK(store.by_id("d") != nullptr);
    CHECK(run_at(store.node, {"auto-consolidate", "--json"}).out == "{\"consolidated\":0}\n");
    CHECK(run_at(store.node, {"auto-consolidate", "--min-count", "1"}).exit == 2);
    store.node.on_list = [](const auto&, auto*) { return quorum_unreachable(); };
    CHECK(run_at(store.node, {"auto-consolidate"}).exit == 3);
  }
}
