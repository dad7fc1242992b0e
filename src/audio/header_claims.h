#pragma once
// What a header claims, read without a decoder: libsndfile corrects a claim to the size of the file and so
// hides that the file is cut off.

#include <cstdint>

namespace wav2vec {

/// Frames that the header of a WAV or RF64 file claims, for codecs with a fixed number of bytes per frame;
/// -1 for other codecs and for sizes that stand for "not known when written" (a pipe).
int64_t claimed_wav_frames(int descriptor);

/// The same of a Sony Wave64 file.
int64_t claimed_w64_frames(int descriptor);

/// The sample_count of a NIST SPHERE header; -1 without one.
int64_t claimed_nist_frames(int descriptor);

/// The sample frames of an AIFF file's COMM chunk; -1 without one.
int64_t claimed_aiff_frames(int descriptor);

/// Whether the last page of an Ogg file lacks the end-of-stream flag (RFC 3533, header_type 0x04).
bool lacks_ogg_end(int descriptor);

}  // namespace wav2vec
