#include "memory/webhook_url.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace quorate;
using namespace quorate::memory;

namespace {

bool taken(const std::string& url) {
  const auto answer = validate_webhook_url(url);
  if (!answer) CHECK(answer.field() == "url");
  return answer.ok();
}

}  // namespace

TEST_SUITE("memory.webhook_url") {
  TEST_CASE("https to a public name or address is taken") {
    for (const std::string url :
         {"https://example.com", "https://example.com/", "https://hooks.example.com:8443/a/b?c=d#e",
          "HTTPS://Example.COM/x", "https://example.com?x=1", "https://93.184.216.34/hook", "https://172.15.0.1",
          "https://172.32.0.1", "https://100.128.0.1", "https://192.169.0.1", "https://11.0.0.1",
          "https://223.255.255.255", "https://[2606:2800:220:1:248:1893:25c8:1946]/x", "https://[::ffff:93.184.216.34]",
          "https://[64:ff9b::5db8:d822]", "https://xn--bcher-kva.example", "https://a_b.example.com.",
          "https://1.example", "https://10.example.com"}) {
      CAPTURE(url);
      CHECK(taken(url));
    }
  }

  TEST_CASE("this machine is taken, also without TLS") {
    for (const std::string scheme : {"http://", "https://"}) {
      for (const std::string host :
           {"localhost", "LOCALHOST:8080", "app.localhost", "localhost.", "127.0.0.1", "127.255.0.9:1/x", "[::1]",
            "[::1]:65535/x", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"}) {
        CAPTURE(scheme + host);
        CHECK(taken(scheme + host));
      }
    }
  }

  TEST_CASE("without TLS nobody else is") {
    for (const std::string url : {"http://example.com", "http://93.184.216.34", "http://[2606:2800:220:1::1]",
                                  "http://localhost.example.com", "http://xlocalhost"}) {
      CAPTURE(url);
      CHECK_FALSE(taken(url));
    }
  }

  TEST_CASE("private, link-local, shared, multicast and reserved addresses are refused, however they are written") {
    for (const std::string host :
         {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "169.254.169.254",
          "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255",
          "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
          // other ways to write IPv4 addresses
          "2130706433", "3232235521", "0x7f.1", "0x7f000001", "127.1", "10.1", "0177.0.0.1", "192.168.257", "10.0.0.1.",
          "1.2.3.4.5", "256.1.1.1", "0x0a000001",
          // IPv6
          "[::]", "[::2]", "[fe80::1]", "[febf::1]", "[fec0::1]", "[fc00::1]", "[fdff::1]", "[ff02::1]",
          "[::ffff:10.0.0.1]", "[::ffff:192.168.0.1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
          "[::ffff:0.0.0.0]", "[::10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::10.0.0.1]", "[64:ff9b::7f00:1]",
          "[64:ff9b:1::1]", "[2002:0a00:0001::]", "[2002:7f00:1::]", "[2002:c0a8:1::1]", "[100::1]", "[4000::1]"}) {
      CAPTURE(host);
      CHECK_FALSE(taken("https://" + host + "/hook"));
      CHECK_FALSE(taken("https://" + host + ":8443"));
    }
  }

  TEST_CASE("what is no such URL is refused") {
    for (const std::string& url : {std::string(),
                                   std::string("example.com"),
                                   std::string("//example.com"),
                                   std::string("ftp://example.com"),
                                   std::string("file:///etc/passwd"),
                                   std::string("https:/example.com"),
                                   std::string("https://"),
                                   std::string("https:///x"),
                                   std::string("https://:443"),
                                   std::string("https://user@example.com"),
                                   std::string("https://user:secret@example.com"),
                                   std::string("https://example.com@10.0.0.1"),
                                   std::string("https://exa mple.com"),
                                   std::string("https://example.com/\n"),
                                   std::string("https://example.com/\t"),
                                   std::string("https://example.com\\@10.0.0.1"),
                                   std::string("https://ex\xc3\xa4mple.com"),
                                   std::string("https://example.com\0.x", 22),
                                   std::string("https://example..com"),
                                   std::string("https://.com"),
                                   std::string("https://exa%6dple.com"),
                                   std::string("https://example.com:"),
                                   std::string("https://example.com:0"),
                                   std::string("https://example.com:65536"),
                                   std::string("https://example.com:99999999999999999999"),
                                   std::string("https://example.com:80a"),
                                   std::string("https://[::1"),
                                   std::string("https://[::1]x"),
                                   std::string("https://[fe80::1%25eth0]"),
                                   std::string("https://[zz]"),
                                   std::string("https://[]"),
                                   "https://example.com/" + std::string(2'048, 'x'),
                                   "https://" + std::string(254, 'a')}) {
      CAPTURE(url);
      CHECK_FALSE(taken(url));
    }
  }
}
