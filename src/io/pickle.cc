#include "wav2vec/io/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "io/shown.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr uint64_t kMaxOpcodes = 10'000'000;
constexpr size_t kMaxNodes = 500'000;
constexpr size_t kMaxStack = 1'000'000;
constexpr size_t kMaxMarks = 10'000;
constexpr uint64_t kMaxTextBytes = 16 << 20;
constexpr size_t kMaxNameBytes = 256;  // every object has a copy
constexpr uint64_t kMaxLongBytes = 1024;

constexpr std::string_view kOrderedDict = "collections OrderedDict";
constexpr std::string_view kNamespace = "argparse Namespace";

/// Calls that checkpoints contain. None is made: they become objects of that name.
constexpr std::string_view kKnownCalls[] = {
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch device",
    "torch Size",
    kOrderedDict,
    kNamespace,
    "collections defaultdict",
    "builtins set",
    "builtins frozenset",
    "__builtin__ set",
    "__builtin__ frozenset",
    "_codecs encode",
    "datetime timedelta",
    "pathlib PosixPath",
    "numpy dtype",
    "numpy ndarray",
    "numpy.core.multiarray scalar",
    "numpy.core.multiarray _reconstruct",
    "numpy._core.multiarray scalar",
    "numpy._core.multiarray _reconstruct",
};
/// Classes of the programs that write such checkpoints: meters, enumerations, configurations.
constexpr std::string_view kKnownPackages[] = {"fairseq.", "omegaconf."};

bool is_known_call(std::string_view name) {
  return std::find(std::begin(kKnownCalls), std::end(kKnownCalls), name) != std::end(kKnownCalls) ||
         std::any_of(std::begin(kKnownPackages), std::end(kKnownPackages),
                     [&](std::string_view package) { return name.starts_with(package); });
}

bool is_tensor_call(std::string_view name) { return name.starts_with("torch._utils "); }

/// "module name" as people write it.
std::string dotted(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '.');
  return shown(name);
}

/// The bytes of a pickle, in order, never beyond its end.
class Input {
 public:
  Input(RandomAccessFile& file, uint64_t begin, uint64_t end) : file_(file), next_(begin), end_(end) {}

  uint64_t position() const { return next_ - (filled_ - at_); }
  uint64_t remaining() const { return end_ - position(); }

  [[noreturn]] void fail(std::string_view problem) const {
    throw FormatError(fmt::format("{}: pickle near byte {}: {}; nothing in it was run",
                                  printable(file_.path().string()), position(), problem));
  }

  void read(char* out, uint64_t bytes) {
    if (bytes > remaining()) fail(fmt::format("{} bytes expected, {} left (truncated?)", bytes, remaining()));
    while (bytes > 0) {
      if (at_ == filled_) refill();
      const uint64_t n = std::min<uint64_t>(bytes, filled_ - at_);
      std::memcpy(out, buffer_.data() + at_, n);
      out += n;
      at_ += n;
      bytes -= n;
    }
  }

  template <class T>
  T number() {
    static_assert(std::endian::native == std::endian::little);
    std::array<char, sizeof(T)> bytes{};
    read(bytes.data(), sizeof(T));
    return std::bit_cast<T>(bytes);
  }

  std::string take(uint64_t bytes, uint64_t most = kMaxTextBytes) {
    if (bytes > most) fail(fmt::format("a value of {} bytes, at most {} expected", bytes, most));
    if (bytes > remaining()) fail(fmt::format("{} bytes expected, {} left (truncated?)", bytes, remaining()));
    std::string text(bytes, '\0');
    read(text.data(), bytes);
    return text;
  }

  std::string line() {
    std::string text;
    for (char c = number<char>(); c != '\n'; c = number<char>()) {
      if (text.size() == kMaxNameBytes) fail(fmt::format("a name of more than {} bytes", kMaxNameBytes));
      text += c;
    }
    return text;
  }

 private:
  void refill() {
    filled_ = std::min<uint64_t>(buffer_.size(), end_ - next_);
    file_.read(next_, std::as_writable_bytes(std::span(buffer_).first(filled_)));
    next_ += filled_;
    at_ = 0;
  }

  RandomAccessFile& file_;
  uint64_t next_ = 0;  // of the file, not yet in the buffer
  uint64_t end_ = 0;
  std::vector<char> buffer_ = std::vector<char>(1 << 16);
  uint64_t at_ = 0;
  uint64_t filled_ = 0;
};

}  // namespace

/// The stack machine of the format: opcodes and their letters are those of pickletools.py.
class PickleMachine {
 public:
  PickleMachine(RandomAccessFile& file, uint64_t begin, uint64_t end) : in_(file, begin, end) {
    for (const bool value : {false, true}) {
      add({.kind = PickleKind::boolean, .integer = value});
    }
    none_ = add({});
  }

  PickleTree run() {
    for (uint64_t count = 0;; ++count) {
      if (count == kMaxOpcodes) in_.fail(fmt::format("more than {} opcodes", kMaxOpcodes));
      const auto opcode = in_.number<char>();
      if (opcode == '.') break;
      if (!push_value(opcode) && !build_container(opcode) && !use_memo(opcode) && !call(opcode))
        in_.fail(fmt::format("opcode 0x{:02x} is not one that checkpoints need",
                             static_cast<unsigned char>(opcode)));
    }
    if (stack_.size() != 1 || !marks_.empty())
      in_.fail(fmt::format("ends with {} values, expected one", stack_.size()));
    tree_.root_ = stack_.back();
    return std::move(tree_);
  }

  uint64_t position() const { return in_.position(); }

 private:
  PickleId add(PickleNode node) {
    if (tree_.nodes_.size() == kMaxNodes) in_.fail(fmt::format("more than {} values", kMaxNodes));
    tree_.nodes_.push_back(std::move(node));
    return static_cast<PickleId>(tree_.nodes_.size() - 1);
  }
  PickleNode& node(PickleId id) { return tree_.nodes_[id]; }

  // ---- stack ----

  bool push(PickleId id) {
    if (stack_.size() == kMaxStack) in_.fail(fmt::format("more than {} values on the stack", kMaxStack));
    stack_.push_back(id);
    return true;
  }
  bool push(PickleNode value) { return push(add(std::move(value))); }

  /// Values above the newest mark belong to it; those below are out of reach.
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  PickleId pop() {
    if (stack_.size() <= floor()) in_.fail("takes a value from an empty stack");
    const PickleId id = stack_.back();
    stack_.pop_back();
    return id;
  }

  PickleId top() {
    const PickleId id = pop();
    stack_.push_back(id);
    return id;
  }

  bool push_mark() {
    if (marks_.size() == kMaxMarks) in_.fail(fmt::format("more than {} open marks", kMaxMarks));
    marks_.push_back(stack_.size());
    return true;
  }

  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) in_.fail("a mark is missing");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleId> values(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return values;
  }

  std::vector<PickleId> pop_last(size_t count) {
    std::vector<PickleId> values(count);
    for (size_t i = count; i-- > 0;) values[i] = pop();
    return values;
  }

  // ---- opcodes, each function a group: false when it is not one of the group ----

  bool push_value(char opcode) {
    switch (opcode) {
      case '\x80':
        if (const auto protocol = in_.number<uint8_t>(); protocol < 2 || protocol > 5)
          in_.fail(fmt::format("pickle protocol {}, expected 2 to 5", protocol));
        return true;
      case '\x95':  // FRAME: a hint for buffering
        if (const auto bytes = in_.number<uint64_t>(); bytes > in_.remaining())
          in_.fail(fmt::format("a frame of {} bytes, {} left", bytes, in_.remaining()));
        return true;
      case 'N':
        return push(none_);
      case '\x88':
        return push(PickleId{1});
      case '\x89':
        return push(PickleId{0});
      case 'J':
        return push_integer(in_.number<int32_t>());
      case 'K':
        return push_integer(in_.number<uint8_t>());
      case 'M':
        return push_integer(in_.number<uint16_t>());
      case '\x8a':
        return push_long(in_.take(in_.number<uint8_t>()));
      case '\x8b':
        return push_long(in_.take(in_.number<uint32_t>(), kMaxLongBytes));
      case 'G': {
        const auto bits = __builtin_bswap64(in_.number<uint64_t>());
        return push({.kind = PickleKind::real, .real = std::bit_cast<double>(bits)});
      }
      // Python 2's strings are text to us.
      case 'T':
      case 'X':
        return push_bytes(PickleKind::text, in_.number<uint32_t>());
      case 'U':
      case '\x8c':
        return push_bytes(PickleKind::text, in_.number<uint8_t>());
      case '\x8d':
        return push_bytes(PickleKind::text, in_.number<uint64_t>());
      case 'B':
        return push_bytes(PickleKind::bytes, in_.number<uint32_t>());
      case 'C':
        return push_bytes(PickleKind::bytes, in_.number<uint8_t>());
      case '\x8e':
      case '\x96':
        return push_bytes(PickleKind::bytes, in_.number<uint64_t>());
      default:
        return false;
    }
  }

  bool push_integer(int64_t value) { return push({.kind = PickleKind::integer, .integer = value}); }

  bool push_bytes(PickleKind kind, uint64_t bytes) { return push({.kind = kind, .text = in_.take(bytes)}); }

  bool push_long(std::string bytes) {
    if (bytes.size() > sizeof(int64_t))
      return push({.kind = PickleKind::long_integer, .text = std::move(bytes)});
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof value; ++i) {
      const bool negative = !bytes.empty() && (bytes.back() & 0x80) != 0;
      const uint64_t byte = i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : negative ? 0xFFU : 0U;
      value |= byte << (8 * i);
    }
    return push_integer(static_cast<int64_t>(value));
  }

  bool build_container(char opcode) {
    switch (opcode) {
      case '(':
        return push_mark();
      case '0':
        if (stack_.size() == floor() && !marks_.empty()) {
          marks_.pop_back();
        } else {
          pop();
        }
        return true;
      case '1':
        pop_to_mark();
        return true;
      case '2':
        return push(top());
      case ')':
        return push({.kind = PickleKind::tuple});
      case ']':
        return push({.kind = PickleKind::list});
      case '}':
        return push({.kind = PickleKind::dict});
      case '\x8f':
        return push({.kind = PickleKind::set});
      case 't':
        return push_items(PickleKind::tuple, pop_to_mark());
      case '\x85':
      case '\x86':
      case '\x87':
        return push_items(PickleKind::tuple, pop_last(static_cast<size_t>(opcode - '\x85') + 1));
      case 'l':
        return push_items(PickleKind::list, pop_to_mark());
      case '\x91':
        return push_items(PickleKind::set, pop_to_mark());
      case 'd': {
        const std::vector<PickleId> values = pop_to_mark();
        push({.kind = PickleKind::dict});
        return set_items(values);
      }
      case 'a':
        return append(pop_last(1), PickleKind::list);
      case 'e':
        return append(pop_to_mark(), PickleKind::list);
      case '\x90':
        return append(pop_to_mark(), PickleKind::set);
      case 's':
        return set_items(pop_last(2));
      case 'u':
        return set_items(pop_to_mark());
      default:
        return false;
    }
  }

  bool push_items(PickleKind kind, std::vector<PickleId> items) {
    return push({.kind = kind, .items = std::move(items)});
  }

  bool append(const std::vector<PickleId>& values, PickleKind kind) {
    PickleNode& target = node(top());
    if (target.kind != kind) in_.fail("adds values to something that is no list or set");
    target.items.insert(target.items.end(), values.begin(), values.end());
    return true;
  }

  bool set_items(const std::vector<PickleId>& values) {
    PickleNode& target = node(top());
    const bool map = target.kind == PickleKind::dict ||
                     (target.kind == PickleKind::object && !is_tensor_call(target.text));
    if (!map) in_.fail("sets keys of something that is no dict");
    if (values.size() % 2 != 0) in_.fail("a key has no value");
    target.items.insert(target.items.end(), values.begin(), values.end());
    return true;
  }

  bool use_memo(char opcode) {
    switch (opcode) {
      case 'q':
        return put(in_.number<uint8_t>());
      case 'r':
        return put(in_.number<uint32_t>());
      case '\x94':
        return put(static_cast<uint32_t>(memo_.size()));
      case 'h':
        return get(in_.number<uint8_t>());
      case 'j':
        return get(in_.number<uint32_t>());
      default:
        return false;
    }
  }

  bool put(uint32_t key) {
    memo_[key] = top();
    if (memo_.size() > kMaxNodes) in_.fail(fmt::format("more than {} memo entries", kMaxNodes));
    return true;
  }

  bool get(uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) in_.fail(fmt::format("memo entry {} is not there", key));
    return push(found->second);
  }

  bool call(char opcode) {
    switch (opcode) {
      case 'c': {
        const std::string module = in_.line();
        return push_global(module, in_.line());
      }
      case '\x93': {
        const std::vector<PickleId> names = pop_last(2);
        if (node(names[0]).kind != PickleKind::text || node(names[1]).kind != PickleKind::text)
          in_.fail("a class name that is no text");
        return push_global(node(names[0]).text, node(names[1]).text);
      }
      case 'Q':
        return push({.kind = PickleKind::persistent, .arguments = pop()});
      case 'R': {
        const std::vector<PickleId> parts = pop_last(2);
        return push_object(parts[0], parts[1], true);
      }
      case '\x81': {
        const std::vector<PickleId> parts = pop_last(2);
        return push_object(parts[0], parts[1], false);
      }
      case 'b': {
        const PickleId state = pop();
        PickleNode& target = node(top());
        if (target.kind != PickleKind::object || is_tensor_call(target.text))
          in_.fail("gives a state to something that is no object");
        target.state = state;
        return true;
      }
      default:
        return false;
    }
  }

  bool push_global(const std::string& module, const std::string& name) {
    if (module.size() + name.size() > kMaxNameBytes)
      in_.fail(fmt::format("a name of more than {} bytes", kMaxNameBytes));
    if ((module + name).find_first_of(" \n") != std::string::npos)
      in_.fail(fmt::format("\"{}\" is no class name", shown(module + "." + name)));
    return push({.kind = PickleKind::global, .text = module + " " + name});
  }

  /// A call, or a new object of a class (which Python makes without calling its constructor).
  bool push_object(PickleId callee, PickleId arguments, bool is_call) {
    if (node(callee).kind != PickleKind::global) in_.fail("calls something that is no class");
    if (node(arguments).kind != PickleKind::tuple) in_.fail("calls with something that is no tuple");
    const std::string name = node(callee).text;
    if (is_call && !is_known_call(name))
      in_.fail(
          fmt::format("wants to call {}, which no checkpoint needs; do not trust this file", dotted(name)));
    PickleNode object{.kind = PickleKind::object, .text = name, .arguments = arguments};
    if (name == kOrderedDict) object.items = pairs_in(arguments);
    return push(std::move(object));
  }

  /// Python 2 writes OrderedDict([[key, value], …]).
  std::vector<PickleId> pairs_in(PickleId arguments) {
    std::vector<PickleId> items;
    if (node(arguments).items.empty()) return items;
    for (const PickleId pair : node(node(arguments).items.front()).items) {
      if (node(pair).items.size() != 2) in_.fail("an OrderedDict of something else than pairs");
      // The same list may be named again and again.
      if (++copied_pairs_ > kMaxNodes)
        in_.fail(fmt::format("more than {} entries of OrderedDicts", kMaxNodes));
      items.insert(items.end(), node(pair).items.begin(), node(pair).items.end());
    }
    return items;
  }

  Input in_;
  PickleTree tree_;
  PickleId none_ = 0;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;
  size_t copied_pairs_ = 0;
  std::unordered_map<uint32_t, PickleId> memo_;
};

bool PickleTree::is_object(PickleId id, std::string_view class_name) const {
  return nodes_[id].kind == PickleKind::object && nodes_[id].text == class_name;
}

std::optional<std::span<const PickleId>> PickleTree::entries(PickleId map) const {
  const PickleNode* node = &nodes_[map];
  if (is_object(map, kNamespace) && node->state) node = &nodes_[*node->state];
  if (node->kind != PickleKind::dict && !is_object(map, kOrderedDict)) return std::nullopt;
  return node->items;
}

std::optional<PickleId> PickleTree::find(PickleId map, std::string_view key) const {
  const auto all = entries(map);
  if (!all) return std::nullopt;
  for (size_t i = all->size(); i >= 2; i -= 2) {
    const PickleNode& name = nodes_[(*all)[i - 2]];
    if (name.kind == PickleKind::text && name.text == key) return (*all)[i - 1];
  }
  return std::nullopt;
}

PickleTree read_pickle(RandomAccessFile& file, uint64_t& offset, uint64_t end) {
  W2V_CHECK(offset <= end && end <= file.size(), "a pickle lies within its file");
  PickleMachine machine(file, offset, end);
  PickleTree tree = machine.run();
  offset = machine.position();
  return tree;
}

}  // namespace wav2vec
