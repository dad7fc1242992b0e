#include "wav2vec/head/text_aligner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "wav2vec/align/coarse_path.h"
#include "wav2vec/align/pauses.h"
#include "wav2vec/align/sound_edges.h"
#include "wav2vec/core/error.h"
#include "wav2vec/text/character_tokens.h"

namespace wav2vec {
namespace {

/// A line with the tokens of its words, one blank between any two.
struct ReadLine {
  std::vector<Segment> segments;  ///< those with a sound
  std::vector<int> tokens;
  std::vector<TokenWord> words;  ///< of each segment; a segment may be several words of the reading
};

ReadLine read_line(const TextLine& line, const TextReader& reader) {
  ReadLine read;
  for (Segment& segment : reader.read(line.text).segments) {
    const std::string& reading = segment.readings.at(0).text;
    if (reading.empty()) continue;
    if (!read.tokens.empty()) read.tokens.push_back(token_of(' '));
    const auto begin = std::ssize(read.tokens);
    std::ranges::copy(encode(reading), std::back_inserter(read.tokens));
    read.words.push_back({begin, std::ssize(read.tokens)});
    read.segments.push_back(std::move(segment));
  }
  return read;
}

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
  const int gap = token_of(' ');
  Programme programme;
  const std::vector<float> pause = letter_sounds({&gap, 1});
  int64_t last_gap = -1;
  // Every pause is a letter of its own, so that letters rise along the chain.
  const auto add_pause = [&] {
    programme.chain.push_back({.letter = kAnySound, .optional = true});
    programme.chain.push_back(
        {.letter = std::ssize(programme.tokens), .lasting = true, .jump_from = last_gap});
    last_gap = std::ssize(programme.chain) - 1;
    programme.tokens.push_back(gap);
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

/// The letters of a line on a path.
struct LaidLetters {
  std::vector<TimeSpan> times;
  std::vector<double> similarities;
};

/// A line alone in frames [first_frame, end_frame), with letters that attend to these; none when they are too
/// few.
std::optional<LaidLetters> laid_within(const ReadLine& line, const RecordingScores& scores,
                                       int64_t first_frame, int64_t end_frame, const FrameTimes& frame_times,
                                       const TextAlignerOptions& options) {
  if (end_frame <= first_frame) return std::nullopt;
  const LetterSounds letter_sounds = [&](std::span<const int> tokens) {
    return options.heard_letter_sounds(tokens, first_frame, end_frame);
  };
  Programme programme = programme_of({&line, 1}, {true}, letter_sounds);
  programme.chain.back().jump_from = -1;  // it is there
  const Similarity similarity{scores.heard.data() + first_frame * scores.sounds, programme.meant.data(),
                              end_frame - first_frame, std::ssize(programme.tokens), scores.sounds};
  const std::vector<int64_t> path =
      best_chain_path(similarity, programme.chain,
                      {.any_penalty = options.any_penalty, .stop_requested = options.stop_requested});
  if (path.empty()) return std::nullopt;
  const std::vector<TimeSpan> times = letter_times(
      similarity, programme.chain, path, {frame_times.center(first_frame), frame_times.hop_seconds});
  const std::vector<double> similarities = letter_similarities(similarity, programme.chain, path);
  const auto first = programme.first_letter[0];
  const auto last = first + std::ssize(line.tokens);
  return LaidLetters{.times = {times.begin() + first, times.begin() + last},
                     .similarities = {similarities.begin() + first, similarities.begin() + last}};
}

AlignedLine aligned_line(const TextLine& line, const ReadLine& read, std::span<const TimeSpan> times,
                         std::span<const double> similarities, const MatchCalibration& calibration) {
  AlignedLine aligned{.number = line.number, .text = line.text, .spoken = true, .time = {}, .words = {}};
  aligned.confidence =
      calibration.probability(match_score(similarities, read.tokens, 0, std::ssize(read.tokens)));
  const std::vector<TimeSpan> word_spans = word_times(times, read.words);
  for (size_t w = 0; w < read.words.size(); ++w) {
    const Segment& segment = read.segments[w];
    const TokenWord& tokens = read.words[w];
    AlignedWord word{
        .text = line.text.substr(segment.source.begin, segment.source.end - segment.source.begin),
        .source = segment.source,
        .time = word_spans[w],
        .characters = {}};
    word.confidence =
        calibration.probability(match_score(similarities, read.tokens, tokens.begin, tokens.end));
    const Reading& reading = segment.readings[0];
    for (size_t c = 0; c < reading.text.size(); ++c) {
      if (reading.text[c] == ' ') continue;
      word.characters.push_back(
          {reading.text[c], reading.source[c], times[static_cast<size_t>(tokens.begin) + c]});
    }
    aligned.words.push_back(std::move(word));
  }
  aligned.time = {aligned.words.front().time.start_seconds, aligned.words.back().time.end_seconds};
  return aligned;
}

/// Lays every wanted line once more with letters that attend, between its neighbours.
void attend(std::span<const ReadLine> read, const std::vector<bool>& wanted, const RecordingScores& scores,
            const FrameTimes& frame_times, const TextAlignerOptions& options, std::span<LaidLetters> laid) {
  const auto margin = static_cast<int64_t>(options.heard_margin_seconds / frame_times.hop_seconds);
  int64_t earliest = 0;
  for (size_t i = 0; i < read.size(); ++i) {
    if (!wanted[i]) continue;
    int64_t latest = scores.frames;
    for (size_t next = i + 1; next < read.size(); ++next) {
      if (!wanted[next]) continue;
      latest = frame_times.frame_at(laid[next].times.front().start_seconds);
      break;
    }
    const int64_t first = frame_times.frame_at(laid[i].times.front().start_seconds);
    const int64_t end = frame_times.frame_at(laid[i].times.back().end_seconds);
    if (std::optional<LaidLetters> again =
            laid_within(read[i], scores, std::max(earliest, first - margin),
                        std::min({latest, end + margin, scores.frames}), frame_times, options))
      laid[i] = *std::move(again);
    earliest = std::max(earliest, frame_times.frame_at(laid[i].times.back().end_seconds));
  }
}

}  // namespace

AlignedText align_text(const RecordingScores& scores, const FrameTimes& frame_times,
                       const MatchCalibration& calibration, const LetterSounds& letter_sounds,
                       std::span<const TextLine> lines, const TextReader& reader,
                       const TextAlignerOptions& options) {
  std::vector<ReadLine> read;
  for (const TextLine& line : lines) {
    try {
      read.push_back(read_line(line, reader));
    } catch (const DataError& error) {
      throw TextError(line.number, error.what());
    }
  }
  std::vector<bool> wanted;
  for (const ReadLine& line : read) wanted.push_back(!line.tokens.empty());

  AlignedText result;
  for (const TextLine& line : lines)
    result.lines.push_back({.number = line.number, .text = line.text, .time = {}, .words = {}});
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
    std::vector<TimeSpan> times = letter_times(similarity, programme.chain, path, frame_times);
    const std::vector<double> letters = letter_similarities(similarity, programme.chain, path);
    std::vector<LaidLetters> laid(lines.size());
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
      AlignedLine line = aligned_line(lines[i], read[i], laid[i].times, laid[i].similarities, calibration);
      if (is_pause_throughout(line.time, scores.pauses, frame_times)) line.confidence = 0.0;
      if (line.confidence < options.least_probability) {
        result.lines[i] = {
            .number = line.number, .text = line.text, .time = {}, .confidence = line.confidence, .words = {}};
        wanted[i] = false;
        left_out = true;
      } else {
        result.lines[i] = std::move(line);
      }
    }
    if (!left_out) break;
  }
  // Lines are as long as their sound; words as their letters.
  double earliest = 0.0;
  for (size_t i = 0; i < result.lines.size(); ++i) {
    AlignedLine& line = result.lines[i];
    if (!line.spoken) continue;
    const auto next = std::find_if(result.lines.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                   result.lines.end(), [](const AlignedLine& other) { return other.spoken; });
    const double latest =
        next == result.lines.end() ? frame_times.center(scores.frames) : next->time.start_seconds;
    const double end_of_letters = line.time.end_seconds;
    line.time = speech_edges(line.time, earliest, latest, scores.pauses, frame_times);
    line.time =
        sound_edges(line.time, earliest, latest, scores.powers, frame_times.hop_seconds).value_or(line.time);
    earliest = std::max(end_of_letters, line.time.end_seconds);
  }
  return result;
}

}  // namespace wav2vec
