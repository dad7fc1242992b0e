#pragma once
// Pieces of something like XML, in one pass. Nothing is looked up, expanded or checked; what is no tag is
// text.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

struct XmlAttribute {
  std::string_view name;  ///< without its prefix
  bool prefixed = false;
  std::string_view value;  ///< as it is written, without the quotes
};

struct XmlPiece {
  enum class Kind { text, cdata, open, close, doctype, other };

  Kind kind = Kind::text;
  size_t begin = 0;       ///< in the scanned text
  std::string_view text;  ///< text; or what stands between < and >
  std::string_view name;  ///< of a tag, with its prefix
  bool closes_itself = false;
  bool broken = false;  ///< ended by force
  std::vector<XmlAttribute> attributes;

  std::string_view local_name() const;
  /// Null if there is none of this name, with any prefix.
  const XmlAttribute* attribute(std::string_view local) const;
  bool attribute_is(std::string_view local, std::string_view value) const;
};

class XmlScanner {
 public:
  explicit XmlScanner(std::string_view text) : text_(text) {}

  /// False at the end.
  bool next(XmlPiece& piece);
  /// The end of an element without content, if it follows at once, is skipped: <br></br>.
  void expect_close();

 private:
  bool read_tag(XmlPiece& piece);
  void read_markup(XmlPiece& piece);

  std::string_view text_;
  size_t at_ = 0;
  std::vector<std::string_view> missing_;  ///< ends that do not come any more, so that none is sought twice
};

/// The first element's name in small letters, without its prefix; "" if the text does not begin with one.
std::string xml_root_name(std::string_view text);

}  // namespace wav2vec
