#include "cli/llm_client.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/http_post.hpp"
#include "cli/llm_tasks.hpp"
#include "tests/cli/fake_http.hpp"
#include "tests/cli/fake_node.hpp"

namespace quorate::cli {
namespace {

using nlohmann::json;
using tests::fake_http;

std::string ollama(const std::string& text) { return json{{"message", {{"content", text}}}}.dump(); }
std::string openai(const std::string& text) {
  return json{{"choices", json::array({{{"message", {{"content", text}}}}})}}.dump();
}

struct scripted_model : llm_client {
  explicit scripted_model(std::string text) : answer(std::move(text)) {}
  result<std::string> ask(const std::string&, const std::string& text) override {
    question = text;
    if (answer.empty()) return status(errc::unavailable, "scripted");
    return answer;
  }
  const std::string& model() const override { return name; }
  std::string answer, question, name = "scripted";
};

v1::MemoryRecord note(const std::string& title, const std::string& content) {
  v1::MemoryRecord record;
  record.set_title(title);
  record.set_content(content);
  return record;
}

}  // namespace

TEST_SUITE("cli.llm") {
  TEST_CASE("an Ollama endpoint is asked at api/chat, without streaming") {
    fake_http server([](const auto&) { return fake_http::answer{200, ollama("  hello\n")}; });
    auto model = make_llm_client({.url = server.url("/"), .model = "small"});
    REQUIRE(model.ok());
    const auto answer = (*model)->ask("be brief", "who?");
    REQUIRE_MESSAGE(answer.ok(), answer.error().message());
    CHECK(*answer == "hello");
    const auto seen = server.seen().at(0);
    CHECK(seen.path == "/api/chat");
    CHECK(!seen.headers.count("authorization"));
    const auto body = json::parse(seen.body);
    CHECK(body["model"] == "small");
    CHECK(body["stream"] == false);
    CHECK(body["messages"][0]["content"] == "be brief");
    CHECK(body["messages"][1]["content"] == "who?");
  }

  TEST_CASE("a URL that ends in v1 is asked as OpenAI has it, with the key") {
    fake_http server([](const auto&) { return fake_http::answer{200, openai("yes")}; });
    auto model = make_llm_client({.url = server.url("/v1"), .model = "big", .key = "secret"});
    REQUIRE(model.ok());
    CHECK(*(*model)->ask("", "?") == "yes");
    CHECK(server.seen().at(0).path == "/v1/chat/completions");
    CHECK(server.seen().at(0).headers.find("authorization")->second == "Bearer secret");
  }

  TEST_CASE("an answer that is none is an error that holds no key") {
    std::vector<fake_http::answer> answers{
        {500, "no"}, {200, "not JSON"}, {200, "[]"}, {200, ollama("   ")}, {200, "{}"}};
    std::size_t next = 0;
    fake_http server([&](const auto&) { return answers.at(next++); });
    auto model = make_llm_client({.url = server.url(), .model = "small", .key = "secret"});
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto answer = (*model)->ask("", "?");
      CHECK(answer.error().code() == errc::unavailable);
      CHECK(answer.error().message().find("secret") == std::string::npos);
    }
  }

  TEST_CASE("nobody there is an error in time") {
    auto model = make_llm_client({.url = "http://" + tests::dead_address(), .model = "small", .timeout_ms = 2'000});
    CHECK((*model)->ask("", "?").error().code() == errc::unavailable);
  }

  TEST_CASE("settings that name no endpoint or no model are refused") {
    CHECK(make_llm_client({.url = "ftp://host", .model = "m"}).error().field() == "QUORATE_LLM_URL");
    CHECK(make_llm_client({.url = "http://", .model = "m"}).error().field() == "QUORATE_LLM_URL");
    CHECK(make_llm_client({.url = "http://me:pass@host", .model = "m"}).error().field() == "QUORATE_LLM_URL");
    CHECK(make_llm_client({.url = "http://host"}).error().field() == "QUORATE_LLM_MODEL");
  }

  TEST_CASE("without the variable there is no model, and that is no error") {
    ::unsetenv("QUORATE_LLM_URL");
    auto none = llm_client_from_environment();
    REQUIRE(none.ok());
    CHECK(*none == nullptr);
    ::setenv("QUORATE_LLM_URL", "http://127.0.0.1:1", 1);
    CHECK(llm_client_from_environment().error().field() == "QUORATE_LLM_MODEL");
    ::unsetenv("QUORATE_LLM_URL");
  }

  TEST_CASE("an answer longer than allowed is cut off") {
    fake_http server([](const auto&) { return fake_http::answer{200, std::string(10'000, 'x')}; });
    http_request request;
    request.url = server.url("/any");
    CHECK(http_post(request)->body.size() == 10'000);
    request.answer_bytes_max = 9'999;
    CHECK(http_post(request).error().code() == errc::unavailable);
  }

  TEST_CASE("what a name leads to is judged before anything is sent, and is what is connected to") {
    fake_http server([](const auto&) { return fake_http::answer{200, "x"}; });
    http_request request;
    request.url = "http://localhost:" + server.url().substr(server.url().rfind(':') + 1) + "/any";
    std::vector<std::string> judged;
    request.judge_address = [&](const std::string& address) {
      judged.push_back(address);
      return status::invalid("url", "leads to " + address);
    };
    CHECK(http_post(request).error().field() == "url");
    REQUIRE(judged.size() == 1);
    CHECK((judged[0] == "127.0.0.1" || judged[0] == "::1"));
    CHECK(server.seen().empty());
    // Also where the name has an address that nobody listens at.
    request.judge_address = [](const std::string&) { return status(); };
    const auto answer = http_post(request);
    REQUIRE_MESSAGE(answer.ok(), answer.error().message());
    CHECK(answer->code == 200);
    CHECK(split_url("http://[::1]:80/x")->host == "::1");
    CHECK(split_url("https://host:80/x")->host == "host");
    request.url = "http://no-such-host.invalid/";
    CHECK(http_post(request).error().code() == errc::unavailable);
  }

  TEST_CASE("lists of a model are read with bullets and numbers, cut down, and never empty") {
    scripted_model model("1. Coffee\n- espresso\n* \"latte\"\n\nCoffee\n2024 budget");
    CHECK(*expand_query(model, "drink") == std::vector<std::string>{"Coffee", "espresso", "latte", "2024 budget"});
    model.answer = "Work, Deploy\nwork\n" + std::string(100, 'x');
    CHECK(*tags_for(model, note("t", "c")) == std::vector<std::string>{"work", "deploy"});
    model.answer = "- \n * ";
    CHECK(tags_for(model, note("t", "c")).error().code() == errc::unavailable);
    model.answer.clear();
    CHECK(expand_query(model, "drink").error().code() == errc::unavailable);
  }

  TEST_CASE("a contradiction is yes or no, anything else is an error") {
    scripted_model model("Yes.");
    CHECK(*contradict(model, note("a", "black"), note("b", "white")) == true);
    CHECK(model.question.find("white") != std::string::npos);
    model.answer = "**no** they agree";
    CHECK(*contradict(model, note("a", "x"), note("b", "x")) == false);
    model.answer = "it depends";
    CHECK(!contradict(model, note("a", "x"), note("b", "x")).ok());
  }

  TEST_CASE("what is shown of a long record ends between two characters") {
    scripted_model model("short");
    std::string content;
    while (content.size() < 5'000) content += "\xe2\x82\xac";
    CHECK(*summarise(model, {note("t", content)}) == "short");
    CHECK(model.question.size() < 4'200);
    CHECK_NOTHROW(static_cast<void>(json(model.question).dump()));
  }
}

}  // namespace quorate::cli
