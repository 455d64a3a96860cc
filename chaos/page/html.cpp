#include "chaos/page/html.hpp"

namespace quorate::page {

/// The one place where names and attributes become text.
class tag_writer {
 public:
  static markup open(std::string_view name, const attributes& with, std::string_view end) {
    markup tag;
    tag.html_.append("<").append(name);
    for (const auto& one : with)
      tag.html_.append(" ").append(one.name).append("=\"").append(text(one.value).html()).append("\"");
    tag.html_.append(end);
    return tag;
  }
  static void close(markup& tag, std::string_view name) { tag.html_.append("</").append(name).append(">"); }
};

markup text(std::string_view plain) {
  markup escaped;
  auto& to = escaped.html_;
  to.reserve(plain.size());
  for (const char c : plain) {
    switch (c) {
      case '&': to += "&amp;"; break;
      case '<': to += "&lt;"; break;
      case '>': to += "&gt;"; break;
      case '"': to += "&quot;"; break;
      case '\'': to += "&#39;"; break;
      case '\n':
      case '\t': to += c; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          to += "\xef\xbf\xbd";
        else
          to += c;
    }
  }
  return escaped;
}

markup operator""_html(const char* literal, std::size_t size) {
  markup given;
  given.html_.assign(literal, size);
  return given;
}

markup element(std::string_view name, const markup& content) { return element(name, {}, content); }

markup element(std::string_view name, const attributes& with, const markup& content) {
  auto whole = tag_writer::open(name, with, ">");
  whole += content;
  tag_writer::close(whole, name);
  return whole;
}

markup lone(std::string_view name, const attributes& with) { return tag_writer::open(name, with, "/>"); }

std::string percent_encoded(std::string_view path) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  static constexpr std::string_view kept = "-._~/";
  std::string encoded;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z')
        || kept.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 15];
    }
  }
  return encoded;
}

markup file_link(std::string_view path, const markup& content) {
  return element("a", {{"href", percent_encoded(path)}}, content);
}

markup web_link(const std::string& address, const markup& content) {
  if (!address.starts_with("https://") && !address.starts_with("http://")) return content;
  return element("a", {{"href", address}, {"rel", "noreferrer"}}, content);
}

markup table(const std::string& name, const std::vector<std::string>& head, const std::vector<row>& rows) {
  markup head_row;
  for (const auto& word : head) head_row += element("th", {{"scope", "col"}}, text(word));
  markup body;
  for (const auto& line : rows) {
    // End tags of cells and rows may be left out; a page has some ten thousand of them.
    body += "\n<tr"_html;
    if (!line.css_class.empty()) body += " class=\""_html + text(line.css_class) + "\""_html;
    body += ">"_html;
    for (const auto& one : line.cells) {
      body += one.css_class.empty() ? "<td>"_html : "<td class=\""_html + text(one.css_class) + "\">"_html;
      body += one.content;
    }
  }
  return element("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", name}},
                 element("table", element("thead", element("tr", head_row)) + element("tbody", body)));
}

markup badge(const std::string& kind, const std::string& word) {
  return element("span", {{"class", "badge " + kind}}, text(word));
}

markup details(const markup& summary, const markup& content) {
  return element("details", element("summary", summary) + content);
}

markup paragraphs(const std::string& plain) {
  markup all;
  std::size_t from = 0;
  while (from < plain.size()) {
    const auto end = std::min(plain.find("\n\n", from), plain.size());
    if (end > from) all += element("p", text(std::string_view(plain).substr(from, end - from)));
    from = end + 2;
  }
  return all;
}

}  // namespace quorate::page
