// One tidy HDF5 file of all utterances.

#include <fmt/format.h>

#include <optional>

#include "io/feature_writers.h"
#include "io/hdf5_file.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/io/feature_summary.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

/// Of an archive that a child process could read from end to end; libhdf5 may crash on a damaged one. Only a
/// damaged one is written anew: whatever else is wrong, it may hold what somebody needs.
IdSet ids_of_whole_archive(const fs::path& path) {
  try {
    summarize_hdf5(path);
    return hdf5_archive_ids(path);
  } catch (const FormatError&) {
    log_warning(fmt::format("{}: damaged; it is written anew", printable(path.string())));
    return {};
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}; choose another folder, or --overwrite to replace it", error.what()));
  }
}

class Hdf5Writer : public FeatureWriter {
 public:
  Hdf5Writer(FeaturePlace place, FeatureContract contract)
      : place_(std::move(place)),
        path_(place_.folder / ("features" + place_.part + ".h5")),
        contract_(std::move(contract)),
        standing_(place_.has(path_) ? ids_of_whole_archive(path_) : IdSet{}) {}

  bool has(std::string_view id) override {
    utterance_path(id);
    return standing_.contains(id);
  }

  void write(std::string_view id, const FeatureRows& rows) override {
    utterance_path(id);
    if (standing_.contains(id)) fail_id(id, "the id stands in the archive already");
    if (!file_) begin();
    require_place(id);
    whole_ = false;
    archive_->add(std::string(id), rows);
    whole_ = true;
    note(id);
  }

  void close() override {
    if (!whole_)
      throw DiskError(
          fmt::format("{}: not completed, for an earlier write failed", printable(path_.string())));
    std::error_code ignored;
    const bool stays = !file_ && fs::exists(path_, ignored);  // nothing to add, nor to replace it with
    if (!stays) {
      if (!file_) begin();
      archive_->close();
      file_->commit();
    }
    place_.locks.clear();
  }

 private:
  void begin() {
    const bool extends = !standing_.empty();
    file_.emplace(path_);
    if (extends) append_file(path_, fs::file_size(path_), *file_);
    archive_.emplace(*file_, contract_, extends);
    if (!extends) return;
    for (const std::string& id : hdf5_archive_ids(path_)) note(id);
  }

  void note(std::string_view id) {
    for (size_t slash = id.find('/'); slash != std::string_view::npos; slash = id.find('/', slash + 1))
      folders_.emplace(id.substr(0, slash));
    ids_.emplace(id);
  }

  /// A name is a matrix or a group of others, not both.
  void require_place(std::string_view id) const {
    if (ids_.contains(id)) fail_id(id, "the id occurs twice");
    if (folders_.contains(id)) fail_id(id, "the id is the folder of another one");
    for (size_t slash = id.find('/'); slash != std::string_view::npos; slash = id.find('/', slash + 1))
      if (ids_.contains(id.substr(0, slash))) fail_id(id, "its folder is the id of another one");
  }

  FeaturePlace place_;
  fs::path path_;
  FeatureContract contract_;
  IdSet standing_;
  std::optional<AtomicFile> file_;
  std::optional<Hdf5Archive> archive_;
  IdSet ids_;
  IdSet folders_;
  bool whole_ = true;  // false after a write that failed
};

}  // namespace

std::unique_ptr<FeatureWriter> make_hdf5_writer(FeaturePlace place, const FeatureContract& contract) {
  return std::make_unique<Hdf5Writer>(std::move(place), contract);
}

}  // namespace wav2vec
