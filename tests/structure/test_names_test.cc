// CTest runs every case by its name in a process of its own; a name that it cannot pass on runs nothing and
// passes.

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "wav2vec/core/file.h"

namespace wav2vec {

TEST_CASE("names of test cases reach CTest whole, and no two of a room are the same") {
  namespace fs = std::filesystem;
  constexpr uint64_t kPlenty = uint64_t{1} << 24;
  const std::regex declaration("\\bTEST_CASE\\(\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
  std::map<fs::path, std::set<std::string>> names;
  int64_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(W2V_SOURCE_DIR) / "tests")) {
    if (!entry.path().filename().string().ends_with("_test.cc")) continue;
    const std::string text = read_file(entry.path(), kPlenty);
    for (std::sregex_iterator it(text.begin(), text.end(), declaration), end; it != end; ++it, ++count) {
      const std::string name = (*it)[1];
      CHECK_MESSAGE(name.find_first_of(";[]\\") == std::string::npos, entry.path().string(), ": \"", name,
                    "\" has one of ; [ ] \\");
      CHECK_MESSAGE(names[entry.path().parent_path()].insert(name).second, entry.path().string(), ": \"",
                    name, "\" stands twice");
    }
  }
  CHECK(count > 100);
}

}  // namespace wav2vec
