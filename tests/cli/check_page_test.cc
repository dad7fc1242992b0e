// Where wav2vec check writes its page, and what stands in it.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t kPlenty = uint64_t{1} << 24;

struct Pair {
  TemporaryFolder folder;
  std::string media = (folder.path() / "it's a film?.wav").string();
  std::string subtitle = (folder.path() / "a film.en.srt").string();

  Pair() {
    test::write_wav(media, test::glide(3, 4 * 16000));
    write_file(subtitle, "1\n00:00:01,000 --> 00:00:03,000\nWho is there?\n");
  }
  std::string path(const char* name) const { return (folder.path() / name).string(); }
};

test::CommandResult check(const Pair& pair, std::vector<std::string> more) {
  std::vector<std::string> arguments{"check", pair.media, pair.subtitle};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return test::run_wav2vec(arguments);
}

}  // namespace

TEST_CASE("check page: it plays the recording beside it and has the command that was meant") {
  const Pair pair;
  const auto ran = check(pair, {"--html", pair.path("out/page.html"), "--max-offset", "7.5"});
  CAPTURE(ran.standard_error);
  CHECK(ran.exit_code == 7);
  CHECK(ran.standard_output.find("unsure") != std::string::npos);
  const std::string page = read_file(pair.path("out/page.html"), kPlenty);
  const std::string open = "id=\"extras\">";
  const size_t begin = page.find(open) + open.size();
  const auto extras = nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  CHECK(extras["media"] == "../it%27s%20a%20film%3F.wav");
  const std::string folder = pair.folder.path().string();
  CHECK(extras["command"] == "wav2vec retime '" + folder + "/it'\\''s a film?.wav' '" + pair.subtitle +
                                 "' -o '" + folder + "/a film.en.fixed.srt' --max-offset 7.5");
  // A level for each 10 ms.
  CHECK(extras["levels"].get<std::string>().size() == 400);
}

TEST_CASE("check page: with a report on standard output nothing else is there") {
  const Pair pair;
  const auto page = check(pair, {"--html", "-"});
  CHECK(page.standard_output.starts_with("<!doctype html>"));
  CHECK(page.standard_output.ends_with("</html>\n"));
  const auto json = nlohmann::json::parse(check(pair, {"--json", "-"}).standard_output);
  CHECK(json["schema"] == "wav2vec-check/1");
  CHECK(json["tool"]["version"] == "0.1.0");
}

TEST_CASE("check page: it is of one subtitle, and never in the place of an input") {
  const Pair pair;
  const std::string before = read_file(pair.subtitle, kPlenty);
  const auto refused = [&](const std::vector<std::string>& more, const char* why) {
    const auto ran = check(pair, more);
    CHECK(ran.exit_code == 2);
    CHECK_MESSAGE(ran.standard_error.find(why) != std::string::npos, ran.standard_error);
  };
  refused({pair.subtitle, "--html", pair.path("page.html")}, "take one subtitle");
  refused({"--html", pair.subtitle}, "is an input");
  refused({"--html", pair.media}, "is an input");
  refused({"--html", "-", "--csv", "-"}, "only one of");
  CHECK(read_file(pair.subtitle, kPlenty) == before);
  CHECK_FALSE(fs::exists(pair.path("page.html")));
}
