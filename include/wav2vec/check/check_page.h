#pragma once
// What a check found, as one HTML file that loads nothing but the recording beside it.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "wav2vec/check/report.h"

namespace wav2vec {

/// What the page needs besides the report.
struct CheckPageExtras {
  std::string media_address = {};   ///< relative_address() of the recording; empty: the reader opens it
  std::string retime_command = {};  ///< that applies the suggested times; shown where there are some
  std::span<const float> powers =
      {};  ///< mean squares of the samples, hop after hop (RecordingScores::powers)
  double hop_seconds = 0.01;
};

/// How loud the recording is, for a picture: a letter of base64url for each piece of the same length, "A" for
/// silence, "_" for the loudest hop, one step down for every dB.
struct LoudnessPicture {
  std::string levels;
  double piece_seconds = 0.0;
};

/// Of at most `most_pieces` pieces; a piece is as loud as its loudest hop.
LoudnessPicture loudness_picture(std::span<const float> powers, double hop_seconds, int64_t most_pieces);

/// The address of `file` as a page in the file `page` names it: relative, its bytes escaped as in an URL.
std::string relative_address(const std::filesystem::path& file, const std::filesystem::path& page);

std::string check_page(const CheckReport& report, const CheckPageExtras& extras);

}  // namespace wav2vec
