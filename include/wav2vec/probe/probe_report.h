#pragma once
// What a probe found, for people and for programs.

#include <filesystem>
#include <string>

#include "wav2vec/probe/probe_results.h"

namespace wav2vec {

/// One sentence in Markdown on whether the best learned input (a layer of the model, a mix or a tuned one;
/// not `random:`) beats the baseline at each label budget; a row for every input and budget with error rates
/// in %, their intervals and the relative reduction against the baseline; and whatever the reader must know
/// (a single seed, learning rates at the edge, interrupted, failures). The best is the one with the fewest
/// errors on dev: chosen by its errors on test, its interval there would be too good. Nothing in a name,
/// message or command line becomes markup.
std::string probe_markdown(const ProbeResults& results);

/// Everything in `results` as one JSON object; rates are fractions, unknown numbers null. `against_baseline`
/// is null for the baseline itself and where it was not measured with the same labels.
std::string probe_json(const ProbeResults& results);

/// report.md, report.json and report.html (one self-contained page with the curve of labels against errors)
/// in `folder`, which is created. Throws DiskError.
void write_probe_report(const std::filesystem::path& folder, const ProbeResults& results);

}  // namespace wav2vec
