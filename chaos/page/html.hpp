// Text that is HTML, as a type of its own: a string becomes one only by being escaped, so that nothing an artefact says
// can turn into a tag, an attribute or a script.
//
// Values; any thread; nothing here fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quorate::page {

class markup {
 public:
  markup() = default;

  markup& operator+=(const markup& more) {
    html_ += more.html_;
    return *this;
  }
  friend markup operator+(markup left, const markup& right) { return left += right; }

  bool empty() const { return html_.empty(); }
  const std::string& html() const { return html_; }

 private:
  friend markup text(std::string_view plain);
  friend markup operator""_html(const char* literal, std::size_t size);
  friend class tag_writer;
  std::string html_;
};

/// Escaped for content and quoted attributes alike; control characters, which HTML has no place for, become U+FFFD.
markup text(std::string_view plain);
/// HTML written by us; only a literal can be it.
markup operator""_html(const char* literal, std::size_t size);

struct attribute {
  std::string_view name;
  std::string value;
};
using attributes = std::vector<attribute>;

markup element(std::string_view name, const markup& content);
markup element(std::string_view name, const attributes& with, const markup& content);
/// An element of SVG without content, or a void one of HTML.
markup lone(std::string_view name, const attributes& with);

/// A link to a file beside the page, whatever its name holds.
markup file_link(std::string_view path, const markup& content);
/// A link for http and https; other addresses could run something, and stay text.
markup web_link(const std::string& address, const markup& content);
/// "a b/c" -> "a%20b/c"
std::string percent_encoded(std::string_view path);

struct cell {
  cell(markup with) : content(std::move(with)) {}
  cell(markup with, std::string css) : content(std::move(with)), css_class(std::move(css)) {}
  markup content;
  std::string css_class;
};
struct row {
  std::vector<cell> cells;
  std::string css_class;
};
/// In a box of its own that scrolls when the table is wider; `name` is read to those who do not see it.
markup table(const std::string& name, const std::vector<std::string>& head, const std::vector<row>& rows);

/// A verdict in words and colour. `kind` is one of "pass", "fail", "other".
markup badge(const std::string& kind, const std::string& word);
/// Closed until asked for.
markup details(const markup& summary, const markup& content);
/// Text of several lines: an empty line begins a paragraph.
markup paragraphs(const std::string& plain);

}  // namespace quorate::page
