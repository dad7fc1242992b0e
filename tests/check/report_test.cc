// What check_json() writes against its schema; without a validator of others, so that no machine leaves it
// out.

#include "wav2vec/check/report.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "support/check_report.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;
using nlohmann::json;

namespace {

json schema() {
  return json::parse(read_file(std::string(W2V_SOURCE_DIR) + "/docs/check-report.schema.json", 1 << 20));
}

bool has_type(const json& value, const std::string& type) {
  return type == "object"    ? value.is_object()
         : type == "array"   ? value.is_array()
         : type == "string"  ? value.is_string()
         : type == "boolean" ? value.is_boolean()
         : type == "integer" ? value.is_number_integer()
         : type == "number"  ? value.is_number()
                             : type == "null" && value.is_null();
}

bool is_one_of(const json& value, const json& values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// Those words of JSON Schema that ours has; others are an error.
std::vector<std::string> faults(const json& value, const json& rule, const json& root,
                                const std::string& at = "") {
  std::vector<std::string> found;
  const auto check = [&](bool good, const std::string& what) {
    if (!good) found.push_back(fmt::format("{}: {} ({})", at, what, value.dump().substr(0, 80)));
  };
  const auto add = [&](const std::vector<std::string>& more) {
    found.insert(found.end(), more.begin(), more.end());
  };
  for (const auto& [word, is] : rule.items()) {
    if (word == "type") {
      const json types = is.is_array() ? is : json::array({is});
      check(std::any_of(types.begin(), types.end(), [&](const json& t) { return has_type(value, t); }),
            "type is not " + is.dump());
    } else if (word == "const") {
      check(value == is, "is not " + is.dump());
    } else if (word == "enum") {
      check(is_one_of(value, is), "is none of " + is.dump());
    } else if (word == "required") {
      for (const json& key : is) check(value.contains(key), "lacks " + key.dump());
    } else if (word == "properties") {
      for (const auto& [key, inner] : is.items())
        if (value.contains(key)) add(faults(value[key], inner, root, at + "/" + key));
    } else if (word == "additionalProperties") {
      REQUIRE(is == false);
      for (const auto& [key, inner] : value.items())
        check(rule["properties"].contains(key), "has the unknown key " + key);
    } else if (word == "items") {
      for (size_t i = 0; i < value.size(); ++i) add(faults(value[i], is, root, fmt::format("{}/{}", at, i)));
    } else if (word == "anyOf") {
      std::vector<std::string> all;
      for (const json& choice : is) {
        const auto these = faults(value, choice, root, at);
        if (these.empty()) all.assign(1, "");
        if (these.empty()) break;
        all.insert(all.end(), these.begin(), these.end());
      }
      if (all != std::vector<std::string>{""}) add(all);
    } else if (word == "$ref") {
      add(faults(value, root.at(json::json_pointer(is.get<std::string>().substr(1))), root, at));
    } else if (word == "minimum") {
      check(value >= is, "is less than " + is.dump());
    } else if (word == "maximum") {
      check(value <= is, "is more than " + is.dump());
    } else if (word == "exclusiveMinimum") {
      check(value > is, "is not more than " + is.dump());
    } else if (word == "minItems") {
      check(value.size() >= is, "has too few items");
    } else if (word == "maxItems") {
      check(value.size() <= is, "has too many items");
    } else {
      check(is_one_of(word, {"$schema", "$id", "$defs", "title", "description"}), "unknown word " + word);
    }
  }
  return found;
}

std::string listed(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

template <size_t n>
json names(const std::string_view (&all)[n]) {
  return json(std::vector<std::string>(std::begin(all), std::end(all)));
}

/// Objects that do not ask for each of their keys.
void optional_keys(const json& rule, std::vector<std::string>& found) {
  if (!rule.is_structured()) return;
  if (rule.is_object() && rule.contains("additionalProperties")) {
    for (const auto& [key, inner] : rule["properties"].items())
      if (!is_one_of(key, rule["required"])) found.push_back(key);
  }
  for (const json& inner : rule) optional_keys(inner, found);
}

}  // namespace

TEST_CASE("the schema has every key and value of the JSON report, and the report every key of the schema") {
  const json rule = schema();
  for (const int64_t count : {0, 1, 42}) {
    CheckReport report = test::check_report(count);
    for (size_t state = 0; state < std::size(kFileStateNames); ++state) {
      report.result.state = static_cast<FileState>(state);
      const auto found = faults(json::parse(check_json(report)), rule, rule);
      CHECK_MESSAGE(found.empty(), listed(found));
    }
  }
  std::vector<std::string> optional;
  optional_keys(rule, optional);
  CHECK_MESSAGE(optional.empty(), listed(optional));
}

TEST_CASE("the schema names the states, bands and reasons that there are") {
  const json properties = schema()["properties"];
  CHECK(properties["verdict"]["properties"]["state"]["enum"] == names(kFileStateNames));
  const json cue = properties["cues"]["items"]["properties"];
  CHECK(cue["band"]["enum"] == names(kCueBandNames));
  CHECK(cue["reasons"]["items"]["enum"] == names(kCueReasonNames));
}

TEST_CASE("a report that is not as the schema says is found out") {
  const json rule = schema();
  const json good = json::parse(check_json(test::check_report(8)));
  const auto count = [&](const char* where, const json& value) {
    json bad = good;
    bad[json::json_pointer(where)] = value;
    return faults(bad, rule, rule).size();
  };
  CHECK(count("/verdict/state", "ok") == 0);
  CHECK(count("/verdict/state", "fine") == 1);
  CHECK(count("/more", 1) == 1);
  CHECK(count("/cues/3/reasons", {"late", "lazy"}) == 1);
  CHECK(count("/cues/3/p_match", 1.5) > 0);
  CHECK(count("/cues/3/best_fit", {{"start_s", 1}}) > 0);
  CHECK(count("/cues/3/suggest/action", nullptr) == 1);
  json less = good;
  less["cues"][2].erase("line");
  CHECK(faults(less, rule, rule).size() == 1);
}

TEST_CASE("the JSON report says what was found") {
  const json report = json::parse(check_json(test::check_report(8)));
  CHECK(report["verdict"]["p"] == 0.97);
  CHECK(report["timing"]["segments"][0]["offset_s"] == 1.5);
  CHECK(report["summary"]["wrong"] == 2);
  // Two of each: right to 0.98, 0.7 and 0.02.
  CHECK(report["summary"]["expected_errors"] == 2.6);
  const json& cue = report["cues"][1];
  CHECK(cue["id"].is_null());
  CHECK(cue["line"] == 6);
  CHECK(cue["band"] == "review");
  CHECK(cue["letters"] == 14);
  CHECK(cue["shift_s"] == 1.5);
  CHECK(cue["suggest"] == json({{"action", "retime"}, {"start_s", 5.5}, {"end_s", 7.5}}));
  CHECK(report["cues"][3]["p_match"].is_null());
  CHECK(report["cues"][3]["best_fit"].is_null());
  CHECK(report["cues"][3]["shift_s"].is_null());
}
