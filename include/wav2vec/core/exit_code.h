#pragma once
// The exit codes of the whole program; docs/exit-codes.md is the table for users.

namespace wav2vec {

enum class ExitCode : int {
  ok = 0,
  problems_found = 1,      ///< the command worked and reports problems (doctor, extract)
  usage = 2,               ///< wrong command line or recipe
  some_inputs_failed = 3,  ///< bad input: an input, or some of several, could not be used
  no_checkpoint = 4,       ///< no usable checkpoint where one is needed
  disk = 5,                ///< disk full, folder not writable
  numeric = 6,             ///< training left the finite numbers too often in a row
  unsure = 7,              ///< a check cannot tell
  interrupted = 8,         ///< stopped by a signal, state saved
  communication = 9,       ///< another rank of the job does not answer
  internal = 70,           ///< a bug
};

}  // namespace wav2vec
