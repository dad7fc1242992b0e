#include "wav2vec/train/run_report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;
using nlohmann::json;

namespace {

MetricsRecord loss_record(int64_t update, const char* split, double bits) {
  return {.update = update,
          .split = split,
          .values = {{"loss_bits", bits}, {"chance_bits", 11.0}, {"constant_prior_bits", 4.834}}};
}

std::vector<MetricsRecord> valid_curve(const std::vector<double>& losses) {
  std::vector<MetricsRecord> records;
  for (double bits : losses)
    records.push_back(loss_record(100 * static_cast<int64_t>(records.size() + 1), "valid", bits));
  return records;
}

size_t count(std::string_view text, std::string_view part) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++n;
  return n;
}

/// What the page's script will parse.
json data_of(const std::string& page) {
  const std::string_view open = "<script type=\"application/json\" id=\"data\">";
  const size_t begin = page.find(open) + open.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

}  // namespace

TEST_CASE("the verdict says in plain words whether the run learns") {
  using Tone = RunVerdict::Tone;
  const auto check = [](const std::vector<MetricsRecord>& records, Tone tone, const char* text) {
    const RunVerdict verdict = judge_run(records);
    CHECK(verdict.tone == tone);
    CHECK(verdict.text == text);
  };
  check({}, Tone::unknown, "Nothing measured yet");
  check(valid_curve({4.72, 4.16, 3.91}), Tone::good,
        "Learning: validation loss 3.91 bits, 0.92 below the constant-prior line; still falling");
  check(valid_curve({4.72, 3.912, 3.91}), Tone::good,
        "Learning: validation loss 3.91 bits, 0.92 below the constant-prior line; no longer falling");
  check(valid_curve({4.72, 3.8, 4.1}), Tone::good,
        "Learning: validation loss 4.10 bits, 0.73 below the constant-prior line; risen since its best, 3.80 "
        "at "
        "update 200");
  check(valid_curve({9.0}), Tone::unknown,
        "Too early to tell: validation loss 9.00 bits, not yet below the constant-prior line (4.83)");
  check(
      valid_curve({4.83, 4.83, 4.83}), Tone::bad,
      "Not learning: validation loss 4.83 bits, not below the constant-prior line (4.83); no longer falling");
  check(valid_curve({11.0, 11.0, 11.0}), Tone::bad,
        "Not learning: validation loss 11.00 bits, not below chance (11.00); no longer falling");
  check(valid_curve({4.0, std::nan("")}), Tone::bad,
        "Broken: the last validation loss is not a finite number");

  auto records = std::vector{loss_record(20, "train", 4.0)};
  records.push_back({.update = 20, .split = "alarm", .text = "gradient norm 0"});
  check(records, Tone::good,
        "Learning: training loss 4.00 bits, 0.83 below the constant-prior line; 1 alarm");
}

TEST_CASE("the page carries the curves, the facts and the alarms") {
  auto records = valid_curve({4.72, std::numeric_limits<double>::infinity(), 4.0});
  records[2].lists = {{"accuracy_per_step", {0.5, 0.25}}};
  records.push_back({.update = 250, .split = "alarm", .text = "effective rank 1.3"});
  const RunSummary summary{.title = "night run",
                           .recipe_text = "[optim]\n\tlearning_rate = 1e-3\n",
                           .command_line = "wav2vec pretrain --out 'my run'",
                           .facts = {{"parameters", "2,213,184"}},
                           .clip_norm = 10,
                           .max_updates = 400};
  const std::string page = render_run_report(summary, records);
  CHECK(count(page, "<title>night run") == 1);
  CHECK(count(page, "{{") == 0);
  const json data = data_of(page);
  CHECK(data["valid"]["update"] == json::array({100, 200, 300}));
  CHECK(data["valid"]["loss_bits"] == json::array({4.72, nullptr, 4.0}));
  CHECK(data["valid"]["accuracy_per_step/2"] == json::array({nullptr, nullptr, 0.25}));
  CHECK(data["train"]["update"].empty());
  CHECK(data["chance_bits"] == 11.0);
  CHECK(data["clip_norm"] == 10.0);
  CHECK(data["alarms"] == json::array({{{"update", 250}, {"text", "effective rank 1.3"}}}));
  CHECK(data["facts"] == json::array({json::array({"parameters", "2,213,184"})}));
  CHECK(data["recipe"] == "[optim]\n\\tlearning_rate = 1e-3\n");
  CHECK(data["command"] == summary.command_line);
}

TEST_CASE("the page loads nothing") {
  const std::string page = render_run_report({.title = "x"}, {});
  CHECK(count(page, "default-src 'none'") == 1);
  for (const char* loads : {"src=\"", "href", "url(h", "@import", "fetch(", "XMLHttpRequest", "innerHTML"})
    CHECK_MESSAGE(count(page, loads) == 0, loads);
  // The only address is the name space of SVG, which nobody fetches.
  CHECK(count(page, "http") - count(page, "http-equiv") == count(page, "http://www.w3.org/2000/svg"));
}

TEST_CASE("hostile text stays text") {
  const std::string hostile =
      "</title></script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> {{DATA}} \" ' & "
      "\xE2\x80\xA8 "
      "\xE2\x80\xAE \xFF \x1b[31m";
  auto records = valid_curve({4.0});
  records.push_back({.update = 1, .split = "alarm", .text = hostile});
  records[0].values.emplace_back(hostile, 1.0);
  const std::string clean = render_run_report({.title = "x"}, valid_curve({4.0}));
  const std::string page = render_run_report({.title = hostile,
                                              .recipe_text = hostile + "\n" + hostile,
                                              .command_line = hostile,
                                              .facts = {{hostile, hostile}}},
                                             records);
  for (const char* markup : {"<script", "</script", "<!--", "<img", "</title", "<"})
    CHECK_MESSAGE(count(page, markup) == count(clean, markup), markup);
  for (const char* raw : {"\xE2\x80\xA8", "\xE2\x80\xAE", "\xFF", "\x1b"}) CHECK(count(page, raw) == 0);
  const json data = data_of(page);
  CHECK(data["command"].get<std::string>().starts_with("</title></script><script>alert(1)"));
  CHECK(data["alarms"][0]["text"].get<std::string>().find("{{DATA}}") != std::string::npos);
}

TEST_CASE("a long run is thinned and keeps every peak") {
  std::vector<MetricsRecord> records;
  for (int64_t update = 1; update <= 100000; ++update) {
    const double loss = update == 77777 ? 99.0 : update == 50001 ? -5.0 : 4.0;
    records.push_back(loss_record(update, "train", update == 3 ? std::nan("") : loss));
  }
  const std::string page = render_run_report({.title = "x"}, records);
  CHECK(page.size() < 2000000);
  const json data = data_of(page);
  CHECK(data["thinned"] == true);
  const auto updates = data["train"]["update"].get<std::vector<int64_t>>();
  const json& losses = data["train"]["loss_bits"];
  CHECK(losses.size() == updates.size());
  CHECK(updates.size() <= 10000);
  CHECK(updates.front() == 1);
  CHECK(updates.back() == 100000);
  CHECK(std::is_sorted(updates.begin(), updates.end()));
  CHECK(std::count(losses.begin(), losses.end(), json(99.0)) == 1);
  CHECK(std::count(losses.begin(), losses.end(), json(-5.0)) == 1);
}

TEST_CASE("report.html stands in the run folder, with and without metrics") {
  const TemporaryFolder folder;
  write_run_report(folder.path(), {.title = "empty"});
  CHECK(count(read_file(folder.path() / "report.html", 1 << 20), "Nothing measured yet") == 1);
  open_jsonl(folder.path() / "metrics.jsonl")->write(loss_record(100, "valid", 3.91));
  write_run_report(folder.path(), {.title = "one"});
  CHECK(count(read_file(folder.path() / "report.html", 1 << 20), "Learning: validation loss 3.91 bits") == 1);
}
