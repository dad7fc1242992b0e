// What is in an HDF5 file of features. libhdf5 only runs in a child process here.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>

#include "io/guarded_child.h"
#include "io/hdf5_handle.h"
#include "io/shown.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/feature_summary.h"
#include "wav2vec/io/random_access_file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kFeatures = "features";
constexpr int kMaxRank = 2;

// Here a FormatError means damage, and a DataError a file that is whole, but not what is read here.

/// Whether values lie in other files: those are never opened.
bool refers_to_files(hid_t creation) {
  return H5Pget_layout(creation) == H5D_VIRTUAL || H5Pget_external_count(creation) > 0;
}

std::vector<int64_t> shape_of(hid_t dataset) {
  const Hdf5Handle options(H5Dget_create_plist(dataset), H5Pclose);
  if (!options.valid()) throw FormatError("a dataset that cannot be read");
  if (refers_to_files(options)) throw DataError("a dataset with values in another file, which is not opened");
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  if (!type.valid() || !space.valid()) throw FormatError("a dataset that cannot be read");
  if (H5Tget_class(type) != H5T_FLOAT) throw DataError("a dataset of something else than floats");
  std::array<hsize_t, kMaxRank> extents{};
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 1 || rank > kMaxRank) throw DataError("a dataset that is no matrix");
  if (H5Sget_simple_extent_dims(space, extents.data(), nullptr) != rank)
    throw FormatError("a dataset that cannot be read");
  // Contiguous, as we write it, the values have to be there; other layouts (compressed) may leave some out.
  std::vector<int64_t> shape(extents.begin(), extents.begin() + rank);
  uint64_t bytes = H5Tget_size(type);
  for (const int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<uint64_t>(extent), &bytes))
      throw FormatError("a dataset of more than 2^64 bytes");
  if (H5Pget_layout(options) == H5D_CONTIGUOUS && bytes != H5Dget_storage_size(dataset))
    throw FormatError("a dataset without its values");
  return shape;
}

Json value_of(hid_t attribute) {
  const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
  const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
  if (!type.valid() || H5Sget_simple_extent_type(space) != H5S_SCALAR) return nullptr;
  if (H5Tget_class(type) == H5T_INTEGER) {
    int64_t number = 0;
    return H5Aread(attribute, H5T_NATIVE_INT64, &number) < 0 ? Json() : Json(number);
  }
  if (H5Tget_class(type) == H5T_FLOAT) {
    double number = 0;
    return H5Aread(attribute, H5T_NATIVE_DOUBLE, &number) < 0 ? Json() : Json(number);
  }
  if (H5Tis_variable_str(type) <= 0) return nullptr;
  char* text = nullptr;
  if (H5Aread(attribute, type, &text) < 0 || text == nullptr) return nullptr;
  Json value = std::string(text);
  H5free_memory(text);
  return value;
}

Json attributes_of(hid_t file) {
  Json all = Json::object();
  const auto visit = [](hid_t place, const char* name, const H5A_info_t*, void* out) -> herr_t {
    const Hdf5Handle attribute(H5Aopen(place, name, H5P_DEFAULT), H5Aclose);
    if (attribute.valid()) (*static_cast<Json*>(out))[name] = value_of(attribute);
    return 0;
  };
  hsize_t start = 0;
  if (H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_NATIVE, &start, visit, &all) < 0)
    throw FormatError("attributes that cannot be read");
  return all;
}

struct Walk {
  FeatureFileSummary summary{.utterances = 0};
  // No exception passes through the library.
  std::string problem;
  bool is_damage = true;
};

herr_t visit_utterance(hid_t group, const char* name, const H5O_info_t* info, void* out) {
  Walk& walk = *static_cast<Walk*>(out);
  if (info->type != H5O_TYPE_DATASET) return 0;
  try {
    const Hdf5Handle dataset(H5Dopen2(group, name, H5P_DEFAULT), H5Dclose);
    const std::vector<int64_t> shape = shape_of(dataset);
    if (shape.size() != 2) throw DataError("a dataset that is no matrix");
    FeatureFileSummary& sum = walk.summary;
    sum.frames += shape[0];
    sum.channels = sum.utterances++ == 0 || sum.channels == shape[1] ? shape[1] : -1;
    return 0;
  } catch (const std::exception& error) {
    walk.problem = fmt::format("{}: {}", shown(name), error.what());
    walk.is_damage = dynamic_cast<const FormatError*>(&error) != nullptr;
    return -1;
  }
}

/// Soft and external links may lead anywhere, into other files too.
herr_t visit_link(hid_t, const char* name, const H5L_info_t* info, void* out) {
  if (info->type == H5L_TYPE_HARD) return 0;
  Walk& walk = *static_cast<Walk*>(out);
  walk.problem = fmt::format("{}: a soft or external link, which is not followed", shown(name));
  walk.is_damage = false;
  return -1;
}

[[noreturn]] void fail(const Walk& walk) {
  if (walk.problem.empty()) throw FormatError("groups that cannot be read");
  if (walk.is_damage) throw FormatError(walk.problem);
  throw DataError(walk.problem);
}

FeatureFileSummary walk_archive(hid_t features) {
  Walk walk;
  if (H5Lvisit(features, H5_INDEX_NAME, H5_ITER_NATIVE, visit_link, &walk) < 0 ||
      H5Ovisit2(features, H5_INDEX_NAME, H5_ITER_NATIVE, visit_utterance, &walk, H5O_INFO_BASIC) < 0)
    fail(walk);
  return walk.summary;
}

void require_plain_link(hid_t file, const char* name) {
  H5L_info_t info{};
  if (H5Lget_info(file, name, &info, H5P_DEFAULT) < 0)
    throw DataError(fmt::format("no group or dataset \"{}\" in it", name));
  Walk walk;
  if (visit_link(file, name, &info, &walk) < 0) fail(walk);
}

/// `info` is [rows per second, frames, channels].
FeatureFileSummary read_h5context(hid_t file, hid_t features) {
  require_plain_link(file, "info");
  const Hdf5Handle dataset(H5Dopen2(file, "info", H5P_DEFAULT), H5Dclose);
  std::array<double, 3> info{};
  if (!dataset.valid() || shape_of(dataset) != std::vector<int64_t>{3} ||
      H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, info.data()) < 0)
    throw DataError("no dataset \"info\" of 3 numbers beside \"features\"");
  constexpr double kMost = 9007199254740992.0;  // 2^53: whole numbers
  for (const double number : info)
    if (!(number > 0.0 && number < kMost)) throw FormatError("\"info\" holds impossible numbers");
  const std::vector<int64_t> shape = shape_of(features);
  if (shape.size() != 1 || static_cast<double>(shape[0]) != info[1] * info[2])
    throw FormatError("\"info\" does not fit \"features\"");
  return {.frames = static_cast<int64_t>(info[1]),
          .channels = static_cast<int64_t>(info[2]),
          .period_seconds = 1.0 / info[0]};
}

/// libhdf5 locks what it opens.
bool is_being_written(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  const bool locked = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return locked;
}

std::string read_in_child(const fs::path& path) {
  const Hdf5Handle file = open_hdf5(path.c_str());
  if (!file.valid()) {
    if (is_being_written(path)) throw DataError("another program has it open for writing");
    throw FormatError("libhdf5 cannot open it (truncated?)");
  }
  require_plain_link(file, kFeatures);
  const Hdf5Handle features(H5Oopen(file, kFeatures, H5P_DEFAULT), H5Oclose);
  if (!features.valid()) throw FormatError("\"features\" cannot be read");
  const FeatureFileSummary found =
      H5Iget_type(features) == H5I_GROUP ? walk_archive(features) : read_h5context(file, features);
  const Json attributes = attributes_of(file);
  Json out{{"utterances", found.utterances},
           {"frames", found.frames},
           {"channels", found.channels},
           {"period_seconds", found.period_seconds}};
  if (attributes.contains("hop_samples"))
    out["contract"] = attributes.dump(-1, ' ', false, Json::error_handler_t::replace);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

FeatureFileSummary summarize_hdf5(const fs::path& path) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  RandomAccessFile file = RandomAccessFile::open(path);
  std::string head(std::min<uint64_t>(file.size(), kSignature.size()), '\0');
  file.read(0, std::as_writable_bytes(std::span(head)));
  try {
    if (head != kSignature) throw FormatError("does not begin like an HDF5 file");
    const Json found =
        Json::parse(run_in_child([&] { return read_in_child(path); }, ChildLimits::for_file(file.size())));
    FeatureFileSummary summary{.utterances = found.at("utterances").get<int64_t>(),
                               .frames = found.at("frames").get<int64_t>(),
                               .channels = found.at("channels").get<int64_t>(),
                               .period_seconds = found.at("period_seconds").get<double>()};
    if (found.contains("contract"))
      summary.contract = contract_from_json(found.at("contract").get<std::string>());
    return summary;
  } catch (const FormatError& error) {
    throw FormatError(fmt::format("{}: not a usable HDF5 file of features: {}; write it again",
                                  printable(path.string()), printable(error.what())));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: cannot be read as an HDF5 file of features: {}",
                                printable(path.string()), printable(error.what())));
  }
}

}  // namespace wav2vec
