#include "wav2vec/text/reading.h"

#include <algorithm>

namespace wav2vec {

void append_words(Reading& reading, const Reading& words) {
  if (words.text.empty()) return;
  if (!reading.text.empty()) {
    const ByteRange before = reading.source.back();
    const ByteRange after = words.source.front();
    const size_t begin = std::max(before.begin, std::min(before.end, after.begin));
    reading.text += ' ';
    reading.source.push_back({begin, std::max(before.end, std::min(after.begin, after.end))});
  }
  reading.text += words.text;
  if (!reading.written.empty()) reading.written += ' ';
  reading.written += words.written;
  reading.source.insert(reading.source.end(), words.source.begin(), words.source.end());
}

}  // namespace wav2vec
