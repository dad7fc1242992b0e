#include "wav2vec/config/recipe.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <concepts>
#include <optional>
#include <type_traits>

#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

constexpr uint64_t kMaxRecipeBytes = uint64_t{1} << 20;
constexpr size_t kMaxShownBytes = 80;

std::string shown(std::string_view text) {
  if (text.size() <= kMaxShownBytes) return printable(text);
  return printable(text.substr(0, kMaxShownBytes)) + "…";
}

/// The shortest digits that read back to the same double, in a form that TOML takes for a float.
std::string toml_float(double value) {
  std::string digits = fmt::to_string(value);
  if (digits.find_first_not_of("-0123456789") == std::string::npos) digits += ".0";
  return digits;
}

// ---- near misses ------------------------------------------------------------------------------------

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: Damerau-Levenshtein, optimal
/// string alignment.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

/// "; did you mean 'x'?" for the nearest name, or nothing when none is near.
std::string near_miss(std::string_view wrong, const std::vector<std::string>& names) {
  if (wrong.size() > kMaxShownBytes) return "";
  const std::string* best = nullptr;
  size_t best_distance = std::max<size_t>(2, wrong.size() / 3) + 1;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(wrong, name);
    if (distance >= best_distance || distance >= name.size()) continue;
    best = &name;
    best_distance = distance;
  }
  return best == nullptr ? "" : fmt::format("; did you mean '{}'?", *best);
}

// ---- where an error is ------------------------------------------------------------------------------

/// A recipe file (errors carry line and column) or a command-line override (they do not).
struct Origin {
  std::string name;
  bool has_positions = true;

  [[noreturn]] void fail(const toml::source_region& at, std::string_view message) const {
    if (!has_positions) throw ConfigError(fmt::format("{}: {}", name, message));
    throw ConfigError(fmt::format("{}:{}:{}: {}", name, at.begin.line, at.begin.column, message));
  }
};

// ---- reading ----------------------------------------------------------------------------------------

/// What a value is, for "found …".
std::string describe(const toml::node& node) {
  if (const auto* s = node.as_string()) return fmt::format("the string \"{}\"", shown(s->get()));
  if (const auto* i = node.as_integer()) return fmt::format("the integer {}", i->get());
  if (const auto* d = node.as_floating_point()) return fmt::format("the float {}", toml_float(d->get()));
  if (const auto* b = node.as_boolean()) return fmt::format("the boolean {}", b->get());
  if (node.is_array()) return "an array";
  if (node.is_table()) return "a table";
  return "a date or time";
}

template <class T>
constexpr std::string_view kExpected = "";
template <>
constexpr std::string_view kExpected<int64_t> = "an integer";
template <>
constexpr std::string_view kExpected<double> = "a number";
template <>
constexpr std::string_view kExpected<bool> = "true or false";
template <>
constexpr std::string_view kExpected<std::string> = "a string";
template <>
constexpr std::string_view kExpected<std::vector<int64_t>> = "an array of integers such as [1, 2]";
template <>
constexpr std::string_view kExpected<std::vector<double>> = "an array of numbers such as [0.1, 1e-3]";
template <>
constexpr std::string_view kExpected<std::vector<std::string>> = "an array of strings such as [\"a\", \"b\"]";

/// The value of a scalar node; an integer may stand where a double is wanted, never the reverse.
template <class T>
std::optional<T> scalar(const toml::node& node) {
  if constexpr (std::same_as<T, double>) {
    if (const auto* i = node.as_integer()) return static_cast<double>(i->get());
  }
  const toml::value<T>* value = node.as<T>();
  return value == nullptr ? std::nullopt : std::optional<T>(value->get());
}

/// Assigns the fields that one table names.
class TableReader : public FieldVisitor {
 public:
  TableReader(const toml::table& table, std::string_view section, const Origin& origin)
      : table_(table), section_(section), origin_(origin) {}

  void field(std::string_view name, int64_t& value, std::string_view) override { read(name, value); }
  void field(std::string_view name, double& value, std::string_view) override { read(name, value); }
  void field(std::string_view name, bool& value, std::string_view) override { read(name, value); }
  void field(std::string_view name, std::string& value, std::string_view) override { read(name, value); }
  void field(std::string_view name, std::vector<int64_t>& value, std::string_view) override {
    read_array(name, value);
  }
  void field(std::string_view name, std::vector<double>& value, std::string_view) override {
    read_array(name, value);
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    read_array(name, value);
  }
  void choice(std::string_view name, std::string& value, std::span<const std::string_view> allowed,
              std::string_view) override {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return;
    std::string text;
    read(name, text);
    if (std::find(allowed.begin(), allowed.end(), text) == allowed.end())
      origin_.fail(node->source(), fmt::format("[{}] {}: expected one of \"{}\"; found \"{}\"{}", section_,
                                               name, fmt::join(allowed, "\", \""), shown(text),
                                               near_miss(text, {allowed.begin(), allowed.end()})));
    value = text;
  }

 private:
  [[noreturn]] void fail_type(std::string_view name, std::string_view expected,
                              const toml::node& found) const {
    origin_.fail(found.source(),
                 fmt::format("[{}] {}: expected {}; found {}", section_, name, expected, describe(found)));
  }

  template <class T>
  void read(std::string_view name, T& value) const {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return;
    const std::optional<T> found = scalar<T>(*node);
    if (!found) fail_type(name, kExpected<T>, *node);
    value = *found;
  }

  template <class T>
  void read_array(std::string_view name, std::vector<T>& value) const {
    const toml::node* node = table_.get(name);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) fail_type(name, kExpected<std::vector<T>>, *node);
    std::vector<T> values;
    values.reserve(array->size());
    for (const toml::node& item : *array) {
      const std::optional<T> found = scalar<T>(item);
      if (!found) fail_type(name, kExpected<std::vector<T>>, item);
      values.push_back(*found);
    }
    value = std::move(values);
  }

  const toml::table& table_;
  std::string_view section_;
  const Origin& origin_;
};

/// The names of a section's fields, and which of them hold a single string.
class NameCollector : public FieldVisitor {
 public:
  void field(std::string_view name, int64_t&, std::string_view) override { names.emplace_back(name); }
  void field(std::string_view name, double&, std::string_view) override { names.emplace_back(name); }
  void field(std::string_view name, bool&, std::string_view) override { names.emplace_back(name); }
  void field(std::string_view name, std::string&, std::string_view) override { add_string(name); }
  void field(std::string_view name, std::vector<int64_t>&, std::string_view) override {
    names.emplace_back(name);
  }
  void field(std::string_view name, std::vector<double>&, std::string_view) override {
    names.emplace_back(name);
  }
  void field(std::string_view name, std::vector<std::string>&, std::string_view) override {
    names.emplace_back(name);
  }
  void choice(std::string_view name, std::string&, std::span<const std::string_view>,
              std::string_view) override {
    add_string(name);
  }

  bool has(std::string_view name) const { return std::find(names.begin(), names.end(), name) != names.end(); }
  bool has_string(std::string_view name) const {
    return std::find(strings.begin(), strings.end(), name) != strings.end();
  }

  std::vector<std::string> names;
  std::vector<std::string> strings;

 private:
  void add_string(std::string_view name) {
    names.emplace_back(name);
    strings.emplace_back(name);
  }
};

NameCollector fields_of(const RecipeSection& section) {
  NameCollector collector;
  section.visit(collector);
  return collector;
}

const RecipeSection* find_section(std::string_view name, std::span<const RecipeSection> sections) {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [&](const RecipeSection& section) { return section.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

/// What to do about a key that its section does not have.
std::string key_advice(std::string_view key, const RecipeSection& section,
                       std::span<const RecipeSection> sections) {
  for (const RecipeSection& other : sections) {
    if (fields_of(other).has(key)) return fmt::format("; it belongs in [{}]", other.name);
  }
  return near_miss(key, fields_of(section).names);
}

/// The entries of a table as they stand in the text, so that the first mistake is reported first.
std::vector<std::pair<const toml::key*, const toml::node*>> in_text_order(const toml::table& table) {
  std::vector<std::pair<const toml::key*, const toml::node*>> entries;
  for (auto it = table.cbegin(); it != table.cend(); ++it) entries.emplace_back(&it->first, &it->second);
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.first->source().begin < b.first->source().begin;
  });
  return entries;
}

const toml::table& section_table(const toml::key& key, const toml::node& node,
                                 std::span<const RecipeSection> sections, const Origin& origin) {
  const std::string name(key.str());
  if (find_section(name, sections) == nullptr) {
    if (!node.is_table() && !node.is_array_of_tables())
      origin.fail(key.source(), fmt::format("key '{}' stands outside a section; write it below its [section]",
                                            shown(name)));
    std::vector<std::string> names;
    for (const RecipeSection& section : sections) names.push_back(section.name);
    origin.fail(key.source(), fmt::format("unknown section [{}]{}", shown(name), near_miss(name, names)));
  }
  const toml::table* table = node.as_table();
  if (table == nullptr || table->is_inline())
    origin.fail(key.source(), fmt::format("expected a section [{}] with one key = value per line; found {}",
                                          name, table != nullptr ? "an inline table" : describe(node)));
  return *table;
}

void assign(const toml::table& root, std::span<const RecipeSection> sections, const Origin& origin) {
  for (const auto& [section_key, section_node] : in_text_order(root)) {
    const toml::table& table = section_table(*section_key, *section_node, sections, origin);
    const RecipeSection& section = *find_section(section_key->str(), sections);
    const NameCollector fields = fields_of(section);
    for (const auto& entry : in_text_order(table)) {
      const std::string_view key = entry.first->str();
      if (!fields.has(key))
        origin.fail(entry.first->source(), fmt::format("unknown key '{}' in [{}]{}", shown(key), section.name,
                                                       key_advice(key, section, sections)));
    }
    TableReader reader(table, section.name, origin);
    section.visit(reader);
  }
}

/// Dots between the parts of the longest key, about: outside of quotes, since the last sign that ends one.
/// The parser calls itself for each.
int64_t most_dots_in_a_key(std::string_view text) {
  int64_t most = 0;
  int64_t dots = 0;
  char quote = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote || c == '\n') quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '.') {
      most = std::max(most, ++dots);
    } else if (std::string_view("\n=,{}[]#").find(c) != std::string_view::npos) {
      dots = 0;
    }
  }
  return most;
}

toml::table parse_toml(std::string_view text, const Origin& origin) {
  constexpr int64_t kMostDots = 200;  // in a comment's sentences, too
  if (most_dots_in_a_key(text) > kMostDots) origin.fail({}, "a key of more parts than any recipe has");
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const char* advice =
        origin.has_positions ? "" : "; write the value as in a recipe: 1, 0.5, true, \"text\" or [1, 2]";
    origin.fail(error.source(), printable(error.description()) + advice);
  }
}

// ---- writing ----------------------------------------------------------------------------------------

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Writes "key = value  # help" lines.
class LineWriter : public FieldVisitor {
 public:
  LineWriter(std::string_view section, std::string& out) : section_(section), out_(out) {}

  void field(std::string_view name, int64_t& value, std::string_view help) override {
    line(name, fmt::to_string(value), help);
  }
  void field(std::string_view name, double& value, std::string_view help) override {
    line(name, toml_float(value), help);
  }
  void field(std::string_view name, bool& value, std::string_view help) override {
    line(name, value ? "true" : "false", help);
  }
  void field(std::string_view name, std::string& value, std::string_view help) override {
    line(name, checked(name, value), help);
  }
  void field(std::string_view name, std::vector<int64_t>& value, std::string_view help) override {
    line(name, fmt::format("[{}]", fmt::join(value, ", ")), help);
  }
  void field(std::string_view name, std::vector<double>& value, std::string_view help) override {
    std::vector<std::string> items;
    for (const double item : value) items.push_back(toml_float(item));
    line(name, fmt::format("[{}]", fmt::join(items, ", ")), help);
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view help) override {
    std::vector<std::string> items;
    for (const std::string& item : value) items.push_back(checked(name, item));
    line(name, fmt::format("[{}]", fmt::join(items, ", ")), help);
  }
  void choice(std::string_view name, std::string& value, std::span<const std::string_view> allowed,
              std::string_view help) override {
    line(name, toml_string(value), fmt::format("{} ({})", help, fmt::join(allowed, " | ")));
  }

 private:
  std::string checked(std::string_view name, const std::string& text) const {
    if (!is_valid_utf8(text))
      fail_field(section_, name,
                 fmt::format("\"{}\" is not valid UTF-8, which a recipe cannot hold", shown(text)));
    return toml_string(text);
  }

  void line(std::string_view name, std::string_view value, std::string_view help) {
    out_ += fmt::format("{} = {}  # {}\n", name, value, help);
  }

  std::string_view section_;
  std::string& out_;
};

void append_comment(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string line = printable(text.substr(0, end));
    out += line.empty() ? "#\n" : fmt::format("# {}\n", line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

void read_recipe(const std::filesystem::path& path, std::span<const RecipeSection> sections) {
  std::string text;
  try {
    text = read_file(path, kMaxRecipeBytes);
  } catch (const DataError& error) {
    // A recipe is part of the command line: exit code "usage", not "bad input".
    throw ConfigError(error.what());
  }
  parse_recipe(text, path.string(), sections);
}

void parse_recipe(std::string_view text, std::string_view name, std::span<const RecipeSection> sections) {
  const Origin origin{printable(name)};
  if (text.size() > kMaxRecipeBytes)
    origin.fail(
        {}, fmt::format("{} bytes, more than the {} that a recipe may have", text.size(), kMaxRecipeBytes));
  assign(parse_toml(text, origin), sections, origin);
}

void apply_override(std::string_view override_text, std::span<const RecipeSection> sections) {
  const Origin origin{fmt::format("--set {}", shown(override_text)), false};
  const size_t equals = override_text.find('=');
  const size_t dot = override_text.find('.');
  if (equals == std::string_view::npos || dot == std::string_view::npos || dot > equals ||
      override_text.find_first_of("\n\r") != std::string_view::npos)
    origin.fail({}, "expected section.key=value");
  const std::string_view section = override_text.substr(0, dot);
  const std::string_view key = override_text.substr(dot + 1, equals - dot - 1);
  const std::string_view value = override_text.substr(equals + 1);

  const RecipeSection* known = find_section(section, sections);
  const bool bare = known != nullptr && fields_of(*known).has_string(key) && !value.starts_with('"') &&
                    !value.starts_with('\'');
  // The names are quoted as well, so that nothing in them is read as TOML.
  assign(parse_toml(fmt::format("[{}]\n{} = {}", toml_string(section), toml_string(key),
                                bare ? toml_string(value) : std::string(value)),
                    origin),
         sections, origin);
}

std::string format_recipe(std::string_view head, std::span<const RecipeSection> sections) {
  std::string out;
  append_comment(head, out);
  for (const RecipeSection& section : sections) {
    out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", section.name);
    LineWriter writer(section.name, out);
    section.visit(writer);
  }
  return out;
}

}  // namespace wav2vec
