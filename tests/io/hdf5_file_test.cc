// Archives that others have had their hands on.

#include "io/hdf5_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "io/hdf5_handle.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_summary.h"
#include "wav2vec/io/feature_writer.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPlenty = 1 << 20;

std::unique_ptr<FeatureWriter> writer_in(const fs::path& folder) {
  FeatureContract contract;
  contract.sample_rate_hz = 16000;
  contract.hop_samples = 160;
  contract.layer = "c";
  return make_feature_writer(FeatureFormat::hdf5, {folder, "", false}, contract);
}

/// features.h5 with the utterance a.
void write_archive(const fs::path& folder) {
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  const auto writer = writer_in(folder);
  writer->write("a", rows_in_memory(rows.data(), 2, 3));
  writer->close();
}

TEST_CASE("hdf5: links and values that lie in other files are not followed") {
  const TemporaryFolder folder;
  write_archive(folder.path() / "other");
  const std::string other = (folder.path() / "other/features.h5").string();
  const fs::path path = folder.path() / "features.h5";
  const auto refused = [&](const std::function<void(hid_t)>& fill) {
    {
      const Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
      fill(file);
    }
    try {
      summarize_hdf5(path);
    } catch (const FormatError&) {
      return std::string("taken for damage");
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const auto group = [](hid_t file) {
    return Hdf5Handle(H5Gcreate2(file, "features", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  };
  const auto says_link = [](const std::string& problem) {
    return problem.find("a soft or external link, which is not followed") != std::string::npos;
  };
  CHECK(says_link(refused([&](hid_t file) {
    H5Lcreate_external(other.c_str(), "/features", file, "features", H5P_DEFAULT, H5P_DEFAULT);
  })));
  CHECK(says_link(refused([&](hid_t file) {
    H5Lcreate_external(other.c_str(), "/features", group(file), "spk", H5P_DEFAULT, H5P_DEFAULT);
  })));
  CHECK(says_link(refused(
      [&](hid_t file) { H5Lcreate_soft("/elsewhere", group(file), "spk", H5P_DEFAULT, H5P_DEFAULT); })));
  CHECK(refused([&](hid_t file) {
          const hsize_t extents[] = {2, 3};
          const Hdf5Handle space(H5Screate_simple(2, extents, nullptr), H5Sclose);
          const Hdf5Handle options(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
          H5Pset_external(options, other.c_str(), 0, 24);
          const Hdf5Handle matrix(
              H5Dcreate2(group(file), "a", H5T_IEEE_F32LE, space, H5P_DEFAULT, options, H5P_DEFAULT),
              H5Dclose);
        }).find("values in another file") != std::string::npos);
}

/// What makes opening a writer fail, and that it was no damage.
std::string refusal_of(const fs::path& folder) {
  try {
    writer_in(folder);
  } catch (const FormatError& error) {
    return "blamed the data: " + std::string(error.what());
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("an hdf5 archive that cannot be read for another reason than damage stays as it is") {
  const TemporaryFolder folder;
  const fs::path h5 = folder.path() / "features.h5";
  write_archive(folder.path());
  const std::string before = read_file(h5, kPlenty);
  {
    // As libhdf5 does in another process.
    const int elsewhere = ::open(h5.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(::flock(elsewhere, LOCK_EX) == 0);
    const std::string problem = refusal_of(folder.path());
    CHECK(problem.find("another program has it open for writing") != std::string::npos);
    CHECK(problem.find("--overwrite") != std::string::npos);
    ::close(elsewhere);
  }
  CHECK(read_file(h5, kPlenty) == before);
  CHECK(writer_in(folder.path())->has("a"));
}

TEST_CASE("an hdf5 archive with a link to another file is not extended: ids could be written there") {
  const TemporaryFolder folder;
  const fs::path victim = folder.path() / "victim.h5";
  const fs::path mine = folder.path() / "mine";
  {
    const Hdf5Handle file(H5Fcreate(victim.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    REQUIRE(file.valid());
  }
  write_archive(mine);
  {
    const Hdf5Handle file(H5Fopen((mine / "features.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose);
    REQUIRE(H5Lcreate_external(victim.c_str(), "/", file, "features/spk", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  }
  const std::string before = read_file(victim, kPlenty);
  const std::string problem = refusal_of(mine);
  CHECK(problem.find("spk: a soft or external link, which is not followed") != std::string::npos);
  CHECK(problem.find("--overwrite") != std::string::npos);
  CHECK(read_file(victim, kPlenty) == before);
}

}  // namespace
}  // namespace wav2vec
