#include "memory/words.hpp"

#include <doctest/doctest.h>

#include "memory/stem.hpp"

using namespace quorate::memory;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("memory.words") {
  TEST_CASE("words are runs of letters and digits, in lower case") {
    CHECK(words_of("Well-known: foo_bar, v1.2!") == texts{"well", "known", "foo", "bar", "v1", "2"});
    CHECK(words_of("").empty());
    CHECK(words_of(" \n\t.,;--").empty());
  }

  TEST_CASE("accents, forms of letters and invisible characters do not tell words apart") {
    CHECK(words_of("Café CAFE\u0301 Ångström") == texts{"cafe", "cafe", "angstrom"});
    CHECK(words_of("ΛΌΓΟΣ Привет") == texts{"λόγοσ", "привет"});
    CHECK(words_of("so\u00ADft zero\u200Bwidth") == texts{"soft", "zerowidth"});
    CHECK(words_of("ＡＢＣ１２") == texts{"abc12"});
  }

  TEST_CASE("ideographs stand alone, other scripts are parted by what parts them") {
    CHECK(words_of("東京 tower") == texts{"東", "京", "tower"});
    CHECK(words_of("one\u2014two“three”\U0001F600four") == texts{"one", "two", "three", "four"});
  }

  TEST_CASE("bytes that are not UTF-8 part words and hurt nobody") {
    CHECK(words_of("ab\xFF"
                   "cd\xC3")
          == texts{"ab", "cd"});
  }

  TEST_CASE("a long run is cut") {
    const auto words = words_of(std::string(10'000, 'a') + " b");
    REQUIRE(words.size() == 2);
    CHECK(words[0].size() == word_bytes_max);
  }

  TEST_CASE("a query has each word once and no operators") {
    CHECK(query_words("(red* OR \"Red\") and NEAR:blue-green near not") == texts{"red", "near", "blue", "green"});
    CHECK(query_words("AND or Not nEAR").empty());
    std::string many;
    for (int i = 0; i < 1'000; ++i) many += "w" + std::to_string(i) + " ";
    CHECK(query_words(many).size() == query_words_max);
  }

  TEST_CASE("stop words go unless nothing is left") {
    CHECK(without_stop_words({"what", "did", "caroline", "paint"}) == texts{"caroline", "paint"});
    CHECK(without_stop_words({"what", "was", "it"}) == texts{"what", "was", "it"});
    CHECK_FALSE(is_stop_word("may"));  // a month as well
  }

  TEST_CASE("forms of a word have one stem") {
    CHECK(stem_of("painting") == stem_of("painted"));
    CHECK(stem_of("families") == stem_of("family"));
    CHECK(stem_of("painting") != stem_of("pain"));
    CHECK(stem_of("cafés") == "cafés");
    CHECK(stem_of("v12") == "v12");
  }
}
