#include "wav2vec/probe/probe_report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

using nlohmann::json;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr uint64_t kPlenty = uint64_t{1} << 24;
/// Everything that could open or close markup somewhere.
constexpr const char* kHostile =
    "</title></script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> {{DATA}} {{ | ` * [a](b) \" "
    "' & "
    "\xE2\x80\xA8 \xE2\x80\xAE \xFF \x1b[31m\n# b";

ProbeCell cell(const std::string& input, double minutes, Interval rate, Interval reduction) {
  return {.input = input,
          .label_minutes = minutes,
          .used_minutes = minutes == 0.0 ? 62.34 : minutes * 1.01,
          .dimensions = 512,
          .learning_rate = 1e-3,
          .dev_error = rate.value,
          .scores = {{.rate = rate,
                      .seeds = {rate.value, rate.value + 0.01},
                      .against_baseline = {{-0.1, -0.15, -0.05}, reduction, 0.75}}}};
}

ProbeCell baseline_cell(double minutes) { return cell("logmel[-20,0]", minutes, {0.4, 0.35, 0.45}, {}); }

ProbeCell learned_cell(double minutes, Interval reduction) {
  return cell("c", minutes, {0.3, 0.25, 0.35}, reduction);
}

ProbeResults results_of(const std::vector<ProbeCell>& cells) {
  ProbeResults results;
  results.task = "phone_ctc";
  results.head = "linear";
  results.baseline = "logmel[-20,0]";
  results.measures = {"PER"};
  results.cells = cells;
  return results;
}

size_t count(std::string_view text, std::string_view part) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++n;
  return n;
}

bool has(std::string_view text, std::string_view part) { return count(text, part) > 0; }

/// The paragraph below the heading.
std::string verdict_of(const ProbeResults& results) {
  const std::string text = probe_markdown(results);
  const size_t begin = text.find("\n\n") + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string page_of(const ProbeResults& results) {
  const TemporaryFolder folder;
  write_probe_report(folder.path(), results);
  return read_file(folder.path() / "report.html", kPlenty);
}

/// What the page's script will parse.
json data_of(const std::string& page) {
  const std::string_view open = "<script type=\"application/json\" id=\"data\">";
  const size_t begin = page.find(open) + open.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

TEST_CASE("report: a row for every input and amount of labels, in percent") {
  ProbeResults results =
      results_of({baseline_cell(10), baseline_cell(0), learned_cell(10, {0.25, 0.051, 0.4}),
                  learned_cell(0, {-0.031, -0.1, 0.02})});
  results.measures = {"CER", "WER"};
  results.cells[2].scores[0].rate = {0.2344, 0.21, 0.2588};
  for (ProbeCell& c : results.cells) {
    c.scores.push_back(c.scores[0]);
    c.scores[1].rate = {1.125, 0.9996, 1.25};
  }
  const std::string text = probe_markdown(results);
  CHECK(text.starts_with("# wav2vec probe: phone_ctc\n\nLearned features "));
  CHECK(has(text,
            "| input | labels | dims | CER | vs baseline | WER |\n"
            "| :-- | --: | --: | --: | --: | --: |\n"
            "| logmel[-20,0] | 10.1 min | 512 | 40.0 % (35.0–45.0) | baseline | 112.5 % (100.0–125.0) |\n"
            "| logmel[-20,0] | all (62.3 min) | 512 | 40.0 % (35.0–45.0) | baseline | "
            "112.5 % (100.0–125.0) |\n"
            "| c | 10.1 min | 512 | 23.4 % (21.0–25.9) | 25.0 % (5.1 to 40.0) | "
            "112.5 % (100.0–125.0) |\n"
            "| c | all (62.3 min) | 512 | 30.0 % (25.0–35.0) | −3.1 % (−10.0 to 2.0) | "
            "112.5 % (100.0–125.0) |\n"));
}

TEST_CASE("report: amounts of labels as a person says them, as asked for where lengths are unknown") {
  const auto labels = [](double asked, double used) {
    ProbeCell c = baseline_cell(asked);
    c.used_minutes = used;
    const std::string text = probe_markdown(results_of({c}));
    const size_t begin = text.find("| logmel[-20,0] | ") + 18;
    return text.substr(begin, text.find(" |", begin) - begin);
  };
  CHECK(labels(0.5, 0.612) == "37 s");
  CHECK(labels(1, 1.013) == "1 min");
  CHECK(labels(2.5, 2.53) == "2.5 min");
  CHECK(labels(60, 61.26) == "61.3 min");
  CHECK(labels(120, 121) == "2.0 h");
  CHECK(labels(0, 60000) == "all (1000.0 h)");
  CHECK(labels(10, 0) == "10 min");
  CHECK(labels(0, kUnknown) == "all");
}

TEST_CASE("report: the verdict for one amount of labels") {
  const auto verdict = [](Interval reduction) {
    return verdict_of(results_of({baseline_cell(10), learned_cell(10, reduction)}));
  };
  CHECK(verdict({0.234, 0.18, 0.286}) ==
        "Learned features beat the baseline logmel[-20,0] in PER: with 10.1 min of labels, c makes 23.4 % "
        "fewer "
        "errors (95 % interval 18.0 to 28.6 %).");
  CHECK(verdict({-0.08, -0.15, -0.02}) ==
        "Learned features do worse than the baseline logmel[-20,0] in PER: with 10.1 min of labels, c makes "
        "8.0 % "
        "more errors (95 % interval 2.0 to 15.0 %).");
  CHECK(verdict({0.01, -0.04, 0.05}) ==
        "Learned features are not shown to differ from the baseline logmel[-20,0] in PER: with 10.1 min of "
        "labels, c makes 1.0 % fewer errors, but the 95 % interval (−4.0 to 5.0 %) includes zero.");
  CHECK(verdict({-0.01, -0.04, 0.05})
            .ends_with("c makes 1.0 % more errors, but the 95 % interval (−5.0 to 4.0 %) includes zero."));
  CHECK(verdict({-0.0001, -0.04, 0.05})
            .ends_with("c makes as many errors, but the 95 % interval (−5.0 to 4.0 %) includes zero."));
  CHECK(has(probe_markdown(results_of({baseline_cell(10), learned_cell(10, {-0.0001, -0.04, 0.05})})),
            "| 0.0 % (−4.0 to 5.0) |"));
  CHECK(verdict({0.12, kUnknown, kUnknown}) ==
        "Learned features are not shown to differ from the baseline logmel[-20,0] in PER: with 10.1 min of "
        "labels, c makes 12.0 % fewer errors (no interval: that takes two test speakers).");
  CHECK(verdict({kUnknown, kUnknown, kUnknown})
            .ends_with("c cannot be compared in %, as the baseline makes no errors."));
}

TEST_CASE("report: the verdict over several amounts of labels goes from the least to all") {
  const Interval better{0.2, 0.1, 0.3};
  const Interval worse{-0.2, -0.3, -0.1};
  const Interval open{0.01, -0.05, 0.06};
  const auto verdict = [](Interval first, Interval second, Interval all) {
    return verdict_of(results_of({baseline_cell(0), baseline_cell(1), baseline_cell(10), learned_cell(0, all),
                                  learned_cell(1, first), learned_cell(10, second)}));
  };
  CHECK(
      verdict(better, open, worse) ==
      "Learned features beat the baseline logmel[-20,0] in PER with 1 of 3 amounts of labels: with 1 min of "
      "labels, c makes 20.0 % fewer errors (95 % interval 10.0 to 30.0 %); with 10.1 min of labels, c makes "
      "1.0 % fewer errors, but the 95 % interval (−5.0 to 6.0 %) includes zero; with all labels (62.3 min), "
      "c "
      "makes 20.0 % more errors (95 % interval 10.0 to 30.0 %).");
  CHECK(verdict(better, better, better)
            .starts_with(
                "Learned features beat the baseline logmel[-20,0] in PER with every amount of labels: "));
  CHECK(verdict(worse, worse, worse)
            .starts_with("Learned features do worse than the baseline logmel[-20,0] in "
                         "PER with every amount of labels: "));
  CHECK(
      verdict(worse, open, open)
          .starts_with("Learned features beat the baseline logmel[-20,0] in PER with no amount of labels: "));
  CHECK(verdict(open, open, open)
            .starts_with(
                "Learned features are not shown to differ from the baseline logmel[-20,0] in PER with any "
                "amount of labels: "));
}

TEST_CASE("report: the learned input that did best on dev speaks for all") {
  ProbeResults results = results_of({baseline_cell(0), learned_cell(0, {0.5, 0.4, 0.6})});
  const std::string how = "fewest errors on dev";
  CHECK_FALSE(has(probe_markdown(results), how));
  results.cells.push_back(cell("mix(z,c)", 0, {0.35, 0.3, 0.4}, {0.2, 0.1, 0.3}));
  results.cells.back().dev_error = 0.01;
  // Neither hand-made features nor those of an untrained network are learned.
  for (const char* other : {"random:c", "mfcc+2", "logmel"}) {
    results.cells.push_back(cell(other, 0, {0.1, 0.05, 0.15}, {0.9, 0.8, 0.95}));
    results.cells.back().dev_error = 0.001;
  }
  CHECK(has(verdict_of(results), "mix(z,c) makes 20.0 % fewer errors"));
  CHECK(has(probe_markdown(results), how));
  results.cells[1].dev_error = kUnknown;
  CHECK(has(verdict_of(results), "mix(z,c) makes 20.0 % fewer errors"));
  results.cells[1].dev_error = 0.3;
  results.cells[2].dev_error = kUnknown;
  CHECK(has(verdict_of(results), ", c makes 50.0 % fewer errors"));
}

TEST_CASE("report: nothing is compared with a baseline that is not there") {
  ProbeResults results =
      results_of({baseline_cell(1), learned_cell(1, {0.2, 0.1, 0.3}), learned_cell(10, {0.2, 0.1, 0.3})});
  CHECK(
      verdict_of(results).starts_with("Learned features beat the baseline logmel[-20,0] in PER: with 1 min"));
  CHECK_FALSE(has(verdict_of(results), "10.1 min"));
  CHECK(has(probe_markdown(results), "| c | 10.1 min | 512 | 30.0 % (25.0–35.0) | – |\n"));
  CHECK(has(probe_markdown(results),
            "The baseline logmel[-20,0] was not measured with these labels: 10.1 min."));
  CHECK(json::parse(probe_json(results))["cells"][2]["scores"][0]["against_baseline"] == nullptr);
  results.cells.push_back(cell("c", 5, {0.3, 0.25, 0.35}, {0.2, 0.1, 0.3}));
  results.cells.push_back(baseline_cell(5));
  CHECK(has(verdict_of(results), " in PER with every amount of labels that could be compared: with 1 min"));
  results.cells.push_back(baseline_cell(10));
  CHECK_FALSE(has(probe_markdown(results), "was not measured"));

  CHECK(verdict_of(results_of({learned_cell(1, {})})) == "No comparison: the baseline was not measured.");
  CHECK(verdict_of(results_of({baseline_cell(1)})) ==
        "No comparison: no features of a trained model were measured.");
  CHECK(verdict_of(results_of({})) == "Nothing was measured.");
}

TEST_CASE("report: what the reader must know, in Markdown and on the page") {
  const auto told = [](const ProbeResults& results, const char* warning) {
    const json warnings = data_of(page_of(results))["warnings"];
    const bool on_page = std::any_of(warnings.begin(), warnings.end(),
                                     [&](const json& text) { return has(text.get<std::string>(), warning); });
    CHECK(on_page == has(probe_markdown(results), std::string("**Note:** ") + warning));
    return on_page;
  };
  const ProbeResults good = results_of({baseline_cell(10), learned_cell(10, {0.2, 0.1, 0.3})});
  CHECK_FALSE(has(probe_markdown(good), "**Note:**"));
  CHECK(data_of(page_of(good))["warnings"].empty());

  ProbeResults interrupted = good;
  interrupted.interrupted = true;
  CHECK(told(interrupted, "Interrupted after 2 results; the rest is missing."));
  CHECK(verdict_of(interrupted).starts_with("So far: learned features beat"));

  ProbeResults at_edge = good;
  at_edge.cells[1].rate_at_edge = true;
  CHECK(told(at_edge,
             "The lowest or highest learning rate that was tried did best; beyond it there may be fewer "
             "errors: c with 10.1 min of labels (0.001)."));
  at_edge.cells.assign(9, at_edge.cells[1]);
  CHECK(has(probe_markdown(at_edge), "(0.001); and 3 more."));

  ProbeResults one_seed = good;
  for (ProbeCell& c : one_seed.cells) c.scores[0].seeds.resize(1);
  CHECK(told(one_seed, "A single seed: "));

  ProbeResults one_speaker = good;
  for (ProbeCell& c : one_speaker.cells) c.scores[0].rate.low = c.scores[0].rate.high = kUnknown;
  CHECK(told(one_speaker, "No intervals: "));
  CHECK(has(probe_markdown(one_speaker), "| 40.0 % | baseline |"));

  ProbeResults failed = good;
  failed.failures = {"utt-1: no audio"};
  CHECK(told(failed, "1 utterance was left out"));
  CHECK(has(probe_markdown(failed), "\n    utt-1: no audio\n"));
}

TEST_CASE("report: JSON has every number, null for what is unknown, and text as it was") {
  ProbeResults results =
      results_of({baseline_cell(0), learned_cell(10, {}), learned_cell(0, {0.25, kUnknown, 0.4})});
  results.cells[2].rate_at_edge = true;
  results.cells[2].layer_weights = {0.25, 0.75};
  results.cells[2].scores[0].seeds = {0.3, kUnknown};
  results.cells[1].scores[0].rate = {kUnknown, kUnknown, std::numeric_limits<double>::infinity()};
  results.cells[1].dev_error = kUnknown;
  results.facts = {{"test", "2 speakers"}};
  results.failures = {"a\nb"};
  results.recipe_text = "[probe]\n";
  results.command_line = "wav2vec probe \xFF";
  const json parsed = json::parse(probe_json(results));
  CHECK(parsed["task"] == "phone_ctc");
  CHECK(parsed["head"] == "linear");
  CHECK(parsed["baseline"] == "logmel[-20,0]");
  CHECK(parsed["measures"] == json::array({"PER"}));
  CHECK(parsed["interrupted"] == false);
  CHECK(parsed["facts"] == json::parse(R"([["test", "2 speakers"]])"));
  CHECK(parsed["failures"] == json::array({"a\nb"}));
  CHECK(parsed["recipe"] == "[probe]\n");
  CHECK(parsed["command"] == "wav2vec probe \xEF\xBF\xBD");
  REQUIRE(parsed["cells"].size() == 3);
  CHECK(parsed["cells"][0]["kind"] == "hand-made");
  CHECK(parsed["cells"][0]["scores"][0]["against_baseline"] == nullptr);
  CHECK(parsed["cells"][1]["dev_error"] == nullptr);
  CHECK(parsed["cells"][1]["scores"][0]["rate"] ==
        json::parse(R"({"value": null, "low": null, "high": null})"));
  CHECK(parsed["cells"][2] == json::parse(R"({
    "input": "c", "kind": "learned", "label_minutes": 0.0, "used_minutes": 62.34, "dimensions": 512,
    "learning_rate": 0.001, "rate_at_edge": true, "dev_error": 0.3, "layer_weights": [0.25, 0.75],
    "scores": [{"rate": {"value": 0.3, "low": 0.25, "high": 0.35}, "seeds": [0.3, null],
                "against_baseline": {"difference": {"value": -0.1, "low": -0.15, "high": -0.05},
                                     "relative_reduction": {"value": 0.25, "low": null, "high": 0.4},
                                     "share_better": 0.75}}]})"));
}

TEST_CASE("report: the page says the verdict without its script, and carries the data for it") {
  const ProbeResults one = results_of({baseline_cell(0), learned_cell(0, {0.2, 0.1, 0.3})});
  const std::string page = page_of(one);
  CHECK(has(page, "<title>phone_ctc – wav2vec probe</title>"));
  CHECK(has(page, "<div class=\"verdict good\""));
  CHECK(has(page, "<p>" + verdict_of(one) + "</p>"));
  CHECK_FALSE(has(page, "{{"));
  json data = data_of(page);
  REQUIRE(data["budgets"].size() == 1);
  CHECK(data["budgets"][0]["used_minutes"] == 62.34);
  CHECK(data["budgets"][0]["text"] == "all (62.3 min)");
  CHECK(data["budgets"][0]["with"] == "with all labels (62.3 min)");
  data.erase("budgets");
  data.erase("warnings");
  CHECK(data == json::parse(probe_json(one)));

  const std::string several =
      page_of(results_of({baseline_cell(0), baseline_cell(1), learned_cell(0, {-0.2, -0.3, -0.1}),
                          learned_cell(1, {0.2, 0.1, 0.3})}));
  CHECK(has(several, "<div class=\"verdict unknown\""));
  CHECK(has(several,
            "<p>Learned features beat the baseline logmel[-20,0] in PER with 1 of 2 amounts of labels:</p>\n"
            "<ul>\n"
            "<li>with 1 min of labels, c makes 20.0 % fewer errors (95 % interval 10.0 to 30.0 %)</li>\n"
            "<li>with all labels (62.3 min), c makes 20.0 % more errors (95 % interval 10.0 to 30.0 %)</li>\n"
            "</ul>"));
  CHECK(data_of(several)["budgets"][0]["label_minutes"] == 1.0);
  CHECK(has(page_of(results_of({baseline_cell(0), learned_cell(0, {-0.2, -0.3, -0.1})})),
            "class=\"verdict bad\""));
}

TEST_CASE("report: the page loads nothing") {
  const std::string page = page_of(results_of({baseline_cell(0)}));
  CHECK(count(page, "default-src 'none'") == 1);
  for (const char* loads : {"src=\"", "href=\"", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML"})
    CHECK_MESSAGE(count(page, loads) == 0, loads);
  // The only address is the name space of SVG, which nobody fetches.
  CHECK(count(page, "http") - count(page, "http-equiv") == count(page, "http://www.w3.org/2000/svg"));
}

ProbeResults with_text(const std::string& text) {
  ProbeResults results =
      results_of({baseline_cell(0), baseline_cell(1), learned_cell(0, {0.2, 0.1, 0.3}), learned_cell(1, {})});
  for (ProbeCell& c : results.cells) {
    c.input = c.input == results.baseline ? "logmel" + text : text;
    c.rate_at_edge = true;
  }
  results.baseline = "logmel" + text;
  results.task = results.head = results.recipe_text = results.command_line = text;
  results.measures = {text};
  results.facts = {{text, text}};
  results.failures = {text};
  return results;
}

TEST_CASE("report: hostile text stays text on the page") {
  const std::string clean = page_of(with_text("x"));
  const std::string page = page_of(with_text(kHostile));
  for (const char* markup : {"<script", "</script", "<!--", "<img", "</title", "<"})
    CHECK_MESSAGE(count(page, markup) == count(clean, markup), markup);
  for (const char* raw : {"\xE2\x80\xA8", "\xE2\x80\xAE", "\xFF", "\x1b"}) CHECK(count(page, raw) == 0);
  const json data = data_of(page);
  CHECK(data["cells"][2]["input"].get<std::string>().starts_with("</title></script><script>alert(1)"));
  CHECK(data["failures"][0].get<std::string>().find("{{DATA}}") != std::string::npos);
}

TEST_CASE("report: hostile text stays text in Markdown") {
  const std::vector<std::string> lines = lines_of(probe_markdown(with_text(kHostile)));
  const std::vector<std::string> clean = lines_of(probe_markdown(with_text("x")));
  // The recipe, which comes last, keeps its lines; all else stays one line.
  CHECK(lines.size() == clean.size() + 1);
  for (const std::string& line : lines) {
    if (line.starts_with("    ")) continue;
    for (const char* markup : {"<", ">", "`", "|", "*", "](", "#", "&"}) {
      const std::string_view all = line;
      for (size_t at = all.find(markup); at != std::string_view::npos; at = all.find(markup, at + 1)) {
        const bool of_text = at > 0 && all[at - 1] == '\\';
        const bool of_table = *markup == '|' && line.starts_with("| ");
        const bool of_heading = *markup == '#' && line.find_first_not_of('#') > at;
        const bool of_note = line.starts_with("**Note:** ") && at < 9;
        CHECK_MESSAGE((of_text || of_table || of_heading || of_note || line == "|:--|:--|"), line);
      }
    }
  }
  const auto borders = [](const std::string& line) { return count(line, "|") - count(line, "\\|"); };
  for (size_t i = 0; i < clean.size(); ++i) {
    if (clean[i].starts_with("| ")) CHECK_MESSAGE(borders(lines[i]) == borders(clean[i]), lines[i]);
  }
  CHECK(has(probe_markdown(with_text("a_b _c_ [d] e\\f]")), "| a_b \\_c\\_ [d] e\\\\f] | "));
}

TEST_CASE("report: three files in a folder that is made") {
  const TemporaryFolder folder;
  const std::filesystem::path report = folder.path() / "runs" / "probe";
  const ProbeResults results = results_of({baseline_cell(0)});
  write_probe_report(report, results);
  CHECK(read_file(report / "report.md", kPlenty) == probe_markdown(results));
  CHECK(read_file(report / "report.json", kPlenty) == probe_json(results));
  CHECK(has(read_file(report / "report.html", kPlenty), "No comparison: no features of a trained model"));
}

}  // namespace
}  // namespace wav2vec
