#include "wav2vec/probe/probe_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/page.h"

namespace wav2vec {

extern const std::string_view kProbeReportPage;  // probe_report.html

namespace {

using Json = nlohmann::ordered_json;

// What the results are about

enum class InputKind { hand_made, untrained, learned };

InputKind kind_of(std::string_view input) {
  if (input.starts_with("logmel") || input.starts_with("mfcc")) return InputKind::hand_made;
  return input.starts_with("random:") ? InputKind::untrained : InputKind::learned;
}

struct Budget {
  double label_minutes = 0.0;  ///< as asked for; 0 = all
  double used_minutes = 0.0;   ///< unknown lengths count nothing
};

/// From the least to all.
std::vector<Budget> budgets_of(const ProbeResults& results) {
  std::vector<Budget> budgets;
  for (const ProbeCell& cell : results.cells) {
    if (std::ranges::find(budgets, cell.label_minutes, &Budget::label_minutes) == budgets.end())
      budgets.push_back({cell.label_minutes, cell.used_minutes});
  }
  std::ranges::stable_sort(budgets, {}, [](const Budget& budget) {
    return budget.label_minutes == 0.0 ? std::numeric_limits<double>::infinity() : budget.label_minutes;
  });
  return budgets;
}

size_t most_seeds(const ProbeResults& results) {
  size_t seeds = 0;
  for (const ProbeCell& cell : results.cells) {
    for (const ProbeScore& score : cell.scores) seeds = std::max(seeds, score.seeds.size());
  }
  return seeds;
}

/// Null for the baseline, and where there is nothing to compare with.
const Comparison* comparison_of(const ProbeResults& results, const ProbeCell& cell, size_t measure) {
  if (cell.input == results.baseline || measure >= cell.scores.size()) return nullptr;
  const bool has_baseline = std::ranges::any_of(results.cells, [&](const ProbeCell& other) {
    return other.input == results.baseline && other.label_minutes == cell.label_minutes &&
           measure < other.scores.size();
  });
  return has_baseline ? &cell.scores[measure].against_baseline : nullptr;
}

bool has_bounds(const Interval& interval) {
  return std::isfinite(interval.low) && std::isfinite(interval.high);
}

// Numbers in words

/// 0.234 → "23.4"; the sign is a minus, which no line break follows, and zero has none.
std::string in_percent(double share) {
  const std::string digits = fmt::format("{:.1f}", std::abs(100.0 * share));
  return share < 0.0 && digits != "0.0" ? "−" + digits : digits;
}

/// "23.4 % (21.0–25.9)"
std::string rate_text(const Interval& rate) {
  if (!std::isfinite(rate.value)) return "–";
  if (!has_bounds(rate)) return in_percent(rate.value) + " %";
  return fmt::format("{} % ({}–{})", in_percent(rate.value), in_percent(rate.low), in_percent(rate.high));
}

/// "12.0 % (−3.1 to 25.0)"
std::string reduction_text(const Interval& reduction) {
  if (!std::isfinite(reduction.value)) return "–";
  if (!has_bounds(reduction)) return in_percent(reduction.value) + " %";
  return fmt::format("{} % ({} to {})", in_percent(reduction.value), in_percent(reduction.low),
                     in_percent(reduction.high));
}

std::string minutes_text(double minutes) {
  if (minutes < 1.0) return fmt::format("{:.2g} s", 60.0 * minutes);
  if (minutes < 10.0) return fmt::format("{:.2g} min", minutes);
  return minutes < 99.5 ? fmt::format("{:.3g} min", minutes) : fmt::format("{:.1f} h", minutes / 60.0);
}

/// "10 min", "all (1.2 h)"
std::string labels_text(const Budget& budget) {
  const bool used_is_known = std::isfinite(budget.used_minutes) && budget.used_minutes > 0.0;
  if (budget.label_minutes != 0.0)
    return minutes_text(used_is_known ? budget.used_minutes : budget.label_minutes);
  return used_is_known ? fmt::format("all ({})", minutes_text(budget.used_minutes)) : "all";
}

/// "with 10 min of labels", "with all labels (1.2 h)"
std::string with_labels(const Budget& budget) {
  if (budget.label_minutes == 0.0) return labels_text(budget).replace(0, 3, "with all labels");
  return fmt::format("with {} of labels", labels_text(budget));
}

// The verdict

enum class Outcome { better, worse, open };

/// The best learned input at one budget.
struct BudgetVerdict {
  Budget budget;
  std::string input;
  Interval reduction;
  Outcome outcome = Outcome::open;
};

struct Verdict {
  std::string headline;
  std::vector<BudgetVerdict> budgets;
  bool chosen_among_several = false;
};

BudgetVerdict judge_budget(const Budget& budget, const ProbeCell& cell, const Interval& reduction) {
  const Outcome outcome = !reduction.excludes(0.0) ? Outcome::open
                          : reduction.low > 0.0    ? Outcome::better
                                                   : Outcome::worse;
  return {budget, cell.input, reduction, outcome};
}

std::string headline_of(const ProbeResults& results, const Verdict& verdict) {
  const auto budgets = std::ssize(verdict.budgets);
  const auto better = std::ranges::count(verdict.budgets, Outcome::better, &BudgetVerdict::outcome);
  const auto worse = std::ranges::count(verdict.budgets, Outcome::worse, &BudgetVerdict::outcome);
  if (results.cells.empty()) return "Nothing was measured";
  if (budgets == 0) {
    const bool any_learned = std::ranges::any_of(results.cells, [&](const ProbeCell& cell) {
      return kind_of(cell.input) == InputKind::learned && cell.input != results.baseline;
    });
    return any_learned ? "No comparison: the baseline was not measured"
                       : "No comparison: no features of a trained model were measured";
  }
  const bool all_compared = budgets == std::ssize(budgets_of(results));
  const char* const everywhere = budgets == 1   ? ""
                                 : all_compared ? " with every amount of labels"
                                                : " with every amount of labels that could be compared";
  const std::string measure = results.measures.empty() ? "" : fmt::format(" in {}", results.measures[0]);
  const std::string than = fmt::format(" the baseline {}{}", results.baseline, measure);
  if (better == budgets) return fmt::format("Learned features beat{}{}", than, everywhere);
  if (worse == budgets) return fmt::format("Learned features do worse than{}{}", than, everywhere);
  if (better > 0)
    return fmt::format("Learned features beat{} with {} of {} amounts of labels", than, better, budgets);
  if (worse > 0) return fmt::format("Learned features beat{} with no amount of labels", than);
  return fmt::format("Learned features are not shown to differ from{}{}", than,
                     budgets > 1 ? " with any amount of labels" : "");
}

/// The learned input of each budget that did best on dev: chosen by test errors, the luckiest of many would
/// win and its interval would not know.
Verdict judge_inputs(const ProbeResults& results) {
  Verdict verdict;
  for (const Budget& budget : budgets_of(results)) {
    const ProbeCell* best = nullptr;
    int64_t candidates = 0;
    for (const ProbeCell& cell : results.cells) {
      if (cell.label_minutes != budget.label_minutes || kind_of(cell.input) != InputKind::learned ||
          comparison_of(results, cell, 0) == nullptr)
        continue;
      ++candidates;
      if (best == nullptr || cell.dev_error < best->dev_error || std::isnan(best->dev_error)) best = &cell;
    }
    if (best == nullptr) continue;
    verdict.budgets.push_back(
        judge_budget(budget, *best, best->scores[0].against_baseline.relative_reduction));
    verdict.chosen_among_several = verdict.chosen_among_several || candidates > 1;
  }
  verdict.headline = headline_of(results, verdict);
  if (results.interrupted) {
    verdict.headline[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(verdict.headline[0])));
    verdict.headline = "So far: " + verdict.headline;
  }
  return verdict;
}

/// "with 10 min of labels, c makes 23.4 % fewer errors (95 % interval 18.0 to 28.6 %)". Where there are more
/// errors the interval counts these, so that its numbers are about what was just said.
std::string clause(const BudgetVerdict& verdict) {
  const std::string who = fmt::format("{}, {}", with_labels(verdict.budget), verdict.input);
  Interval change = verdict.reduction;
  if (!std::isfinite(change.value))
    return fmt::format("{} cannot be compared in %, as the baseline makes no errors", who);
  const bool fewer = change.value >= 0.0;
  if (!fewer) change = {-change.value, -change.high, -change.low};
  const std::string makes =
      in_percent(change.value) == "0.0"
          ? fmt::format("{} makes as many errors", who)
          : fmt::format("{} makes {} % {} errors", who, in_percent(change.value), fewer ? "fewer" : "more");
  if (!has_bounds(change)) return makes + " (no interval: that takes two test speakers)";
  const std::string bounds = fmt::format("{} to {} %", in_percent(change.low), in_percent(change.high));
  return verdict.outcome == Outcome::open
             ? fmt::format("{}, but the 95 % interval ({}) includes zero", makes, bounds)
             : fmt::format("{} (95 % interval {})", makes, bounds);
}

constexpr std::string_view kHowChosen =
    "Of several learned inputs, the one with the fewest errors on dev speaks for them, so that luck on test "
    "plays no part in the choice.";

// What the reader must know

/// At most `kMost` of them in words.
std::string listed(const std::vector<std::string>& items) {
  constexpr size_t kMost = 6;
  const size_t shown = std::min(items.size(), kMost);
  const std::string text = fmt::format("{}", fmt::join(std::span(items).first(shown), "; "));
  return items.size() > shown ? fmt::format("{}; and {} more", text, items.size() - shown) : text;
}

std::vector<std::string> warnings_of(const ProbeResults& results) {
  std::vector<std::string> warnings;
  const auto any_score = [&](const auto& is_so) {
    return std::ranges::any_of(
        results.cells, [&](const ProbeCell& cell) { return std::ranges::any_of(cell.scores, is_so); });
  };
  if (results.interrupted)
    warnings.push_back(fmt::format("Interrupted after {} result{}; the rest is missing.",
                                   results.cells.size(), results.cells.size() == 1 ? "" : "s"));
  std::vector<std::string> without_baseline;
  std::vector<std::string> at_edge;
  for (const Budget& budget : budgets_of(results)) {
    bool has_baseline = false;
    for (const ProbeCell& cell : results.cells) {
      if (cell.label_minutes != budget.label_minutes) continue;
      has_baseline = has_baseline || cell.input == results.baseline;
      if (cell.rate_at_edge)
        at_edge.push_back(fmt::format("{} {} ({:g})", cell.input, with_labels(budget), cell.learning_rate));
    }
    if (!has_baseline) without_baseline.push_back(labels_text(budget));
  }
  if (!without_baseline.empty())
    warnings.push_back(fmt::format("The baseline {} was not measured with these labels: {}.",
                                   results.baseline, listed(without_baseline)));
  if (!at_edge.empty())
    warnings.push_back(
        fmt::format("The lowest or highest learning rate that was tried did best; beyond it there may be "
                    "fewer errors: {}.",
                    listed(at_edge)));
  if (most_seeds(results) == 1)
    warnings.push_back(
        "A single seed: how far the results move with other initial weights and another order is unknown.");
  if (any_score([](const ProbeScore& s) { return std::isfinite(s.rate.value); }) &&
      !any_score([](const ProbeScore& s) { return has_bounds(s.rate); }))
    warnings.push_back("No intervals: they are over speakers, and the test speech has a single one.");
  if (!results.failures.empty())
    warnings.push_back(fmt::format("{} utterance{} left out, listed below.", results.failures.size(),
                                   results.failures.size() == 1 ? " was" : "s were"));
  return warnings;
}

// Markdown

/// One line in which nothing is markup, nor ends a cell of a table. What people write (`logmel[-20,0]`,
/// `phone_ctc`) stays as it is: an underscore within a word is no emphasis, and a bracket that nothing
/// follows which could belong to it no link.
std::string markdown_text(std::string_view text) {
  const std::string line = printable(text);
  const auto next_is = [&](size_t at, auto&& is_so) { return at < line.size() && is_so(line[at]); };
  const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto of_link = [](char c) { return c == '(' || c == '[' || c == ':'; };
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    bool is_markup = std::string_view("\\`*_]<>|#&~$").find(line[i]) != std::string_view::npos;
    if (line[i] == '_') is_markup = i == 0 || !in_word(line[i - 1]) || !next_is(i + 1, in_word);
    if (line[i] == ']') is_markup = next_is(i + 1, of_link);
    if (is_markup) out += '\\';
    out += line[i];
  }
  return out;
}

/// Indented by four, text is text whatever it says.
std::string markdown_block(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += end == 0 ? "\n" : "    " + printable(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string markdown_table(const ProbeResults& results) {
  std::vector<std::string> head{"input", "labels", "dims"};
  std::vector<std::string> rule{":--", "--:", "--:"};
  for (size_t m = 0; m < results.measures.size(); ++m) {
    head.push_back(markdown_text(results.measures[m]));
    rule.emplace_back("--:");
    if (m > 0) continue;
    head.emplace_back("vs baseline");
    rule.emplace_back("--:");
  }
  std::string table = markdown_row(head) + markdown_row(rule);
  for (const ProbeCell& cell : results.cells) {
    std::vector<std::string> row{markdown_text(cell.input),
                                 labels_text({cell.label_minutes, cell.used_minutes}),
                                 fmt::format("{}", cell.dimensions)};
    for (size_t m = 0; m < results.measures.size(); ++m) {
      row.push_back(m < cell.scores.size() ? rate_text(cell.scores[m].rate) : "–");
      if (m > 0) continue;
      const Comparison* comparison = comparison_of(results, cell, m);
      row.push_back(cell.input == results.baseline ? "baseline"
                    : comparison == nullptr        ? "–"
                                                   : reduction_text(comparison->relative_reduction));
    }
    table += markdown_row(row);
  }
  return table;
}

// For programs

std::string as_is(std::string_view text) { return std::string(text); }

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json numbers(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(number(value));
  return list;
}

Json interval_json(const Interval& interval) {
  return {{"value", number(interval.value)}, {"low", number(interval.low)}, {"high", number(interval.high)}};
}

Json comparison_json(const Comparison* comparison) {
  if (comparison == nullptr) return nullptr;
  return {{"difference", interval_json(comparison->difference)},
          {"relative_reduction", interval_json(comparison->relative_reduction)},
          {"share_better", number(comparison->share_better)}};
}

/// Every text goes through `text`.
Json results_json(const ProbeResults& results, std::string (*text)(std::string_view)) {
  const char* const kinds[] = {"hand-made", "untrained", "learned"};
  Json json{{"task", text(results.task)},
            {"head", text(results.head)},
            {"baseline", text(results.baseline)},
            {"interrupted", results.interrupted},
            {"measures", Json::array()},
            {"cells", Json::array()},
            {"facts", Json::array()},
            {"failures", Json::array()},
            {"recipe", text(results.recipe_text)},
            {"command", text(results.command_line)}};
  for (const std::string& measure : results.measures) json["measures"].push_back(text(measure));
  for (const ProbeCell& cell : results.cells) {
    Json scores = Json::array();
    for (size_t m = 0; m < cell.scores.size(); ++m) {
      scores.push_back({{"rate", interval_json(cell.scores[m].rate)},
                        {"seeds", numbers(cell.scores[m].seeds)},
                        {"against_baseline", comparison_json(comparison_of(results, cell, m))}});
    }
    json["cells"].push_back({{"input", text(cell.input)},
                             {"kind", kinds[static_cast<int>(kind_of(cell.input))]},
                             {"label_minutes", number(cell.label_minutes)},
                             {"used_minutes", number(cell.used_minutes)},
                             {"dimensions", cell.dimensions},
                             {"learning_rate", number(cell.learning_rate)},
                             {"rate_at_edge", cell.rate_at_edge},
                             {"dev_error", number(cell.dev_error)},
                             {"layer_weights", numbers(cell.layer_weights)},
                             {"scores", std::move(scores)}});
  }
  for (const auto& [name, value] : results.facts)
    json["facts"].push_back(Json::array({text(name), text(value)}));
  for (const std::string& failure : results.failures) json["failures"].push_back(text(failure));
  return json;
}

// The page

std::string verdict_html(const Verdict& verdict) {
  const auto safe = [](const std::string& text) { return escape_html(printable(text)); };
  if (verdict.budgets.empty()) return fmt::format("<p>{}.</p>", safe(verdict.headline));
  std::string html;
  if (verdict.budgets.size() == 1) {
    html = fmt::format("<p>{}: {}.</p>", safe(verdict.headline), safe(clause(verdict.budgets[0])));
  } else {
    html = fmt::format("<p>{}:</p>\n<ul>", safe(verdict.headline));
    for (const BudgetVerdict& budget : verdict.budgets)
      html += fmt::format("\n<li>{}</li>", safe(clause(budget)));
    html += "\n</ul>";
  }
  if (verdict.chosen_among_several) html += fmt::format("\n<p class=\"note\">{}</p>", kHowChosen);
  return html;
}

const char* tone_of(const Verdict& verdict) {
  const auto has = [&](Outcome outcome) {
    return std::ranges::find(verdict.budgets, outcome, &BudgetVerdict::outcome) != verdict.budgets.end();
  };
  if (has(Outcome::better) == has(Outcome::worse)) return "unknown";
  return has(Outcome::better) ? "good" : "bad";
}

Json page_data(const ProbeResults& results) {
  Json data = results_json(results, printable);
  data["recipe"] = printable_lines(results.recipe_text);
  data["budgets"] = Json::array();
  for (const Budget& budget : budgets_of(results)) {
    data["budgets"].push_back({{"label_minutes", number(budget.label_minutes)},
                               {"used_minutes", number(budget.used_minutes)},
                               {"text", labels_text(budget)},
                               {"with", with_labels(budget)}});
  }
  data["warnings"] = Json::array();
  for (const std::string& warning : warnings_of(results)) data["warnings"].push_back(printable(warning));
  return data;
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string probe_page(const ProbeResults& results) {
  const Verdict verdict = judge_inputs(results);
  return fill_page(kProbeReportPage, {{"TITLE", escape_html(printable(results.task))},
                                      {"TONE", tone_of(verdict)},
                                      {"VERDICT", verdict_html(verdict)},
                                      {"DATA", escape_json_for_html(dump(page_data(results), -1))}});
}

}  // namespace

std::string probe_markdown(const ProbeResults& results) {
  const Verdict verdict = judge_inputs(results);
  std::string text = fmt::format("# wav2vec probe: {}\n\n", markdown_text(results.task));
  std::vector<std::string> clauses;
  for (const BudgetVerdict& budget : verdict.budgets) clauses.push_back(markdown_text(clause(budget)));
  text += markdown_text(verdict.headline);
  text += clauses.empty() ? ".\n" : fmt::format(": {}.\n", fmt::join(clauses, "; "));
  if (verdict.chosen_among_several) text += fmt::format("\n{}\n", kHowChosen);
  for (const std::string& warning : warnings_of(results))
    text += fmt::format("\n**Note:** {}\n", markdown_text(warning));
  if (!results.cells.empty()) {
    text += "\n" + markdown_table(results);
    text += fmt::format(
        "\nError rates on test, all seeds together ({}), with 95 % intervals over speakers. \"vs baseline\": "
        "how "
        "much lower the rate is than that of {}, in % of it; below zero it is higher. Head: {}.\n",
        most_seeds(results), markdown_text(results.baseline), markdown_text(results.head));
  }
  if (!results.facts.empty()) {
    text += "\n## Facts\n\n| | |\n|:--|:--|\n";
    for (const auto& [name, value] : results.facts)
      text += markdown_row({markdown_text(name), markdown_text(value)});
  }
  if (!results.failures.empty()) {
    text += "\n## Utterances left out\n\n";
    for (const std::string& failure : results.failures) text += markdown_block(printable(failure));
  }
  if (!results.command_line.empty())
    text += "\n## Do it again\n\n" + markdown_block(printable(results.command_line));
  if (!results.recipe_text.empty()) text += "\n## Recipe\n\n" + markdown_block(results.recipe_text);
  return text;
}

std::string probe_json(const ProbeResults& results) { return dump(results_json(results, as_is), 2) + "\n"; }

void write_probe_report(const std::filesystem::path& folder, const ProbeResults& results) {
  write_file(folder / "report.md", probe_markdown(results));
  write_file(folder / "report.json", probe_json(results));
  write_file(folder / "report.html", probe_page(results));
}

}  // namespace wav2vec
