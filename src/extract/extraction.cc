#include "wav2vec/extract/extraction.h"

#include <fmt/format.h>

#include <deque>
#include <future>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/extract/decoded_waveform.h"

namespace wav2vec {
namespace {

/// Decodes the next utterances on threads of their own while the caller works on one, and gives them out in
/// order.
class DecodeAhead {
 public:
  DecodeAhead(std::span<const Utterance> utterances, const ExtractionOptions& options)
      : utterances_(utterances), options_(options) {
    start_more();
  }

  /// Of the next utterance; throws what decoding it threw.
  std::unique_ptr<DecodedWaveform> next() {
    std::future<std::unique_ptr<DecodedWaveform>> first = std::move(pending_.front());
    pending_.pop_front();
    first.wait();
    start_more();
    return first.get();
  }

 private:
  void start_more() {
    while (started_ < utterances_.size() && std::ssize(pending_) < options_.decode_ahead) {
      const Utterance& u = utterances_[started_++];
      pending_.push_back(std::async(std::launch::async, [this, &u] {
        return decode_utterance(u, options_.audio, options_.scratch_folder);
      }));
    }
  }

  std::span<const Utterance> utterances_;
  const ExtractionOptions& options_;
  size_t started_ = 0;
  std::deque<std::future<std::unique_ptr<DecodedWaveform>>> pending_;
};

void extract_one(const Utterance& u, const FeatureSource& source, const WaveformSource& waveform,
                 const ConsumeFeatures& consume) {
  try {
    source.extract(waveform, [&](size_t which, const FeatureRows& rows) { consume(u, which, rows); });
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", printable(u.audio.string()), error.what()));
  }
}

}  // namespace

ExtractionResult extract_utterances(std::span<const Utterance> utterances, const FeatureSource& source,
                                    const ExtractionOptions& options, const ConsumeFeatures& consume,
                                    const ExtractionProgress& progress) {
  ExtractionResult result;
  DecodeAhead decoder(utterances, options);
  int64_t done = 0;
  for (const Utterance& u : utterances) {
    try {
      const std::unique_ptr<DecodedWaveform> waveform = decoder.next();
      extract_one(u, source, waveform->source(), consume);
      ++result.utterances;
      if (!waveform->damage.empty())
        result.damaged.push_back(fmt::format("{}: {}", printable(u.audio.string()), waveform->damage));
      result.audio_seconds +=
          static_cast<double>(waveform->samples()) / static_cast<double>(source.sample_rate_hz);
    } catch (const DataError& error) {
      result.failures.emplace_back(error.what());
    }
    if (!progress(++done, result.audio_seconds)) break;
  }
  return result;
}

}  // namespace wav2vec
