#include <doctest/doctest.h>

#include "chaos/page/figures.hpp"
#include "chaos/page/html.hpp"

using namespace quorate::page;

TEST_CASE("text becomes HTML by being escaped") {
  CHECK(text("<a href=\"x\" class='y'>&</a>").html()
        == "&lt;a href=&quot;x&quot; class=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
  CHECK(text(std::string_view("a\0b\x1b", 4)).html() == "a\xef\xbf\xbd"
                                                         "b\xef\xbf\xbd");
  CHECK(text("two\nlines\tü").html() == "two\nlines\tü");
}

TEST_CASE("an attribute cannot end early") {
  CHECK(element("p", {{"title", "\"><script>"}}, text("<b>")).html()
        == "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt;</p>");
}

TEST_CASE("only addresses of the web become links, file names never become addresses") {
  CHECK(web_link("javascript:alert(1)", text("x")).html() == "x");
  CHECK(web_link(" https://example.org", text("x")).html() == "x");
  CHECK(web_link("https://example.org/\"a", text("x")).html()
        == "<a href=\"https://example.org/&quot;a\" rel=\"noreferrer\">x</a>");
  CHECK(file_link("javascript:alert(1).json", text("x")).html() == "<a href=\"javascript%3Aalert%281%29.json\">x</a>");
  CHECK(percent_encoded("a b/ü?#") == "a%20b/%C3%BC%3F%23");
}

TEST_CASE("what is not known is a dash, and nothing is rounded to 1") {
  CHECK(figure(std::nullopt) == "–");
  CHECK(figure(1'234'567.0) == "1,234,567");
  CHECK(figure(-1'234.0) == "−1,234");
  CHECK(figure(0.0) == "0");
  CHECK(figure(0.7) == "0.7");
  CHECK(exact(0.999) == "0.999");
  CHECK(exact(0.9999999) != "1");
  CHECK(exact(1.0) == "1");
  CHECK(milliseconds_text(0.72) == "0.7 ms");
  CHECK(milliseconds_text(84.4) == "84 ms");
  CHECK(milliseconds_text(1'500.0) == "1.50 s");
  CHECK(seconds_text(75.0) == "1 min 15 s");
  CHECK(seconds_text(7'290.0) == "2 h 1 min");
  CHECK(seconds_text(119.6) == "2 min 0 s");
  CHECK(bytes_text(8'589'934'592.0) == "8.0 GiB");
}
