#include "wav2vec/head/text_aligner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "head/best_readings.h"
#include "head/laid_line.h"
#include "wav2vec/align/coarse_path.h"
#include "wav2vec/align/pauses.h"
#include "wav2vec/align/sound_edges.h"
#include "wav2vec/core/error.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

/// any? gap line any? gap line … any? gap, of the lines that are asked for; from each gap a path may jump to
/// the next, past a line that is not spoken.
struct Programme {
  std::vector<ChainState> chain;
  std::vector<int> tokens;
  std::vector<float> meant;           ///< [tokens, sounds]
  std::vector<int64_t> first_letter;  ///< of each line; −1: left out
};

Programme programme_of(std::span<const ReadLine> lines, const std::vector<bool>& wanted,
                       const LetterSounds& letter_sounds) {
  Programme programme;
  const std::vector<float> pause = letter_sounds({&kGapToken, 1});
  int64_t last_gap = -1;
  // Every pause is a letter of its own, so that letters rise along the chain.
  const auto add_pause = [&] {
    programme.chain.push_back({.letter = kAnySound, .optional = true});
    programme.chain.push_back(
        {.letter = std::ssize(programme.tokens), .lasting = true, .jump_from = last_gap});
    last_gap = std::ssize(programme.chain) - 1;
    programme.tokens.push_back(kGapToken);
    std::ranges::copy(pause, std::back_inserter(programme.meant));
  };
  add_pause();
  for (size_t i = 0; i < lines.size(); ++i) {
    programme.first_letter.push_back(wanted[i] ? std::ssize(programme.tokens) : -1);
    if (!wanted[i]) continue;
    for (ChainState state : chain_of(lines[i].tokens)) {
      state.letter += programme.first_letter.back();
      programme.chain.push_back(state);
    }
    std::ranges::copy(lines[i].tokens, std::back_inserter(programme.tokens));
    std::ranges::copy(letter_sounds(lines[i].tokens), std::back_inserter(programme.meant));
    add_pause();
  }
  return programme;
}

AlignedLine aligned_line(const TextLine& line, const ReadLine& read, TokenKind kind,
                         std::span<const TimeSpan> times, std::span<const double> similarities,
                         const MatchCalibration& calibration) {
  AlignedLine aligned{.number = line.number, .text = line.text, .spoken = true, .time = {}, .words = {}};
  aligned.confidence =
      calibration.probability(match_score(similarities, read.tokens, 0, std::ssize(read.tokens)));
  const std::vector<TimeSpan> word_spans = word_times(times, read.words);
  for (size_t w = 0; w < read.words.size(); ++w) {
    const TokenSegment& segment = read.segments[w];
    const TokenReading& reading = segment.readings[read.chosen[w]];
    const TokenWord& tokens = read.words[w];
    AlignedWord word{
        .text = line.text.substr(segment.source.begin, segment.source.end - segment.source.begin),
        .source = segment.source,
        .reading = reading.letters,
        .time = word_spans[w],
        .characters = {}};
    word.confidence =
        calibration.probability(match_score(similarities, read.tokens, tokens.begin, tokens.end));
    for (size_t c = 0; c < reading.tokens.size(); ++c) {
      if (reading.tokens[c] == kGapToken) continue;
      word.characters.push_back({std::string(token_name(kind, reading.tokens[c])), reading.source[c],
                                 times[static_cast<size_t>(tokens.begin) + c]});
    }
    aligned.words.push_back(std::move(word));
  }
  aligned.time = {aligned.words.front().time.start_seconds, aligned.words.back().time.end_seconds};
  return aligned;
}

/// Lays every wanted line once more with letters that attend, between its neighbours.
void attend(std::span<const ReadLine> read, const std::vector<bool>& wanted, const RecordingScores& scores,
            const FrameTimes& frame_times, const TextAlignerOptions& options, std::span<LaidLine> laid) {
  const auto margin = static_cast<int64_t>(options.heard_margin_seconds / frame_times.hop_seconds);
  int64_t earliest = 0;
  for (size_t i = 0; i < read.size(); ++i) {
    if (!wanted[i]) continue;
    if (options.stop_requested()) return;
    int64_t latest = scores.frames;
    for (size_t next = i + 1; next < read.size(); ++next) {
      if (!wanted[next]) continue;
      latest = frame_times.frame_at(laid[next].times.front().start_seconds);
      break;
    }
    const int64_t found = frame_times.frame_at(laid[i].times.front().start_seconds);
    const int64_t found_end = frame_times.frame_at(laid[i].times.back().end_seconds);
    const int64_t first = std::max(earliest, found - margin);
    const LineFrames frames{first, std::max(first, std::min({latest, found_end + margin, scores.frames}))};
    const LetterSounds letter_sounds = [&](std::span<const int> tokens) {
      return options.heard_letter_sounds(tokens, frames.first, frames.end);
    };
    LaidLine again =
        laid_line(lay(read[i].tokens, between_pauses(read[i].tokens), frames, scores, letter_sounds), frames,
                  frame_times);
    if (!again.times.empty()) laid[i] = std::move(again);
    earliest = std::max(earliest, frame_times.frame_at(laid[i].times.back().end_seconds));
  }
}

/// The line with the readings that were said, where these are others than its usual ones.
std::optional<AlignedLine> in_best_readings(const TextLine& line, const ReadLine& usual, TokenKind kind,
                                            std::span<const TimeSpan> times, const LineFrames& frames,
                                            const RecordingScores& scores, const FrameTimes& frame_times,
                                            const MatchCalibration& calibration,
                                            const LetterSounds& letter_sounds) {
  std::vector<size_t> chosen = best_readings(usual, times, frames, scores, frame_times, letter_sounds);
  if (chosen == usual.chosen) return std::nullopt;
  const ReadLine said = in_readings(usual, std::move(chosen));
  LaidLine laid = lay_again(said, usual, times, frames, scores, frame_times, letter_sounds);
  if (laid.times.empty()) return std::nullopt;
  keep_out_of_pauses(laid.times, said.words, scores.pauses, frame_times);
  return aligned_line(line, said, kind, laid.times, laid.similarities, calibration);
}

/// No word sounds where its line does not.
void keep_within(const TimeSpan& line, std::vector<AlignedWord>& words) {
  const auto clamp = [&](TimeSpan& span) {
    span.start_seconds = std::clamp(span.start_seconds, line.start_seconds, line.end_seconds);
    span.end_seconds = std::clamp(span.end_seconds, line.start_seconds, line.end_seconds);
  };
  for (AlignedWord& word : words) {
    clamp(word.time);
    for (AlignedCharacter& character : word.characters) clamp(character.time);
  }
}

std::vector<AlignedLine>::const_iterator next_spoken(const std::vector<AlignedLine>& lines, size_t line) {
  return std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(line) + 1, lines.end(),
                      [](const AlignedLine& other) { return other.spoken; });
}

}  // namespace

AlignedText align_text(const RecordingScores& scores, const FrameTimes& frame_times,
                       const MatchCalibration& calibration, const LetterSounds& letter_sounds,
                       std::span<const TextLine> lines, const TokenReader& reader,
                       const TextAlignerOptions& options) {
  std::vector<ReadLine> read;
  for (const TextLine& line : lines) {
    try {
      read.push_back(read_line(reader.read(line.text).segments));
    } catch (const DataError& error) {
      throw TextError(line.number, error.what());
    }
  }
  std::vector<bool> wanted;
  for (const ReadLine& line : read) wanted.push_back(!line.tokens.empty());

  AlignedText result;
  result.tokens = reader.kind();
  for (const TextLine& line : lines)
    result.lines.push_back({.number = line.number, .text = line.text, .time = {}, .words = {}});
  std::vector<std::vector<TimeSpan>> times_of(lines.size());  // of the tokens of lines that are spoken
  for (int64_t pass = 0; pass < options.most_passes; ++pass) {
    if (std::ranges::find(wanted, true) == wanted.end()) break;
    Programme programme = programme_of(read, wanted, letter_sounds);
    const Similarity similarity{scores.heard.data(), programme.meant.data(), scores.frames,
                                std::ssize(programme.tokens), scores.sounds};
    const ChainPathOptions path_options{.any_penalty = options.any_penalty,
                                        .jump_penalty = options.jump_penalty,
                                        .stop_requested = options.stop_requested};
    if (scores.frames * std::ssize(programme.chain) > options.most_cells) {
      programme.chain = narrowed_chain(
          similarity, programme.chain,
          {.path = path_options,
           .margin_frames = static_cast<int64_t>(options.margin_seconds / frame_times.hop_seconds)});
    }
    if (options.stop_requested()) break;  // a chain that was not narrowed is too long for a path
    const std::vector<int64_t> path = best_chain_path(similarity, programme.chain, path_options);
    if (path.empty()) break;  // longer than the recording
    const std::vector<TimeSpan> times = letter_times(similarity, programme.chain, path, frame_times);
    const std::vector<double> letters = letter_similarities(similarity, programme.chain, path);
    std::vector<LaidLine> laid(lines.size());
    for (size_t i = 0; i < lines.size(); ++i) {
      if (!wanted[i]) continue;
      const auto first = static_cast<std::ptrdiff_t>(programme.first_letter[i]);
      const auto end = first + std::ssize(read[i].tokens);
      laid[i] = {.times = {times.begin() + first, times.begin() + end},
                 .similarities = {letters.begin() + first, letters.begin() + end}};
      const bool jumped = laid[i].times.back().end_seconds <= laid[i].times.front().start_seconds;
      if (jumped) wanted[i] = false;
    }
    if (options.heard_letter_sounds) attend(read, wanted, scores, frame_times, options, laid);
    bool left_out = false;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (!wanted[i]) continue;
      keep_out_of_pauses(laid[i].times, read[i].words, scores.pauses, frame_times);
      AlignedLine line =
          aligned_line(lines[i], read[i], reader.kind(), laid[i].times, laid[i].similarities, calibration);
      if (is_pause_throughout(line.time, scores.pauses, frame_times)) line.confidence = 0.0;
      if (line.confidence < options.least_probability) {
        result.lines[i] = {
            .number = line.number, .text = line.text, .time = {}, .confidence = line.confidence, .words = {}};
        wanted[i] = false;
        left_out = true;
      } else {
        result.lines[i] = std::move(line);
        times_of[i] = std::move(laid[i].times);
      }
    }
    if (!left_out) break;
  }
  int64_t end_before = 0;
  for (size_t i = 0; i < result.lines.size(); ++i) {
    AlignedLine& line = result.lines[i];
    if (!line.spoken || options.stop_requested()) continue;
    const auto next = next_spoken(result.lines, i);
    const LineFrames frames{end_before, next == result.lines.end()
                                            ? scores.frames
                                            : std::clamp(frame_times.frame_at(next->time.start_seconds),
                                                         end_before, scores.frames)};
    if (auto said = in_best_readings(lines[i], read[i], reader.kind(), times_of[i], frames, scores,
                                     frame_times, calibration, letter_sounds))
      line = std::move(*said);
    end_before = std::clamp(frame_times.frame_at(line.time.end_seconds), end_before, scores.frames);
  }
  // Lines are as long as their sound; words as their letters.
  double earliest = 0.0;
  for (size_t i = 0; i < result.lines.size(); ++i) {
    AlignedLine& line = result.lines[i];
    if (!line.spoken) continue;
    const auto next = next_spoken(result.lines, i);
    const double latest =
        next == result.lines.end() ? frame_times.center(scores.frames) : next->time.start_seconds;
    const double end_of_letters = line.time.end_seconds;
    line.time = speech_edges(line.time, earliest, latest, scores.pauses, frame_times);
    line.time =
        sound_edges(line.time, earliest, latest, scores.powers, frame_times.hop_seconds).value_or(line.time);
    earliest = std::max(end_of_letters, line.time.end_seconds);
    keep_within(line.time, line.words);
  }
  return result;
}

}  // namespace wav2vec
