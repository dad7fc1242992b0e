#include "wav2vec/config/probe_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr int64_t kMostContext = 200;
constexpr int64_t kMostDeltas = 4;

[[noreturn]] void fail(std::string_view text, std::string_view what) {
  throw ConfigError(fmt::format(
      "[probe] inputs: \"{}\": {}; expected logmel, mfcc, a layer (z, c, encoder.<i>, context.<i>) or "
      "mix(z,c), with random: or tuned: before a layer, cmvn: before any, and +<deltas> and [<first "
      "frame>,<last frame>] behind, as in cmvn:logmel[-20,0]",
      printable(text.substr(0, 60)), what));
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "[-20,0]" at the end.
void take_context(std::string_view whole, std::string_view& text, ProbeInput& input) {
  if (!text.ends_with(']')) return;
  const size_t open = text.rfind('[');
  if (open == std::string_view::npos) fail(whole, "']' without '['");
  const std::string_view range = text.substr(open + 1, text.size() - open - 2);
  const size_t comma = range.find(',');
  if (comma == std::string_view::npos) fail(whole, "the context has no comma");
  const auto first = whole_number(range.substr(0, comma));
  const auto last = whole_number(range.substr(comma + 1));
  if (!first || !last || *first > *last || *first < -kMostContext || *last > kMostContext)
    fail(whole,
         fmt::format("the context is not [<first frame>,<last frame>] within -{0} to {0}", kMostContext));
  input.first_frame = *first;
  input.last_frame = *last;
  text = text.substr(0, open);
}

void take_deltas(std::string_view whole, std::string_view& text, ProbeInput& input) {
  const size_t plus = text.rfind('+');
  if (plus == std::string_view::npos) return;
  const auto order = whole_number(text.substr(plus + 1));
  if (!order || *order < 1 || *order > kMostDeltas)
    fail(whole, fmt::format("deltas are +1 to +{}", kMostDeltas));
  input.delta_order = *order;
  text = text.substr(0, plus);
}

bool looks_like_layer(std::string_view name) {
  if (name == "z" || name == "c") return true;
  for (const std::string_view kind : {"encoder.", "context."}) {
    if (name.starts_with(kind)) return whole_number(name.substr(kind.size())).value_or(-1) >= 0;
  }
  return false;
}

std::vector<std::string> layers_of(std::string_view whole, std::string_view text) {
  if (take_prefix(text, "mix(")) {
    if (!text.ends_with(')')) fail(whole, "mix( without ')'");
    text.remove_suffix(1);
  } else if (text.find(',') != std::string_view::npos) {
    fail(whole, "several layers are written mix(z,c)");
  }
  std::vector<std::string> layers;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view layer = text.substr(begin, end - begin);
    if (!looks_like_layer(layer)) fail(whole, fmt::format("no features \"{}\"", printable(layer)));
    layers.emplace_back(layer);
    begin = end + 1;
  }
  return layers;
}

}  // namespace

ProbeInput parse_probe_input(std::string_view text) {
  ProbeInput input{.name = std::string(text)};
  std::string_view rest = text;
  input.utterance_cmvn = take_prefix(rest, "cmvn:");
  if (take_prefix(rest, "random:")) {
    input.source = ProbeInput::Source::random_model;
  } else {
    input.tuned = take_prefix(rest, "tuned:");
  }
  take_context(text, rest, input);
  take_deltas(text, rest, input);
  if (rest == "logmel" || rest == "mfcc") {
    if (input.source == ProbeInput::Source::random_model || input.tuned)
      fail(text, "random: and tuned: are for layers of a model");
    input.source = rest == "logmel" ? ProbeInput::Source::logmel : ProbeInput::Source::mfcc;
    return input;
  }
  input.layers = layers_of(text, rest);
  const bool one_end = input.layers.size() == 1 && (input.layers[0] == "z" || input.layers[0] == "c");
  if (input.tuned && (!one_end || input.utterance_cmvn || input.delta_order > 0 || input.first_frame != 0 ||
                      input.last_frame != 0))
    fail(text, "only z or c can be tuned, without cmvn, deltas and stacking");
  return input;
}

}  // namespace wav2vec
