#include "wav2vec/data/doctor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "data/signal_checks.h"
#include "support/audio_files.h"
#include "support/temporary_folder.h"
#include "wav2vec/audio/resampler.h"

using namespace wav2vec;
using namespace wav2vec::test;
namespace fs = std::filesystem;

namespace {

struct Patient {
  TemporaryFolder temporary;
  Manifest manifest;

  fs::path add(const std::string& name, const std::vector<float>& samples, int rate_hz = 16000,
               int format = SF_FORMAT_WAV | SF_FORMAT_FLOAT, int channels = 1) {
    const fs::path path = temporary.path() / name;
    write_audio(path, samples, rate_hz, format, channels);
    Utterance u;
    u.id = name;
    u.audio = path;
    manifest.utterances.push_back(u);
    return path;
  }

  /// Kinds found for the last utterance, and whether it is kept.
  std::vector<FindingKind> findings_of_last(const DoctorOptions& options = {}) const {
    std::vector<FindingKind> kinds;
    for (const Finding& finding : examine_manifest(manifest, options).findings) {
      if (finding.utterance == std::ssize(manifest.utterances) - 1) kinds.push_back(finding.kind);
    }
    return kinds;
  }
  bool keeps_last(const DoctorOptions& options = {}) const {
    const Manifest cleaned = examine_manifest(manifest, options).cleaned;
    return !cleaned.utterances.empty() && cleaned.utterances.back().id == manifest.utterances.back().id;
  }
};

using Kinds = std::vector<FindingKind>;

}  // namespace

TEST_CASE("healthy files have no findings and keep their measured lengths") {
  Patient patient;
  patient.add("a.wav", noise(16000, 1));
  patient.add("b.flac", noise(20000, 2), 16000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  patient.add("c.ogg", noise(16000, 3), 16000, SF_FORMAT_OGG | SF_FORMAT_OPUS);
  patient.add("d.wav", noise(44100, 4), 44100);
  patient.add("loud.wav", noise(16000, 5, 1.0F));
  const DoctorReport report = examine_manifest(patient.manifest, {});
  for (const Finding& finding : report.findings) FAIL_CHECK(finding.detail);
  REQUIRE(report.cleaned.utterances.size() == 5);
  CHECK(report.cleaned.utterances[1].samples == 20000);
  CHECK(report.cleaned.utterances[3].samples == 16000);
}

TEST_CASE("every planted fault is found and nothing else") {
  Patient patient;
  const auto expect = [&](Kinds kinds) {
    CAPTURE(patient.manifest.utterances.back().id);
    CHECK(patient.findings_of_last() == kinds);
    CHECK(patient.keeps_last() == std::none_of(kinds.begin(), kinds.end(), is_fatal));
  };
  patient.add("good.wav", noise(16000, 1));
  expect({});
  write_bytes(patient.add("text.wav", noise(100, 1)), "this is not audio");
  expect({FindingKind::unreadable});
  fs::remove(patient.add("missing.wav", noise(100, 1)));
  expect({FindingKind::unreadable});
  patient.add("empty.wav", {});
  expect({FindingKind::empty});
  std::vector<float> bad = noise(16000, 2);
  bad[77] = std::numeric_limits<float>::quiet_NaN();
  patient.add("nan.wav", bad);
  expect({FindingKind::non_finite});
  patient.add("short.wav", noise(464, 3));
  expect({FindingKind::too_short});
  patient.add("one_frame.wav", noise(465, 3));
  expect({});
  patient.add("silent.wav", noise(16000, 4, 5e-4F));
  expect({FindingKind::silent});
  patient.add("copy.wav", noise(16000, 1));
  expect({FindingKind::duplicate});
  const fs::path cut = patient.add("cut.wav", noise(16000, 5));
  write_bytes(cut, read_bytes(cut).substr(0, 40000));
  expect({FindingKind::truncated});
  patient.add("lies.wav", noise(16000, 6));
  patient.manifest.utterances.back().samples = 20000;
  expect({FindingKind::length_mismatch});
  std::vector<float> clipped = noise(16000, 7, 3.0F);
  for (float& x : clipped) x = std::clamp(x, -1.0F, 1.0F);
  patient.add("clipped.wav", clipped);
  expect({FindingKind::clipped});
  std::vector<float> shifted = noise(16000, 8);
  for (float& x : shifted) x += 0.05F;
  patient.add("dc.wav", shifted);
  expect({FindingKind::dc_offset});
  patient.add("telephone.wav", resample(noise(8000, 9), 8000, 16000));
  expect({FindingKind::band_limited});
  patient.add("integers.wav", noise(16000, 10, 20000.0F));
  expect({FindingKind::over_range});
  std::vector<float> inverse;
  for (float x : noise(16000, 11)) inverse.insert(inverse.end(), {x, -0.98F * x});
  patient.add("inverse.wav", inverse, 16000, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 2);
  expect({FindingKind::cancelled});
}

TEST_CASE("cut files keep the length they have, strict leaves them out") {
  Patient patient;
  const fs::path cut = patient.add("cut.wav", noise(16000, 5), 16000, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  write_bytes(cut, read_bytes(cut).substr(0, 44 + 2 * 9000));
  const DoctorReport report = examine_manifest(patient.manifest, {});
  REQUIRE(report.cleaned.utterances.size() == 1);
  CHECK(report.cleaned.utterances[0].samples == 9000);
  CHECK(report.count(FindingKind::truncated) == 1);
  CHECK(examine_manifest(patient.manifest, {.audio = {}, .strict = true}).cleaned.utterances.empty());
}

TEST_CASE("two parts of one file are not each other's copies, two names of one part are") {
  Patient patient;
  const fs::path path = patient.add("a.wav", noise(16000, 1));
  patient.manifest.utterances[0].duration_seconds = 0.5;
  Utterance second = patient.manifest.utterances[0];
  second.id = "second";
  second.start_seconds = 0.5;
  patient.manifest.utterances.push_back(second);
  CHECK(examine_manifest(patient.manifest, {}).findings.empty());
  second.id = "third";
  patient.manifest.utterances.push_back(second);
  CHECK(patient.findings_of_last() == Kinds{FindingKind::duplicate});
}

TEST_CASE("the report does not depend on the number of jobs") {
  Patient patient;
  for (uint64_t i = 0; i < 20; ++i)
    patient.add(std::to_string(i) + ".wav", noise(4000, i % 7, i % 3 == 0 ? 1e-4F : 0.2F));
  const DoctorReport one = examine_manifest(patient.manifest, {});
  const DoctorReport four = examine_manifest(patient.manifest, {.audio = {}, .jobs = 4});
  CHECK(one.counts == four.counts);
  CHECK(one.cleaned.utterances == four.cleaned.utterances);
  REQUIRE(one.findings.size() == four.findings.size());
  for (size_t i = 0; i < one.findings.size(); ++i) {
    CHECK(one.findings[i].detail == four.findings[i].detail);
    CHECK(one.findings[i].utterance == four.findings[i].utterance);
  }
  CHECK(one.count(FindingKind::silent) == 7);
}

TEST_CASE("clipping counts runs of one sign at full scale only") {
  CHECK(clipped_share(std::vector<float>{1.0F, 1.0F, 0.0F, 1.0F, -1.0F, 1.0F, -1.0F}) == 0.0);
  CHECK(clipped_share(std::vector<float>{1.0F, 1.0F, 1.0F, -1.0F, -1.0F, -1.0F, -1.0F, 0.0F}) ==
        doctest::Approx(7.0 / 8.0));
  CHECK(clipped_share({}) == 0.0);
}
