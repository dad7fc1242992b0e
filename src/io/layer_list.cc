#include "wav2vec/io/layer_list.h"

#include <fmt/format.h>

#include <optional>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr size_t kMaxLayers = 64;
constexpr int64_t kMaxNumber = 1'000'000;
constexpr size_t kMaxCharacters = 4096;
constexpr int kMaxDepth = 8;

class LayerListParser {
 public:
  explicit LayerListParser(std::string_view text) : text_(text) {}

  std::vector<LayerTriple> run() {
    if (text_.size() > kMaxCharacters) fail(fmt::format("at most {} characters", kMaxCharacters));
    std::vector<LayerTriple> layers = sum(0);
    if (peek() != '\0' || at_ < text_.size()) fail("the end");
    return layers;
  }

 private:
  using Layers = std::vector<LayerTriple>;

  [[noreturn]] void fail(std::string_view expected) const {
    constexpr size_t kMost = 200;
    throw FormatError(
        fmt::format("\"{}\" is no list of (channels, kernel, stride): expected {} at character {}",
                    printable(text_.substr(0, kMost)), expected, at_));
  }

  /// The next character that is no blank; NUL at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char c) {
    if (c == '\0' || peek() != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail(fmt::format("'{}'", c));
  }

  int64_t number() {
    int64_t value = 0;
    if (peek() < '0' || peek() > '9') fail("a number");
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      value = value * 10 + (text_[at_] - '0');
      if (value > kMaxNumber) fail(fmt::format("a number up to {}", kMaxNumber));
    }
    return value;
  }

  Layers sum(int depth) {
    if (depth > kMaxDepth) fail(fmt::format("at most {} nested brackets", kMaxDepth));
    Layers layers = product(depth);
    while (accept('+')) append(layers, product(depth));
    return layers;
  }

  void append(Layers& layers, const Layers& more) const {
    if (layers.size() + more.size() > kMaxLayers) fail(fmt::format("at most {} layers", kMaxLayers));
    layers.insert(layers.end(), more.begin(), more.end());
  }

  /// One list, and numbers that repeat it.
  Layers product(int depth) {
    std::optional<Layers> base;
    int64_t repeats = 1;
    do {
      if (peek() >= '0' && peek() <= '9') {
        repeats *= number();
        if (repeats > kMaxNumber) fail(fmt::format("at most {} layers", kMaxLayers));
      } else {
        if (base) fail("a number");
        base = list(depth);
      }
    } while (accept('*'));
    if (!base) fail("a list");
    if (base->size() * static_cast<size_t>(repeats) > kMaxLayers)
      fail(fmt::format("at most {} layers", kMaxLayers));
    Layers layers;
    if (base->empty()) return layers;
    for (int64_t i = 0; i < repeats; ++i) append(layers, *base);
    return layers;
  }

  Layers list(int depth) {
    if (accept('(')) {
      Layers inner = sum(depth + 1);
      expect(')');
      return inner;
    }
    expect('[');
    Layers layers;
    while (!accept(']')) {
      append(layers, {triple()});
      if (accept(',')) continue;
      expect(']');
      break;
    }
    return layers;
  }

  LayerTriple triple() {
    const bool square = accept('[');
    if (!square) expect('(');
    LayerTriple values{};
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) expect(',');
      values[i] = number();
    }
    accept(',');
    expect(square ? ']' : ')');
    return values;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::vector<LayerTriple> parse_layer_list(std::string_view text) { return LayerListParser(text).run(); }

}  // namespace wav2vec
