// wav2vec: one program, one sub-command per file.

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/threads.h"
#include "wav2vec/train/job.h"

namespace {

using wav2vec::ExitCode;

// What to do without enough memory depends on what takes it.
std::string memory_message(const std::string& command) {
  if (command == "pretrain" || command == "bench")
    return "not enough memory; lower data.batch_samples or the channels of the model (bench: --batch or "
           "--seconds)";
  if (command == "extract")
    return "not enough memory; lower --memory-gib or --decode-ahead, or leave the largest inputs out";
  return "not enough memory for this input; look whether it is damaged, or take a machine with more";
}

// What one rank of a job cannot do ends the job. An error that all of them make is told once: rank 0 speaks
// first, and what it says ends the others.
ExitCode fail(const std::exception& error, ExitCode code) {
  const auto place = wav2vec::job_place();
  if (place && place->rank > 0) {
    // Where a rank is silent, others hear that, too, and rank 0 saves: it needs time to do so.
    const int patience_seconds = code == ExitCode::communication ? 120 : 1;
    for (int waited = 0; waited < patience_seconds && !wav2vec::app::stop_requested(); ++waited)
      std::this_thread::sleep_for(std::chrono::seconds(1));
    if (!wav2vec::app::stop_requested())  // SIGTERM of the launcher: somebody else has spoken
      std::fprintf(stderr, "wav2vec: rank %d: %s\n", place->rank, error.what());
  } else {
    std::fprintf(stderr, "wav2vec: %s\n", error.what());
  }
  wav2vec::end_job(static_cast<int>(code));
  return code;
}

ExitCode run_reporting_errors(const std::string& command, const std::function<ExitCode()>& run) {
  try {
    return run();
  } catch (const wav2vec::ConfigError& error) {
    return fail(error, ExitCode::usage);
  } catch (const wav2vec::DataError& error) {
    return fail(error, ExitCode::some_inputs_failed);
  } catch (const wav2vec::CheckpointError& error) {
    return fail(error, ExitCode::no_checkpoint);
  } catch (const wav2vec::DiskError& error) {
    return fail(error, ExitCode::disk);
  } catch (const wav2vec::NumericError& error) {
    return fail(error, ExitCode::numeric);
  } catch (const wav2vec::CommunicationError& error) {
    return fail(error, ExitCode::communication);
  } catch (const std::bad_alloc&) {
    const bool by_recipe = command == "pretrain" || command == "bench";
    return fail(std::runtime_error(memory_message(command)),
                by_recipe ? ExitCode::usage : ExitCode::some_inputs_failed);
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(
        std::runtime_error(fmt::format("{}: {}; choose another path",
                                       wav2vec::printable(error.path1().string()), error.code().message())),
        ExitCode::disk);
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) != 0) return ExitCode::disk;  // with_output_written() says it
    return fail(error, ExitCode::internal);
  } catch (const std::exception& error) {
    return fail(error, ExitCode::internal);
  }
}

// As it can be pasted into a shell again.
std::string quoted_command_line(int argc, char** argv) {
  std::string line = "wav2vec";
  for (int i = 1; i < argc; ++i) {
    line += " ";
    line += wav2vec::shell_word(argv[i]);
  }
  return line;
}

// libgomp reads its settings before main() runs. Its threads spin long while they wait, which on a machine
// that does anything else (our own decoding threads, a build) costs up to nine tenths of the speed; going to
// sleep at once costs a twentieth. So the program starts itself once more with a short wait, unless the user
// has made a setting.
void wait_shortly(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  ::setenv("GOMP_SPINCOUNT", "3000", 1);
  ::execv("/proc/self/exe", argv);
}

// oneDNN takes and returns scratch memory at every product; the system would clear its pages anew each time.
void keep_freed_memory() {
  constexpr int kLargest = 32 << 20;  // the most that glibc accepts
  ::mallopt(M_MMAP_THRESHOLD, kLargest);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

// Ranks that share a host share its cores, unless the launcher has given each its own or the user says more.
int threads_of(int asked) {
  const auto place = wav2vec::job_place();
  if (asked > 0 || !place || std::getenv("OMP_NUM_THREADS") != nullptr) return asked;
  const int fair = static_cast<int>(std::thread::hardware_concurrency()) / place->ranks_on_host;
  cpu_set_t mine;
  const int allowed = ::sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : fair;
  return std::max(1, std::min(allowed, fair));
}

// A file must never get the number of a closed standard stream: messages would end up in it. What is printed
// to a closed standard output fails, as it should: it is opened for reading only. The stand-ins do not
// survive wait_shortly(), so that the program finds again what was closed.
void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest number that is free, which is this one.
    ::open("/dev/null", (stream == STDERR_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
  }
}

// For the processes that we start.
void keep_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::fcntl(stream, F_SETFD, 0);
}

// One line, whatever the user typed; --help and --version are no errors.
ExitCode report_parse_result(const CLI::App& program, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    program.exit(error);
    std::cout.flush();
    return ExitCode::ok;
  }
  const std::vector<std::string> unknown = program.remaining();
  const std::string what = program.get_subcommands().empty() && !unknown.empty()
                               ? "no command \"" + unknown.front() + "\""
                               : std::string(error.what());
  const std::string command =
      program.get_subcommands().empty() ? "" : " " + program.get_subcommands().front()->get_name();
  std::fprintf(stderr, "wav2vec: %s; see wav2vec%s --help\n", wav2vec::printable(what).c_str(),
               command.c_str());
  return ExitCode::usage;
}

// What was printed must have arrived, or the exit code may not say so.
ExitCode with_output_written(ExitCode code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::fprintf(stderr, "wav2vec: standard output: cannot write; free some space or choose another place\n");
  return ExitCode::disk;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit on file sizes is an error like a full disk
  wait_shortly(argv);
  keep_standard_streams();
  keep_freed_memory();
  CLI::App program{"wav2vec learns speech representations from raw audio and puts them to work", "wav2vec"};
  program.set_version_flag("--version", fmt::format("wav2vec {}", wav2vec::app::kVersion));
  program.require_subcommand(1);
  wav2vec::app::GlobalOptions options;
  program.add_flag("-q,--quiet", options.quiet, "only warnings and errors on stderr");
  program.add_flag("-v,--verbose", options.verbose, "more detail on stderr");
  program.add_option("--threads", options.threads, "compute threads; 0 = all cores")
      ->check(CLI::Range(0, 4096));
  program.fallthrough();
  options.command_line = quoted_command_line(argc, argv);

  const std::vector<wav2vec::app::Command> commands = {
      wav2vec::app::add_manifest(program),
      wav2vec::app::add_doctor(program),
      wav2vec::app::add_pretrain(program, options),
      wav2vec::app::add_extract(program),
      wav2vec::app::add_merge(program),
      wav2vec::app::add_convert(program),
      wav2vec::app::add_inspect(program),
      wav2vec::app::add_probe(program, options),
      wav2vec::app::add_bench(program, options),
      wav2vec::app::add_plan(program, options),
      wav2vec::app::add_text(program),
      wav2vec::app::add_train_head(program),
      wav2vec::app::add_align(program),
      wav2vec::app::add_transcribe(program),
      wav2vec::app::add_compare_times(program),
      wav2vec::app::add_check(program),
      wav2vec::app::add_retime(program),
      wav2vec::app::add_lint(program),
      wav2vec::app::add_bench_check(program),
      wav2vec::app::add_test_head(program),
      wav2vec::app::add_programme(program),
      wav2vec::app::add_synthesise(program),
  };
  for (const auto& command : commands)
    command.app->footer(
        command.app->get_footer() +
        "\nEvery command also takes --threads N (0 = all cores), -q (quiet) and -v (verbose).");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(with_output_written(report_parse_result(program, error)));
  }
  wav2vec::set_log_level(options.quiet     ? wav2vec::LogLevel::quiet
                         : options.verbose ? wav2vec::LogLevel::debug
                                           : wav2vec::LogLevel::info);
  wav2vec::set_compute_threads(threads_of(options.threads));
  for (const auto& command : commands) {
    if (command.app->parsed())
      return static_cast<int>(
          with_output_written(run_reporting_errors(command.app->get_name(), command.run)));
  }
  return static_cast<int>(ExitCode::usage);
}
