#include "wav2vec/io/checkpoint.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "io/checkpoint_manifest.h"
#include "support/captured_stderr.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPlenty = uint64_t{1} << 30;

std::string content_of(int64_t update, std::string_view name, size_t bytes) {
  std::string text = fmt::format("{} of {} ", name, update);
  while (text.size() < bytes)
    text += static_cast<char>('a' + (update + static_cast<int64_t>(text.size())) % 26);
  return text;
}

std::vector<CheckpointFile> files_of(int64_t update, size_t bytes = 100) {
  std::vector<CheckpointFile> files;
  for (const char* name : {"model.safetensors", "state.safetensors"})
    files.push_back({name, [=](const fs::path& path) { write_file(path, content_of(update, name, bytes)); }});
  return files;
}

void save(CheckpointStore& store, int64_t update) {
  store.save(update, files_of(update), {{"update_text", fmt::to_string(update)}});
}

bool is_whole(const Checkpoint& checkpoint, size_t bytes = 100) {
  for (const char* name : {"model.safetensors", "state.safetensors"}) {
    if (read_file(checkpoint.file(name), kPlenty) != content_of(checkpoint.update, name, bytes)) return false;
  }
  return checkpoint.facts.at("update_text") == fmt::to_string(checkpoint.update);
}

/// Update of the newest intact step as a fresh process sees it; −1 for none, −2 for CheckpointError.
int64_t newest(const fs::path& run) {
  try {
    const auto checkpoint = CheckpointStore(run).load_newest();
    if (!checkpoint) return -1;
    CHECK(is_whole(*checkpoint));
    return checkpoint->update;
  } catch (const CheckpointError&) {
    return -2;
  }
}

/// A run with the steps 1000 and 2000.
struct Run {
  Run() : store(folder.path()) {
    save(store, 1000);
    save(store, 2000);
  }
  fs::path checkpoints() const { return folder.path() / "checkpoints"; }
  fs::path step(int64_t update) const { return checkpoints() / fmt::format("step_{:08}", update); }

  TemporaryFolder folder;
  CheckpointStore store;
};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Overwrites the file in place, without AtomicFile.
void damage(const fs::path& path, const std::string& bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
  std::fclose(file);
}

// ---- life of a run ----------------------------------------------------------------------------------

TEST_CASE("a run that has saved nothing has no checkpoint") {
  const TemporaryFolder folder;
  CHECK(newest(folder.path()) == -1);
  CHECK(newest(folder.path() / "none") == -1);
  fs::create_directory(folder.path() / "checkpoints");
  CHECK(newest(folder.path()) == -1);
  CHECK(CheckpointStore(folder.path()).updates().empty());
}

TEST_CASE("what is saved is loaded, the newest first, whatever the clock says") {
  const Run run;
  fs::last_write_time(run.step(2000), fs::file_time_type::clock::now() - std::chrono::hours(24 * 365));
  CHECK(newest(run.folder.path()) == 2000);
  CHECK(read_file(run.checkpoints() / "latest", kPlenty) == "step_00002000\n");
  CHECK(names_in(run.step(2000)) ==
        std::vector<std::string>{"manifest.json", "model.safetensors", "state.safetensors"});
  CHECK(names_in(run.checkpoints()) == std::vector<std::string>{"latest", "step_00001000", "step_00002000"});
}

TEST_CASE("a step beyond eight digits is still the newest") {
  Run run;
  save(run.store, 123456789012);
  CHECK(newest(run.folder.path()) == 123456789012);
}

TEST_CASE("a step can be saved again") {
  Run run;
  damage(run.step(2000) / "model.safetensors", "x");
  save(run.store, 2000);
  CHECK(newest(run.folder.path()) == 2000);
  run.store.save(2000, files_of(2000), {{"update_text", "2000"}, {"more", "facts"}});
  CHECK(CheckpointStore(run.folder.path()).load_newest()->facts.at("more") == "facts");
  CHECK(names_in(run.checkpoints()) == std::vector<std::string>{"latest", "step_00001000", "step_00002000"});

  fs::remove_all(run.step(2000));
  write_file(run.step(2000), "a file in the place of the folder");
  save(run.store, 2000);
  CHECK(newest(run.folder.path()) == 2000);
}

TEST_CASE("prune keeps the newest and the best") {
  Run run;
  run.store.mark_best(1000, 3.25);
  for (int64_t update = 3000; update <= 6000; update += 1000) save(run.store, update);
  run.store.prune(2);
  CHECK(run.store.updates() == std::vector<int64_t>{1000, 5000, 6000});
  const auto best = CheckpointStore(run.folder.path()).best();
  REQUIRE(best.has_value());
  CHECK(best->update == 1000);
  CHECK(best->metric == 3.25);
  run.store.mark_best(6000, 0.1);
  CHECK(run.store.best()->metric == 0.1);
  run.store.prune(1);
  CHECK(run.store.updates() == std::vector<int64_t>{6000});
  CHECK(names_in(run.checkpoints()) == std::vector<std::string>{"best", "latest", "step_00006000"});
}

TEST_CASE("a damaged step does not push an intact one out") {
  Run run;
  save(run.store, 3000);
  damage(run.step(3000) / "state.safetensors", "x");
  CheckpointStore resumed(run.folder.path());
  const CapturedStderr quiet;
  CHECK(resumed.load_newest()->update == 2000);
  resumed.prune(1);
  CHECK(newest(run.folder.path()) == 2000);
}

TEST_CASE("prune removes what dead processes left and nothing else") {
  Run run;
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  const auto make = [&](const std::string& name) { fs::create_directory(run.checkpoints() / name); };
  make(fmt::format("step_00003000.tmp-{}", dead));
  make(fmt::format("step_00001000.removed-{}", dead));
  make(fmt::format("step_00001000.replaced-{}", dead));
  make(fmt::format("step_00000500.replaced-{}", dead));  // may be the only copy of 500
  make(fmt::format("step_00004000.tmp-{}", getppid()));
  make(fmt::format("mine.tmp-{}", dead));
  make("step_00001000 (copy)");
  write_file(run.checkpoints() / "x", "");
  damage(run.checkpoints() / fmt::format("latest.tmp-{}-0", dead), "");
  run.store.prune(2);
  std::vector<std::string> expected = {"latest",
                                       fmt::format("mine.tmp-{}", dead),
                                       fmt::format("step_00000500.replaced-{}", dead),
                                       "step_00001000",
                                       "step_00001000 (copy)",
                                       "step_00002000",
                                       fmt::format("step_00004000.tmp-{}", getppid()),
                                       "x"};
  CHECK(names_in(run.checkpoints()) == expected);
}

TEST_CASE("a replacement that was cut between its two renames loses nothing") {
  Run run;
  fs::rename(run.step(2000), run.step(2000) += ".replaced-1");
  CHECK(newest(run.folder.path()) == 2000);
  save(run.store, 3000);
  CHECK(newest(run.folder.path()) == 3000);
}

TEST_CASE("one step can be asked for") {
  Run run;
  CHECK(is_whole(run.store.load(1000)));
  CHECK_THROWS_AS(run.store.load(1500), CheckpointError);
  damage(run.step(1000) / "model.safetensors", "x");
  CHECK_THROWS_AS(run.store.load(1000), CheckpointError);
}

TEST_CASE("wrong use is a bug") {
  Run run;
  CHECK_THROWS_AS(run.store.save(-1, files_of(1), {}), InternalError);
  CHECK_THROWS_AS(run.store.prune(0), InternalError);
  CHECK_THROWS_AS(run.store.mark_best(1000, 0.0 / 0.0), InternalError);
  CHECK_THROWS_AS(run.store.mark_best(1500, 1.0), InternalError);
  for (const char* name : {"", "..", "a/b", "/a", "manifest.json"}) {
    const CheckpointFile file{name, [](const fs::path& path) { write_file(path, "x"); }};
    CHECK_THROWS_AS(run.store.save(3000, {&file, 1}, {}), InternalError);
  }
  CHECK(newest(run.folder.path()) == 2000);
  CHECK(names_in(run.checkpoints()) == std::vector<std::string>{"latest", "step_00001000", "step_00002000"});
}

// ---- damage -----------------------------------------------------------------------------------------

TEST_CASE("every flipped bit of every file is noticed, named, and the step before is used") {
  Run run;
  const CapturedStderr warnings;
  for (const char* name : {"manifest.json", "model.safetensors", "state.safetensors"}) {
    const fs::path path = run.step(2000) / name;
    const std::string good = read_file(path, kPlenty);
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
      damage(path, bad);
      CAPTURE(name);
      CAPTURE(bit);
      REQUIRE(newest(run.folder.path()) == 1000);
    }
    damage(path, good);
    CHECK(warnings.contains(path.string() + ": "));
    CHECK(newest(run.folder.path()) == 2000);
  }
  CHECK(warnings.contains("step_00001000: used instead: the newest intact checkpoint"));
}

TEST_CASE("every truncation, zeros, appended bytes and a missing file are noticed") {
  Run run;
  const CapturedStderr warnings;
  for (const char* name : {"manifest.json", "model.safetensors", "state.safetensors"}) {
    CAPTURE(name);
    const fs::path path = run.step(2000) / name;
    const std::string good = read_file(path, kPlenty);
    for (size_t n = 0; n < good.size(); ++n) {
      damage(path, good.substr(0, n));
      REQUIRE(newest(run.folder.path()) == 1000);
    }
    const std::string others[] = {
        std::string(good.size(), '\0'),
        good + '\0',
        good + good,
        good + " ",
        good.substr(0, good.size() / 2) + std::string(good.size() - good.size() / 2, '\0'),
        std::string((size_t{1} << 20) + 1, '{')};
    for (const std::string& bad : others) {
      damage(path, bad);
      REQUIRE(newest(run.folder.path()) == 1000);
    }
    fs::remove(path);
    REQUIRE(newest(run.folder.path()) == 1000);
    fs::create_directory(path);
    REQUIRE(newest(run.folder.path()) == 1000);
    fs::remove(path);
    fs::create_symlink(path, path);
    REQUIRE(newest(run.folder.path()) == 1000);
    fs::remove(path);
    damage(path, good);
  }
  CHECK(newest(run.folder.path()) == 2000);
}

TEST_CASE("folders that are not what their name says") {
  Run run;
  const CapturedStderr warnings;
  fs::copy(run.step(1000), run.step(3000), fs::copy_options::recursive);
  CHECK(newest(run.folder.path()) == 2000);
  CHECK(warnings.contains("step_00003000/manifest.json: belongs to update 1000, expected 3000"));
  fs::remove_all(run.step(3000));
  fs::create_directory(run.step(3000));
  CHECK(newest(run.folder.path()) == 2000);
  fs::remove(run.step(3000));
  fs::create_symlink("nowhere", run.step(3000));
  CHECK(newest(run.folder.path()) == 2000);
  fs::remove(run.step(3000));
  write_file(run.step(3000), "a file");
  CHECK(newest(run.folder.path()) == 2000);
  fs::remove(run.step(3000));

  // Swapped files of equal size.
  fs::rename(run.step(2000) / "model.safetensors", run.step(2000) / "x");
  fs::copy(run.step(1000) / "model.safetensors", run.step(2000) / "model.safetensors");
  CHECK(newest(run.folder.path()) == 1000);
  fs::rename(run.step(2000) / "x", run.step(2000) / "model.safetensors");

  for (const char* name : {"step_10", "step_0010", "step_9223372036854775808", "step_-0000001",
                           "step_00009000 ", "step_", "step_00009000.bak", "step_\x1b[2J"}) {
    fs::copy(run.step(1000), run.checkpoints() / name, fs::copy_options::recursive);
  }
  fs::create_directory(run.checkpoints() / "step_00009000.tmp-1");
  CHECK(newest(run.folder.path()) == 2000);
  CHECK_FALSE(warnings.contains("\x1b"));
}

TEST_CASE("unknown extra files are named and do no harm") {
  const Run run;
  write_file(run.step(2000) / ".DS_Store", "x");
  const CapturedStderr warnings;
  CHECK(newest(run.folder.path()) == 2000);
  CHECK(warnings.contains("step_00002000/.DS_Store: does not belong to the checkpoint"));
}

TEST_CASE("a copied run is a run") {
  const Run run;
  const TemporaryFolder other;
  fs::copy(run.folder.path(), other.path() / "a b\n", fs::copy_options::recursive);
  CHECK(newest(other.path() / "a b\n") == 2000);
}

TEST_CASE("latest is never needed") {
  Run run;
  const fs::path latest = run.checkpoints() / "latest";
  for (const std::string& text : {std::string(), std::string("x"), std::string("step_00009999\n"),
                                  std::string("\xff\x00\x1b", 3), std::string(1 << 20, 'a')}) {
    damage(latest, text);
    CHECK(newest(run.folder.path()) == 2000);
  }
  fs::remove(latest);
  CHECK(newest(run.folder.path()) == 2000);
  fs::create_symlink("latest", latest);
  CHECK(newest(run.folder.path()) == 2000);
  save(run.store, 3000);
  CHECK(read_file(latest, kPlenty) == "step_00003000\n");
}

TEST_CASE("a garbage best mark is named and ignored") {
  const Run run;
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("step_00001000\n"), std::string("step_00001000 nan\n"),
        std::string("step_00001000 inf"), std::string("step_1000 1.0"), std::string("step_00001000 1.0 "),
        std::string("\xff\x1b"), std::string(1 << 20, 'a')}) {
    damage(run.checkpoints() / "best", text);
    const CapturedStderr warnings;
    CHECK_FALSE(run.store.best().has_value());
    CHECK(warnings.contains("checkpoints/best: "));
    CHECK_FALSE(warnings.contains("\x1b"));
  }
}

TEST_CASE("checkpoints of which none is intact are an error, never a fresh start") {
  Run run;
  const CapturedStderr warnings;
  damage(run.step(1000) / "model.safetensors", "x");
  damage(run.step(2000) / "manifest.json", "{}");
  CHECK(newest(run.folder.path()) == -2);
  CHECK(warnings.contains("step_00001000/model.safetensors: 1 bytes, expected 100"));
  CHECK(warnings.contains("step_00002000/manifest.json: damaged"));
  fs::remove_all(run.step(1000));
  fs::remove_all(run.step(2000));
  CHECK(newest(run.folder.path()) == -2);  // `latest` says that there was one
  fs::remove(run.checkpoints() / "latest");
  CHECK(newest(run.folder.path()) == -1);
  fs::create_directory(run.checkpoints() / "step_10");
  CHECK(newest(run.folder.path()) == -2);
  fs::remove_all(run.checkpoints());
  write_file(run.checkpoints(), "a file");
  CHECK(newest(run.folder.path()) == -2);
}

TEST_CASE("manifests that are well-formed and wrong") {
  Run run;
  const CapturedStderr quiet;
  CheckpointManifest manifest = read_manifest(run.step(2000), 2000);
  const auto written = [&](const CheckpointManifest& changed) {
    damage(run.step(2000) / "manifest.json", format_manifest(changed));
    return newest(run.folder.path());
  };
  CHECK(written(manifest) == 2000);
  for (const char* name : {"../step_00001000/model.safetensors", "..", "/etc/passwd", "", "manifest.json"}) {
    CheckpointManifest changed = manifest;
    changed.files[0].name = name;
    CHECK(written(changed) == 1000);
  }
  CheckpointManifest twice = manifest;
  twice.files.push_back(twice.files[0]);
  CHECK(written(twice) == 1000);
  CheckpointManifest large = manifest;
  large.files[0].bytes = ~uint64_t{0};
  CHECK(written(large) == 1000);
  CheckpointManifest negative = manifest;
  negative.update = -1;
  CHECK(written(negative) == 1000);
  damage(run.step(2000) / "manifest.json",
         "{\"checkpoint\":" + std::string(400000, '[') + std::string(400000, ']') + "}");
  CHECK(newest(run.folder.path()) == 1000);
}

TEST_CASE("a checkpoint of a newer version is refused by name, not skipped") {
  // The text that a program of format 2 would write, with the right checksum.
  Run run;
  const std::string inner = "{\"version\":2}";
  damage(run.step(2000) / "manifest.json",
         fmt::format("{{\n  \"checkpoint\": {{\n    \"version\": 2\n  }},\n  \"crc32c\": \"{:08x}\"\n}}\n",
                     crc32c(inner.data(), inner.size())));
  CHECK_THROWS_WITH_AS(
      CheckpointStore(run.folder.path()).load_newest(),
      (run.step(2000).string() +
       "/manifest.json: written by a newer version of the program (format 2, this one knows 1); "
       "use that version")
          .c_str(),
      CheckpointError);
}

// ---- the model that a path means --------------------------------------------------------------------

TEST_CASE("--model takes a file, a step or a run") {
  Run run;
  const fs::path file = run.step(1000) / "model.safetensors";
  CHECK(resolve_model_path(file) == file);
  CHECK(resolve_model_path(run.step(1000)) == file);
  CHECK(fs::equivalent(resolve_model_path(run.folder.path()), run.step(2000) / "model.safetensors"));
  run.store.mark_best(1000, 1.0);
  CHECK(fs::equivalent(resolve_model_path(run.folder.path()), file));
  const TemporaryFolder plain;
  write_file(plain.path() / "model.safetensors", "x");
  CHECK(resolve_model_path(plain.path()) == plain.path() / "model.safetensors");

  const CapturedStderr warnings;
  damage(run.step(1000) / "state.safetensors", "x");
  CHECK(fs::equivalent(resolve_model_path(run.folder.path()), run.step(2000) / "model.safetensors"));
  CHECK(warnings.contains("using the newest checkpoint instead of the best"));
  CHECK_THROWS_AS(resolve_model_path(run.step(1000)), CheckpointError);
}

TEST_CASE("--model explains what it cannot use") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(resolve_model_path(folder.path() / "none"), DataError);
  CHECK_THROWS_AS(resolve_model_path(folder.path()), DataError);
  fs::create_directory(folder.path() / "checkpoints");
  CHECK_THROWS_AS(resolve_model_path(folder.path()), CheckpointError);
}

// ---- killed at any moment ---------------------------------------------------------------------------

/// A child that saves 1, 2, 3, … and tells each saved update through the pipe.
[[noreturn]] void save_for_ever(const fs::path& run, int acknowledge, int64_t first) {
  try {
    CheckpointStore store(run);
    for (int64_t update = first;; ++update) {
      save(store, update);
      if (::write(acknowledge, &update, sizeof update) != sizeof update) _exit(1);
      if (update % 3 == 0) save(store, update);  // again, over itself
      if (update % 5 == 0) store.mark_best(update, 1.0);
      store.prune(2);
    }
  } catch (...) {
    _exit(2);
  }
}

TEST_CASE("SIGKILL at any moment: the last acknowledged step or a newer one is there and whole") {
  const TemporaryFolder run;
  const RandomStream random(3, RandomUse::shuffle, {});
  int64_t acknowledged = 0;
  int cut_saves = 0;
  for (uint64_t round = 0; round < 400 && (round < 30 || cut_saves < 30); ++round) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) save_for_ever(run.path(), ends[1], acknowledged + 1);
    ::close(ends[1]);
    // The first acknowledgement shows that the child is at work; from there on it does nothing but save.
    int64_t update = 0;
    if (::read(ends[0], &update, sizeof update) == sizeof update) acknowledged = update;
    ::usleep(static_cast<useconds_t>(random.below(round, 12000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    while (::read(ends[0], &update, sizeof update) == sizeof update) acknowledged = update;
    ::close(ends[0]);

    const std::string marker = fmt::format(".tmp-{}", child);
    for (const std::string& name : names_in(run.path() / "checkpoints"))
      cut_saves += name.find(marker) != std::string::npos ? 1 : 0;

    REQUIRE(acknowledged > 0);
    const CapturedStderr warnings;
    const auto found = CheckpointStore(run.path()).load_newest();
    REQUIRE(found.has_value());
    REQUIRE(found->update >= acknowledged);
    REQUIRE(is_whole(*found));
    REQUIRE(warnings.text() == "");  // a kill damages nothing, so nothing falls back
  }
  CHECK(cut_saves >= 30);  // enough of the kills fell into a save
  CheckpointStore store(run.path());
  store.prune(2);
  for (const std::string& name : names_in(run.path() / "checkpoints")) {
    CAPTURE(name);
    CHECK(name.find(".tmp-") == std::string::npos);
    CHECK(name.find(".removed-") == std::string::npos);
  }
}

// ---- the disk refuses -------------------------------------------------------------------------------

/// Runs `work` in a child whose files may not grow beyond `bytes`; true when it threw DiskError naming
/// `part`.
bool fails_with_disk_error(rlim_t bytes, const std::string& part, const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      work();
    } catch (const DiskError& error) {
      _exit(std::string(error.what()).find(part) == std::string::npos ? 3 : 0);
    } catch (...) {
      _exit(4);
    }
    _exit(5);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("a disk that fills at any byte of a save leaves the old checkpoints and no trace") {
  Run run;
  constexpr size_t kModelBytes = 2000;
  const std::vector<std::string> before = names_in(run.checkpoints());
  for (rlim_t bytes = 0; bytes < kModelBytes; bytes += bytes < 20 ? 1 : 97) {
    CAPTURE(bytes);
    REQUIRE(fails_with_disk_error(bytes, "step_00003000.tmp-", [&] {
      CheckpointStore store(run.folder.path());
      store.save(3000, files_of(3000, kModelBytes), {});
    }));
    REQUIRE(newest(run.folder.path()) == 2000);
    REQUIRE(names_in(run.checkpoints()) == before);
  }
}

TEST_CASE("folders that cannot be made or written are disk errors with their path") {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "x");
  CheckpointStore store(folder.path() / "file");
  CHECK_THROWS_AS(save(store, 1), DiskError);
  write_file(folder.path() / "run" / "checkpoints", "x");
  CheckpointStore other(folder.path() / "run");
  CHECK_THROWS_AS(save(other, 1), DiskError);
}

TEST_CASE("an error while writing a file leaves the store as it was") {
  Run run;
  const CheckpointFile files[] = {{"a", [](const fs::path& path) { write_file(path, "x"); }},
                                  {"b", [](const fs::path&) { throw NumericError("not finite"); }}};
  CHECK_THROWS_AS(run.store.save(3000, files, {}), NumericError);
  const CheckpointFile nothing{"a", [](const fs::path&) {}};
  CHECK_THROWS_AS(run.store.save(3000, {&nothing, 1}, {}), DiskError);
  CHECK(names_in(run.checkpoints()) == std::vector<std::string>{"latest", "step_00001000", "step_00002000"});
}

TEST_CASE("free space is asked for beforehand") {
  const TemporaryFolder folder;
  CHECK_NOTHROW(require_free_space(folder.path(), 1));
  try {
    require_free_space(folder.path(), uint64_t{1} << 60);
    FAIL_CHECK("accepted");
  } catch (const DiskError& error) {
    const std::string message = error.what();
    CHECK(message.starts_with(folder.path().string() + ": needs 1099511627776.0 MiB"));
    CHECK(message.find("has ") != std::string::npos);
  }
}

}  // namespace
}  // namespace wav2vec
