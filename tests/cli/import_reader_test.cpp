#include "cli/import_reader.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "tests/cli/fake_node.hpp"

using namespace quorate::cli;
using namespace quorate::cli::tests;

namespace {

struct read_result {
  std::vector<import_item> items;
  std::vector<std::string> links;
};

read_result read_all(const std::string& text) {
  const scratch_directory scratch;
  const int descriptor = ::open(scratch.write("in", text).c_str(), O_RDONLY);
  import_reader reader(descriptor);
  read_result all;
  while (auto item = reader.next()) {
    if (item->is_link && item->error.ok())
      all.links.push_back(item->text);
    else
      all.items.push_back(std::move(*item));
  }
  ::close(descriptor);
  return all;
}

std::vector<std::string> texts(const read_result& all) {
  std::vector<std::string> out;
  for (const auto& item : all.items) out.push_back(item.error.ok() ? item.text : "!");
  return out;
}

using list = std::vector<std::string>;

}  // namespace

TEST_SUITE("cli.import_reader") {
  TEST_CASE("lines are records with their line and byte, blank lines are none") {
    const auto all = read_all("{\"title\":1}\n\n  \n{\"title\":2}\r\n{\"title\":3}");
    REQUIRE(texts(all) == list{"{\"title\":1}", "{\"title\":2}\r", "{\"title\":3}"});
    CHECK(all.items[0].line == 1);
    CHECK(all.items[1].line == 4);
    CHECK(all.items[1].offset == 16);
    CHECK(all.items[2].line == 5);
  }

  TEST_CASE("a file without records is empty") {
    CHECK(read_all("").items.empty());
    CHECK(read_all(" \n\n").items.empty());
    CHECK(read_all("\xEF\xBB\xBF").items.empty());
  }

  TEST_CASE("a line that is no JSON is one item, the next line another") {
    CHECK(texts(read_all("nonsense\n{\"id\":\"}")) == list{"nonsense", "{\"id\":\"}"});
    CHECK(texts(read_all("{\n{\"id\":1}")) == list{"{", "{\"id\":1}"});
    CHECK(texts(read_all("[1]\n2")) == list{"[1]", "2"});
  }

  TEST_CASE("an export object is cut into its memories and its links") {
    const auto all = read_all(
        "{\n \"memories\" : [\n {\"title\":\"a ]}\\\"\",\"tags\":[\"x\"]},\n {\"title\":\"b\"}],\n "
        "\"links\":[{\"x\":[1,2]},{}],"
        "\"count\":2, \"exported_at\":\"now\"}\n");
    CHECK(texts(all) == list{"{\"title\":\"a ]}\\\"\",\"tags\":[\"x\"]}", "{\"title\":\"b\"}"});
    CHECK(all.links == list{"{\"x\":[1,2]}", "{}"});
    REQUIRE(all.items.size() == 2);
    CHECK(all.items[1].line == 4);
  }

  TEST_CASE("the order of an export's keys does not matter") {
    const auto all = read_all("{\"count\":1,\"exported_at\":\"t\",\"links\":[],\"memories\":[{\"id\":\"1\"}]}");
    CHECK(texts(all) == list{"{\"id\":\"1\"}"});
    CHECK(all.links.empty());
    CHECK(read_all("{\"memories\":[]}").items.empty());
  }

  TEST_CASE("a line whose first key is source_id is a link") {
    const std::string link = "{\"source_id\":\"a\",\"target_id\":\"b\"}";
    const auto all = read_all("{\"id\":\"1\"}\n" + link + "\n{\"id\":\"2\",\"source_id\":\"x\"}\n");
    CHECK(all.links == list{link});
    CHECK(texts(all) == list{"{\"id\":\"1\"}", "{\"id\":\"2\",\"source_id\":\"x\"}"});
  }

  TEST_CASE("a record that holds the words of an export is still a record") {
    const std::string line = "{\"extra\":{\"memories\":[]},\"note\":\"memories\",\"id\":\"1\",\"count\":2}";
    CHECK(texts(read_all(line)) == list{line});
  }

  TEST_CASE("an export that breaks off gives its whole records and then one error with line and reason") {
    for (const std::string tail :
         {"", ",", ",{\"title\":\"b", "]", "],", "],\"links\":[{}", "] x", "]}x", "],\"k\" 1}"}) {
      CAPTURE(tail);
      const auto all = read_all("{\"memories\":[{\"title\":\"a\"}" + tail);
      REQUIRE(all.items.size() == 2);
      CHECK(all.items[0].text == "{\"title\":\"a\"}");
      CHECK(all.items[1].error.message().find("export is not valid JSON") != std::string::npos);
    }
  }

  TEST_CASE("a record longer than any valid one is an error, and the one behind it is read") {
    const std::string large(record_text_bytes_max, 'x');
    const auto lines = read_all("{\"title\":\"" + large + "\"}\n{\"title\":2}\n");
    CHECK(texts(lines) == list{"!", "{\"title\":2}"});
    const auto object = read_all("{\"memories\":[{\"title\":\"" + large + "\"},{\"title\":2}]}");
    CHECK(texts(object) == list{"!", "{\"title\":2}"});
  }

  TEST_CASE("a directory is a read error, not an empty file") {
    const int descriptor = ::open("/tmp", O_RDONLY);
    import_reader reader(descriptor);
    const auto item = reader.next();
    REQUIRE(item.has_value());
    CHECK(item->error.message().find("cannot read") != std::string::npos);
    CHECK_FALSE(reader.next().has_value());
    ::close(descriptor);
  }

  TEST_CASE("records of a pipe are handed on before the pipe is waited for") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    int waits = 0;
    // The second line is written only once the reader says that it is about to wait for it.
    import_reader reader(ends[0], [&] {
      if (++waits == 1)
        REQUIRE(::write(ends[1], "{\"title\":2}\n", 12) == 12);
      else if (waits == 2)
        ::close(ends[1]);
    });
    REQUIRE(::write(ends[1], "{\"title\":1}\n", 12) == 12);
    CHECK(reader.next()->text == "{\"title\":1}");
    CHECK(waits == 0);
    CHECK(reader.next()->text == "{\"title\":2}");
    CHECK_FALSE(reader.next().has_value());
    ::close(ends[0]);
  }
}
