// wav2vec text: what a speech head would score of a text.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "choices.h"
#include "commands.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/text/text_reader.h"
#include "wav2vec/text/token_reader.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec::app {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::optional<std::string> given;
  std::vector<std::string> files;
  TextOptions text;
  bool replace_invalid = false;
  bool readings = false;
  bool phones = false;
  bool json = false;
};

std::string ipa(std::span<const int> tokens) { return text_of_tokens(TokenKind::phones, tokens); }

/// `phones`: null where they are not asked for.
Json json_of(const std::string& text, const TextReading& reading, const TokenText* phones) {
  Json words = Json::array();
  for (size_t s = 0; s < reading.segments.size(); ++s) {
    const Segment& segment = reading.segments[s];
    Json readings = Json::array();
    for (const Reading& choice : segment.readings) readings.push_back(choice.text);
    words.push_back({{"text", text.substr(segment.source.begin, segment.source.end - segment.source.begin)},
                     {"begin", segment.source.begin},
                     {"end", segment.source.end},
                     {"readings", std::move(readings)}});
    if (phones == nullptr) continue;
    for (const TokenReading& choice : phones->segments[s].readings)
      words.back()["phones"].push_back(ipa(choice.tokens));
  }
  Json marks = Json::array();
  for (const Mark& mark : reading.marks)
    marks.push_back({{"kind", name_of(mark.kind)}, {"begin", mark.source.begin}, {"end", mark.source.end}});
  Json out{{"text", text},
           {"reading", default_reading(reading).text},
           {"words", std::move(words)},
           {"marks", std::move(marks)},
           {"letters", reading.letters},
           {"unscored", reading.unscored},
           {"unscored_share", reading.unscored_share()}};
  if (phones != nullptr) out["phones"] = ipa(usual_tokens(*phones));
  return out;
}

std::vector<std::vector<std::string>> choices_of(const TextReading& reading) {
  std::vector<std::vector<std::string>> words;
  for (const Segment& segment : reading.segments) {
    words.emplace_back();
    for (const Reading& choice : segment.readings) words.back().push_back(choice.text);
  }
  return words;
}

std::vector<std::vector<std::string>> choices_of(const TokenText& phones) {
  std::vector<std::vector<std::string>> words;
  for (const TokenSegment& segment : phones.segments) {
    words.emplace_back();
    for (const TokenReading& choice : segment.readings) words.back().push_back(ipa(choice.tokens));
  }
  return words;
}

/// "it cost {twenty five|two five} euros": only where there is a choice.
std::string with_choices(const std::vector<std::vector<std::string>>& words) {
  std::string line;
  for (const std::vector<std::string>& choices : words) {
    const std::string shown =
        choices.size() == 1 ? choices[0] : fmt::format("{{{}}}", fmt::join(choices, "|"));
    if (!line.empty() && !shown.empty()) line += ' ';
    line += shown;
  }
  return line;
}

void print(const std::string& text, const TextReading& reading, const TokenText* phones,
           const Options& options) {
  std::string line;
  if (options.json)
    line = json_of(text, reading, phones).dump(-1, ' ', false, Json::error_handler_t::replace);
  else if (options.readings)
    line = with_choices(phones != nullptr ? choices_of(*phones) : choices_of(reading));
  else
    line = phones != nullptr ? ipa(usual_tokens(*phones)) : default_reading(reading).text;
  fmt::print("{}\n", line);
}

/// Calls `use` with every line and its number, blank ones too. Throws DataError for what cannot be read.
void for_each_line(const std::string& path, size_t max_bytes,
                   const std::function<void(const std::string& line, int64_t number)>& use) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "standard input" : printable(path);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
      is_stdin ? nullptr : std::fopen(path.c_str(), "rb"), [](std::FILE* file) { return std::fclose(file); });
  std::FILE* file = is_stdin ? stdin : opened.get();
  if (file == nullptr) throw DataError(fmt::format("{}: cannot be opened; give an existing text file", name));
  std::string line;
  int64_t number = 1;
  const auto finish = [&] {
    if (line.ends_with('\r')) line.pop_back();
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    use(line, number);
    ++number;
    line.clear();
  };
  for (int byte = std::getc(file); byte != EOF; byte = std::getc(file)) {
    if (byte == '\n') {
      finish();
      continue;
    }
    line += static_cast<char>(byte);
    if (line.size() > max_bytes)
      throw DataError(
          fmt::format("{}:{}: a line of more than {} bytes; is this a text file?", name, number, max_bytes));
  }
  if (std::ferror(file) != 0) throw DataError(fmt::format("{}: cannot be read; give a text file", name));
  if (!line.empty()) finish();
}

ExitCode run(const Options& given) {
  Options options = given;
  if (options.replace_invalid) options.text.invalid_utf8 = InvalidUtf8::replace;
  const TextReader reader(options.text);
  std::optional<TokenReader> phone_reader;
  if (options.phones) phone_reader.emplace(options.text, TokenKind::phones);
  int64_t failed = 0;
  const auto read = [&](const std::string& text, const std::string& place) {
    try {
      std::optional<TokenText> phones;
      if (phone_reader) phones = phone_reader->read(text);
      print(text, reader.read(text), phones ? &*phones : nullptr, options);
    } catch (const DataError& error) {
      log_warning(fmt::format("{}: {}", place, error.what()));
      ++failed;
    }
  };
  if (options.given) read(*options.given, "text");
  if (!options.given && options.files.empty()) options.files = {"-"};
  for (const std::string& path : options.files) {
    const std::string name = path == "-" ? "standard input" : printable(path);
    try {
      for_each_line(path, options.text.max_bytes, [&](const std::string& line, int64_t number) {
        read(line, fmt::format("{}:{}", name, number));
      });
    } catch (const DataError& error) {
      log_warning(error.what());
      ++failed;
    }
  }
  return failed == 0 ? ExitCode::ok : ExitCode::some_inputs_failed;
}

}  // namespace

Command add_text(CLI::App& program) {
  CLI::App* app = program.add_subcommand("text", "Show how a text is read aloud: what a head scores of it");
  auto options = std::make_shared<Options>();
  // One only: CLI11 would take "[door slams]" among several for a list.
  app->add_option_function<std::string>(
      "text", [options](const std::string& text) { options->given = text; },
      "one text; without it, each line of --file or stdin");
  app->add_option("-f,--file", options->files, "text files, a text on each line; - is stdin")
      ->check(not_empty());
  app->add_option("--language", options->text.language,
                  "language of numbers, signs and words: en, cs, pt-BR, zh …")
      ->capture_default_str()
      ->check(not_empty());
  app->add_flag("--readings", options->readings, "show the other readings of a word too: {one|another}");
  app->add_flag("--phones", options->phones, "phones (IPA) instead of letters, by espeak-ng's rules");
  app->add_option("--max-readings", options->text.max_readings, "of a word at most")
      ->capture_default_str()
      ->check(CLI::Range(1, 16));
  app->add_flag("--music", options->text.markup.score_music, "words between ♪ are spoken too");
  app->add_flag("--replace-invalid", options->replace_invalid,
                "bytes that are no UTF-8 are skipped, not refused");
  app->add_flag("--json", options->json,
                "one JSON object per text on stdout: words, bytes, readings, what is unscored");
  app->footer(
      "Example:\n  wav2vec text --language cs \"Stálo to 25 Kč.\"\n  wav2vec text --json --file "
      "subtitles.txt");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
