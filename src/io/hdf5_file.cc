#include "io/hdf5_file.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "io/hdf5_handle.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFeatures = "features";

[[noreturn]] void fail_write(const AtomicFile& file) {
  throw DiskError(fmt::format("{}: cannot write; free some space or choose another place",
                              printable(file.path().string())));
}

/// The handle, or DiskError: an identifier that cannot be made means that the file cannot be written.
Hdf5Handle checked(const AtomicFile& file, hid_t id, Hdf5Handle::Closer closer) {
  if (id < 0) fail_write(file);
  return {id, closer};
}

void check(const AtomicFile& file, herr_t result) {
  if (result < 0) fail_write(file);
}

/// AtomicFile holds a lock on the file that the library's own would run into.
Hdf5Handle access_without_locks(const AtomicFile& file) {
  silence_hdf5();
  Hdf5Handle access = checked(file, H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  check(file, H5Pset_file_locking(access, false, true));
  return access;
}

Hdf5Handle create_file(const AtomicFile& file) {
  const Hdf5Handle access = access_without_locks(file);
  return checked(file, H5Fcreate(file.temporary_path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access),
                 H5Fclose);
}

template <size_t n>
Hdf5Handle create_dataset(const AtomicFile& file, hid_t place, const char* name, hid_t type,
                          const std::array<hsize_t, n>& shape) {
  const Hdf5Handle space = checked(file, H5Screate_simple(n, shape.data(), nullptr), H5Sclose);
  const Hdf5Handle links = checked(file, H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  check(file, H5Pset_create_intermediate_group(links, 1));
  check(file, H5Pset_char_encoding(links, H5T_CSET_UTF8));
  const Hdf5Handle options = checked(file, H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  check(file, H5Pset_obj_track_times(options, false));  // the same features, the same bytes
  return checked(file, H5Dcreate2(place, name, type, space, links, options, H5P_DEFAULT), H5Dclose);
}

/// `start` and `count` in elements of the dataset.
template <size_t n>
void write_part(const AtomicFile& file, hid_t dataset, const std::array<hsize_t, n>& start,
                const std::array<hsize_t, n>& count, const float* values) {
  const Hdf5Handle target = checked(file, H5Dget_space(dataset), H5Sclose);
  check(file, H5Sselect_hyperslab(target, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr));
  const Hdf5Handle source = checked(file, H5Screate_simple(n, count.data(), nullptr), H5Sclose);
  check(file, H5Dwrite(dataset, H5T_NATIVE_FLOAT, source, target, H5P_DEFAULT, values));
}

void write_attribute(const AtomicFile& file, hid_t place, const char* name, hid_t stored, hid_t given,
                     const void* value) {
  const Hdf5Handle space = checked(file, H5Screate(H5S_SCALAR), H5Sclose);
  const Hdf5Handle attribute =
      checked(file, H5Acreate2(place, name, stored, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  check(file, H5Awrite(attribute, given, value));
}

/// Numbers as numbers, texts as UTF-8 of variable length.
void write_contract(const AtomicFile& file, hid_t place, const FeatureContract& contract) {
  const Hdf5Handle text = checked(file, H5Tcopy(H5T_C_S1), H5Tclose);
  check(file, H5Tset_size(text, H5T_VARIABLE));
  check(file, H5Tset_cset(text, H5T_CSET_UTF8));
  const auto fields = nlohmann::json::parse(contract_to_json(contract));
  for (const auto& [key, value] : fields.items()) {
    if (value.is_string()) {
      const std::string bytes = value.get<std::string>();
      const char* const pointer = bytes.c_str();
      write_attribute(file, place, key.c_str(), text, text, &pointer);
    } else if (value.is_number_integer()) {
      const auto number = value.get<int64_t>();
      write_attribute(file, place, key.c_str(), H5T_STD_I64LE, H5T_NATIVE_INT64, &number);
    } else if (value.is_number()) {
      const auto number = value.get<double>();
      write_attribute(file, place, key.c_str(), H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &number);
    } else {
      const std::string bytes = value.dump();
      const char* const pointer = bytes.c_str();
      write_attribute(file, place, key.c_str(), text, text, &pointer);
    }
  }
}

}  // namespace

Hdf5Handle open_hdf5(const char* path) {
  silence_hdf5();
  return {H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose};
}

void write_h5context(const FeatureRows& rows, const FeatureContract& contract, AtomicFile& file) {
  Hdf5Handle out = create_file(file);
  write_contract(file, out, contract);
  const auto channels = static_cast<hsize_t>(rows.channels);
  {
    const std::array<hsize_t, 1> all{static_cast<hsize_t>(rows.frames) * channels};
    const Hdf5Handle features = create_dataset(file, out, kFeatures, H5T_IEEE_F32LE, all);
    for_each_piece(rows, [&](int64_t first, std::span<const float> piece) {
      write_part<1>(file, features, {static_cast<hsize_t>(first) * channels}, {piece.size()}, piece.data());
    });
    const double rate =
        static_cast<double>(contract.sample_rate_hz) / static_cast<double>(contract.hop_samples);
    const double facts[] = {rate, static_cast<double>(rows.frames), static_cast<double>(rows.channels)};
    const Hdf5Handle info =
        create_dataset(file, out, "info", H5T_IEEE_F64LE, std::array<hsize_t, 1>{std::size(facts)});
    check(file, H5Dwrite(info, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, facts));
  }
  if (!out.close()) fail_write(file);
}

struct Hdf5Archive::Handles {
  Hdf5Handle file;
  Hdf5Handle features;
};

Hdf5Archive::Hdf5Archive(AtomicFile& file, const FeatureContract& contract, bool exists)
    : file_(file), handles_(std::make_unique<Handles>()) {
  if (exists) {
    const Hdf5Handle access = access_without_locks(file);
    handles_->file = checked(file, H5Fopen(file.temporary_path().c_str(), H5F_ACC_RDWR, access), H5Fclose);
    handles_->features = checked(file, H5Gopen2(handles_->file, kFeatures, H5P_DEFAULT), H5Gclose);
    return;
  }
  handles_->file = create_file(file);
  write_contract(file, handles_->file, contract);
  handles_->features =
      checked(file, H5Gcreate2(handles_->file, kFeatures, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
}

Hdf5Archive::~Hdf5Archive() = default;

void Hdf5Archive::add(const std::string& id, const FeatureRows& rows) {
  const std::array<hsize_t, 2> shape{static_cast<hsize_t>(rows.frames), static_cast<hsize_t>(rows.channels)};
  Hdf5Handle dataset = create_dataset(file_, handles_->features, id.c_str(), H5T_IEEE_F32LE, shape);
  try {
    for_each_piece(rows, [&](int64_t first, std::span<const float> piece) {
      write_part<2>(file_, dataset, {static_cast<hsize_t>(first), 0}, {piece.size() / shape[1], shape[1]},
                    piece.data());
    });
    if (!dataset.close()) fail_write(file_);
  } catch (...) {
    H5Ldelete(handles_->features, id.c_str(), H5P_DEFAULT);
    throw;
  }
}

void Hdf5Archive::copy(const fs::path& archive, std::span<const std::string> utterance_ids) {
  const Hdf5Handle from = open_hdf5(archive.c_str());
  const Hdf5Handle features(from.valid() ? H5Gopen2(from, kFeatures, H5P_DEFAULT) : -1, H5Gclose);
  if (!features.valid())
    throw DataError(
        fmt::format("{}: cannot be read; run extract for this part again", printable(archive.string())));
  const Hdf5Handle links = checked(file_, H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  check(file_, H5Pset_create_intermediate_group(links, 1));
  check(file_, H5Pset_char_encoding(links, H5T_CSET_UTF8));
  for (const std::string& id : utterance_ids)
    check(file_, H5Ocopy(features, id.c_str(), handles_->features, id.c_str(), H5P_DEFAULT, links));
}

void Hdf5Archive::close() {
  if (!handles_->features.close() || !handles_->file.close()) fail_write(file_);
}

std::set<std::string, std::less<>> hdf5_archive_ids(const fs::path& path) {
  std::set<std::string, std::less<>> ids;
  const Hdf5Handle file = open_hdf5(path.c_str());
  if (!file.valid()) return ids;
  const Hdf5Handle features(H5Gopen2(file, kFeatures, H5P_DEFAULT), H5Gclose);
  if (!features.valid()) return ids;
  const auto visit = [](hid_t, const char* name, const H5O_info_t* info, void* out) -> herr_t {
    if (info->type == H5O_TYPE_DATASET) static_cast<decltype(ids)*>(out)->insert(name);
    return 0;
  };
  if (H5Ovisit2(features, H5_INDEX_NAME, H5_ITER_NATIVE, visit, &ids, H5O_INFO_BASIC) < 0) ids.clear();
  return ids;
}

}  // namespace wav2vec
