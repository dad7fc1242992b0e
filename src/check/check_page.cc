#include "wav2vec/check/check_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "wav2vec/core/escape.h"
#include "wav2vec/core/page.h"

namespace wav2vec {

extern const std::string_view kCheckPage;  // check_page.html

namespace {

constexpr std::string_view kLevels = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr int64_t kMostPieces = 150'000;  // a byte each: 10 ms in 25 minutes, 50 ms in two hours

}  // namespace

LoudnessPicture loudness_picture(std::span<const float> powers, double hop_seconds, int64_t most_pieces) {
  const int64_t hops_each = std::max<int64_t>(1, (std::ssize(powers) + most_pieces - 1) / most_pieces);
  const float loudest = powers.empty() ? 0.0F : *std::ranges::max_element(powers);
  LoudnessPicture picture{.levels = {}, .piece_seconds = static_cast<double>(hops_each) * hop_seconds};
  for (int64_t first = 0; first < std::ssize(powers); first += hops_each) {
    const auto piece = powers.subspan(static_cast<size_t>(first),
                                      static_cast<size_t>(std::min(hops_each, std::ssize(powers) - first)));
    const float power = *std::ranges::max_element(piece);
    const double below = power > 0.0F ? 10.0 * std::log10(static_cast<double>(loudest) / power) : 1e9;
    picture.levels += kLevels[static_cast<size_t>(std::clamp(std::round(63.0 - below), 0.0, 63.0))];
  }
  return picture;
}

std::string relative_address(const std::filesystem::path& file, const std::filesystem::path& page) {
  namespace fs = std::filesystem;
  // As a browser resolves it, which knows nothing of symbolic links.
  const fs::path folder = fs::absolute(page).lexically_normal().parent_path();
  const std::string path = fs::absolute(file).lexically_normal().lexically_relative(folder).string();
  std::string address;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain)
      address += c;
    else
      address += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return address;
}

std::string check_page(const CheckReport& report, const CheckPageExtras& extras) {
  const LoudnessPicture picture = loudness_picture(extras.powers, extras.hop_seconds, kMostPieces);
  const nlohmann::ordered_json more{{"media", extras.media_address},
                                    {"command", extras.retime_command},
                                    {"bin_s", picture.piece_seconds},
                                    {"levels", picture.levels}};
  const auto name = std::filesystem::path(report.subtitle).filename().string();
  return fill_page(kCheckPage, {{"TITLE", escape_html(printable(name))},
                                {"REPORT", escape_json_for_html(check_json(report))},
                                {"EXTRAS", escape_json_for_html(more.dump(
                                               -1, ' ', false, nlohmann::json::error_handler_t::replace))}});
}

}  // namespace wav2vec
