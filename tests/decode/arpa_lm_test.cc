#include "wav2vec/decode/arpa_lm.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

using Words = std::vector<std::string>;

ArpaModel model_of(const std::string& text) {
  const TemporaryFolder folder;
  write_file(folder.path() / "lm.arpa", text);
  return ArpaModel::read(folder.path() / "lm.arpa");
}

std::string message_of(const std::string& text) {
  try {
    model_of(text);
  } catch (const DataError& error) {
    const std::string message = error.what();
    return message.substr(message.find("lm.arpa"));
  }
  return "";
}

const std::string kTrigram = R"(made by hand

\data\
ngram 1=5
ngram 2=3
ngram 3=1

\1-grams:
-1.5	<unk>
-99	<s>	-0.5
-0.9	</s>
-0.6	the	-0.3
-0.8	cat	-0.2

\2-grams:
-0.2	<s> the	-0.1
-0.4	the cat	-0.25
-0.35	cat </s>

\3-grams:
-0.05	<s> the cat

\end\
)";

TEST_CASE("arpa: numbers by hand") {
  const ArpaModel model = model_of(kTrigram);
  CHECK(model.order() == 3);
  CHECK(model.knows("cat"));
  CHECK_FALSE(model.knows("dog"));
  // P(the|<s>) P(cat|<s> the) P(</s>|the cat) with the back-off of "the cat".
  CHECK(model.score_sentence({"the", "cat"}) == doctest::Approx(-0.2 - 0.05 + (-0.25 - 0.35)));
  // cat after <s>: back-off of <s>; cat cat: no bigram, and "<s> cat" was never seen.
  CHECK(model.score_sentence({"cat", "cat"}) == doctest::Approx((-0.5 - 0.8) + (-0.2 - 0.8) + -0.35));
  CHECK(model.score_sentence({}) == doctest::Approx(-0.5 - 0.9));
  // An unknown word is <unk> and has no longer n-grams behind it.
  CHECK(model.score_sentence({"the", "dog", "cat"}) ==
        doctest::Approx(-0.2 + (-0.1 - 0.3 - 1.5) + -0.8 + -0.35));
  ArpaModel::State state = model.begin();
  model.score(state, "the");
  CHECK(model.score(state, "cat") == doctest::Approx(-0.05));
  CHECK(model.score(state, "the") == doctest::Approx(-0.25 - 0.2 - 0.6));
}

// ---- against the definition ---------------------------------------------------------------------------

using Table = std::map<Words, std::pair<double, double>>;

/// P(word | context) as the ARPA format defines it.
double defined(const Table& table, Words context, const std::string& word, size_t order) {
  if (context.size() > order - 1)
    context.erase(context.begin(), context.end() - static_cast<long>(order - 1));
  Words whole = context;
  whole.push_back(word);
  if (const auto at = table.find(whole); at != table.end()) return at->second.first;
  const auto seen = table.find(context);
  const double backoff = seen == table.end() ? 0.0 : seen->second.second;
  return backoff + defined(table, Words(context.begin() + 1, context.end()), word, order);
}

/// Every n-gram below the highest order has its beginning in the table.
Table random_table(size_t order, const Words& vocabulary, uint64_t seed) {
  const RandomStream random(seed, RandomUse::shuffle, {});
  uint64_t draws = 0;
  const auto number = [&] { return -std::floor(random.uniform(draws++) * 300.0) / 100.0; };
  Table table;
  std::vector<Words> grown{{}};
  for (size_t n = 1; n <= order; ++n) {
    std::vector<Words> longer;
    for (const Words& beginning : grown) {
      for (const std::string& word : vocabulary) {
        if (n > 1 && random.uniform(draws++) > 0.4) continue;
        Words ngram = beginning;
        ngram.push_back(word);
        table[ngram] = {number(), n < order ? number() / 3.0 + 0.2 : 0.0};
        longer.push_back(ngram);
      }
    }
    grown = longer;
  }
  return table;
}

std::string arpa_text(const Table& table, size_t order) {
  std::string head = "\\data\\\n";
  std::string sections;
  for (size_t n = 1; n <= order; ++n) {
    int64_t count = 0;
    sections += fmt::format("\n\\{}-grams:\n", n);
    for (const auto& [words, numbers] : table) {
      if (words.size() != n) continue;
      ++count;
      sections += fmt::format("{}\t", numbers.first);
      for (size_t i = 0; i < n; ++i) sections += (i > 0 ? " " : "") + words[i];
      sections += n < order ? fmt::format("\t{}\n", numbers.second) : "\n";
    }
    head += fmt::format("ngram {}={}\n", n, count);
  }
  return head + sections + "\n\\end\\\n";
}

TEST_CASE("arpa: orders 1 to 7 by direct definition") {
  const Words vocabulary{"<s>", "</s>", "<unk>", "a", "b"};
  for (size_t order = 1; order <= 7; ++order) {
    CAPTURE(order);
    const Table table = random_table(order, vocabulary, order);
    const ArpaModel model = model_of(arpa_text(table, order));
    const RandomStream random(99, RandomUse::shuffle, {order});
    for (uint64_t sentence = 0; sentence < 20; ++sentence) {
      ArpaModel::State state = model.begin();
      Words context{"<s>"};
      for (uint64_t i = 0; i < 12; ++i) {
        const std::string& word = vocabulary[2 + random.below(sentence * 12 + i, 3)];
        CHECK(model.score(state, word) ==
              doctest::Approx(defined(table, context, word, order)).epsilon(1e-5));
        context.push_back(word);
      }
      CHECK(model.score_end(state) == doctest::Approx(defined(table, context, "</s>", order)).epsilon(1e-5));
    }
  }
}

TEST_CASE("arpa: models without <unk>, <s> or </s>") {
  const ArpaModel model = model_of(
      "\\data\\\nngram 1=2\nngram 2=1\n\\1-grams:\n-0.3 a -0.1\n-0.4 b\n\\2-grams:\n-0.2 a b\n\\end\\");
  CHECK(model.begin() == ArpaModel::State{});
  CHECK(model.score_sentence({"a", "b"}) == doctest::Approx(-0.5));
  ArpaModel::State state = model.begin();
  model.score(state, "a");
  CHECK(model.score(state, "c") == doctest::Approx(-99.0));
  CHECK(state == ArpaModel::State{});
  CHECK(model_of("\\data\\\nngram 1=1\n\\1-grams:\n-0.7 <UNK>\n\\end\\\n").score(state, "x") ==
        doctest::Approx(-0.7));
}

TEST_CASE("arpa: an n-gram whose beginning is missing is still found") {
  // As entropy pruning leaves them.
  const ArpaModel model = model_of(
      "\\data\\\nngram 1=2\nngram 2=0\nngram 3=1\n\\1-grams:\n-0.3 a -0.1\n-0.4 b -0.2\n\\2-grams:\n"
      "\\3-grams:\n-0.15 a b a\n\\end\\\n");
  ArpaModel::State state = model.begin();
  CHECK(model.score(state, "a") == doctest::Approx(-0.3));
  CHECK(model.score(state, "b") == doctest::Approx(-0.1 - 0.4));
  CHECK(model.score(state, "a") == doctest::Approx(-0.15));
}

TEST_CASE("arpa: what is wrong is said with file and line") {
  const auto broken = [](const std::string& from, const std::string& to) {
    std::string text = kTrigram;
    REQUIRE(text.find(from) != std::string::npos);
    return message_of(text.replace(text.find(from), from.size(), to));
  };
  CHECK(broken("\\data\\", "data").find("is this an ARPA language model?") != std::string::npos);
  CHECK(broken("ngram 2=3", "ngram 2=4").starts_with("lm.arpa:20: 3 2-grams end here"));
  CHECK(broken("ngram 2=3", "ngram 3=3").starts_with("lm.arpa:5: order 3 here"));
  CHECK(broken("ngram 2=3", "ngram 2=99999999999999999999").starts_with("lm.arpa:5: expected"));
  CHECK(broken("\\2-grams:", "\\4-grams:").starts_with("lm.arpa:15: expected \\2-grams:"));
  CHECK(broken("the cat\t", "the dog\t").starts_with("lm.arpa:17: \"dog\" is no unigram"));
  CHECK(broken("-0.4\tthe cat", "-0.2\t<s> the").starts_with("lm.arpa:17: this n-gram"));
  CHECK(broken("-0.6\tthe", "0.6\tthe").starts_with("lm.arpa:12: expected the log10"));
  CHECK(broken("-0.6\tthe", "nan\tthe").starts_with("lm.arpa:12: expected the log10"));
  CHECK(broken("the cat\n", "the\n").starts_with("lm.arpa:21: expected 3 words"));
  CHECK(broken("the\t-0.3", "the\t-0.3 1").starts_with("lm.arpa:12: expected a back-off"));
  CHECK(broken("\\end\\", "").find("the file ends here") != std::string::npos);
  CHECK(broken("the\t-0.3", "the\t\x1b").find('\x1b') == std::string::npos);
  std::string orders = "\\data\\\n";
  for (int n = 1; n <= 8; ++n) orders += fmt::format("ngram {}=1\n", n);
  CHECK(message_of(orders).starts_with("lm.arpa:9: order 8 here"));
  CHECK(message_of("").starts_with("lm.arpa:0: "));
}

}  // namespace
}  // namespace wav2vec
