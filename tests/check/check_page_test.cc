#include "wav2vec/check/check_page.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "support/check_report.h"

using namespace wav2vec;
using nlohmann::json;

namespace {

size_t count(std::string_view text, std::string_view part) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++n;
  return n;
}

/// What the page's script will parse.
json data_of(const std::string& page, const std::string& id) {
  const std::string open = "<script type=\"application/json\" id=\"" + id + "\">";
  const size_t begin = page.find(open) + open.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

/// From the name of a table of the page's script to its end.
std::string table_of(const std::string& page, const std::string& name) {
  const size_t begin = page.find("const " + name + " = {");
  REQUIRE(begin != std::string::npos);
  return page.substr(begin, page.find("\n};", begin) - begin);
}

}  // namespace

TEST_CASE("page: it carries the JSON report and what it plays") {
  const CheckReport report = test::check_report(12);
  const std::vector<float> powers{0.0F, 1.0F, 0.1F};
  const std::string page = check_page(report, {.media_address = "../film.mkv",
                                               .retime_command = "wav2vec retime a b -o c",
                                               .powers = powers,
                                               .hop_seconds = 0.01});
  CHECK(count(page, "<title>film.srt") == 1);
  CHECK(count(page, "{{") == 0);
  CHECK(data_of(page, "report") == json::parse(check_json(report)));
  const json extras = data_of(page, "extras");
  CHECK(extras["media"] == "../film.mkv");
  CHECK(extras["command"] == "wav2vec retime a b -o c");
  CHECK(extras["bin_s"] == 0.01);
  CHECK(extras["levels"] == "A_1");
}

TEST_CASE("page: every state, band and reason has its words") {
  const std::string page = check_page(test::check_report(1), {});
  const auto has_all = [&](const char* table, const auto& names) {
    const std::string words = table_of(page, table);
    for (const std::string_view name : names)
      CHECK_MESSAGE(count(words, "\n  " + std::string(name) + ": {") == 1, table, " lacks ",
                    std::string(name));
  };
  has_all("STATES", kFileStateNames);
  has_all("BANDS", kCueBandNames);
  has_all("REASONS", kCueReasonNames);
}

TEST_CASE("page: it loads nothing but media") {
  const std::string page = check_page(test::check_report(1), {});
  CHECK(count(page, "default-src 'none'") == 1);
  for (const char* loads : {"src=\"", "href", "url(", "@import", "fetch(", "XMLHttpRequest", "WebSocket",
                            "innerHTML", "insertAdjacent", "document.write", "eval("})
    CHECK_MESSAGE(count(page, loads) == 0, loads);
  CHECK(count(page, "http") == count(page, "http-equiv"));
}

TEST_CASE("page: hostile text stays text") {
  const std::string& hostile = test::kHostileText;
  CheckReport report = test::check_report(4, hostile);
  report.media = report.subtitle = report.model = report.encoding = hostile;
  report.ids[0] = hostile;
  report.warnings[0].message = report.warnings[0].code = hostile;
  const std::string clean = check_page(test::check_report(4), {});
  const std::string page = check_page(report, {.media_address = hostile, .retime_command = hostile});
  for (const char* markup : {"<script", "</script", "<!--", "<img", "<svg", "</title", "<"})
    CHECK_MESSAGE(count(page, markup) == count(clean, markup), markup);
  CHECK(count(page, "\xE2\x80\xA8") == 0);
  CHECK(data_of(page, "report")["cues"][1]["text"] == hostile + " 1");
  CHECK(data_of(page, "extras")["command"] == hostile);
}

TEST_CASE("page: bytes that are no text do not spoil it") {
  CheckReport report = test::check_report(2, "caf\xE9");
  report.subtitle = "\xFF\x1b[31m.srt";
  const std::string page = check_page(report, {});
  CHECK(count(page, "\xFF") + count(page, "\xE9") + count(page, "\x1b") == 0);
  CHECK(data_of(page, "report")["cues"][0]["text"] == "caf\xEF\xBF\xBD 0");
}

TEST_CASE("loudness picture: a decibel a letter, below the loudest") {
  const std::vector<float> powers{1e-4F, 0.01F, 1e-5F, 0.0F, 1e-9F};
  const LoudnessPicture picture = loudness_picture(powers, 0.01, 5);
  CHECK(picture.piece_seconds == 0.01);
  // -20, 0, -30, silent, -70 dB.
  CHECK(picture.levels == "r_hAA");
  CHECK(loudness_picture({}, 0.01, 5).levels.empty());
  CHECK(loudness_picture(std::vector<float>(3, 0.0F), 0.01, 5).levels == "AAA");
}

TEST_CASE("loudness picture: long recordings have longer pieces, which keep what is loud") {
  std::vector<float> powers(10 * 3600 * 100, 1e-6F);
  powers[1'234'567] = 1.0F;
  const LoudnessPicture picture = loudness_picture(powers, 0.01, 150'000);
  CHECK(picture.levels.size() <= 150'000);
  CHECK(picture.piece_seconds == doctest::Approx(0.24));
  CHECK(picture.levels.find('_') == 1'234'567 / 24);
  CHECK(count(picture.levels, "_") == 1);
  // The rest of the last piece counts, too.
  CHECK(loudness_picture(std::vector<float>{1.0F, 1.0F, 1.0F}, 0.01, 2).levels == "__");
}

TEST_CASE("addresses lead from the page to the recording, whatever their names are") {
  CHECK(relative_address("film.mkv", "film.html") == "film.mkv");
  CHECK(relative_address("/a/media/film.mkv", "/a/reports/today/x.html") == "../../media/film.mkv");
  CHECK(relative_address("a/./b/../film.mkv", "out/x.html") == "../a/film.mkv");
  CHECK(relative_address("/a/x.wav", "/a/b/../x.html") == "x.wav");
  // No name becomes another scheme, host, query or anchor.
  CHECK(relative_address("http://there/x", "x.html") == "http%3A/there/x");
  CHECK(relative_address("a b?c#d%e\"é.wav", "x.html") == "a%20b%3Fc%23d%25e%22%C3%A9.wav");
  CHECK(relative_address("film.mkv", "-") == "film.mkv");
}
