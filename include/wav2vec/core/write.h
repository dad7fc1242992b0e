#pragma once

namespace wav2vec {

/// Whether a result replaces what its memory held or is added to it.
enum class Write { overwrite, accumulate };

}  // namespace wav2vec
