#pragma once
// Self-contained HTML pages from a template that is part of the program.

#include <map>
#include <string>
#include <string_view>

namespace wav2vec {

/// Every {{NAME}} of the template replaced by its part, as it is: parts are escaped already (core/escape.h).
/// A name without a part is a bug and throws std::out_of_range.
std::string fill_page(std::string_view page, const std::map<std::string_view, std::string>& parts);

/// printable() line by line, every line ended: recipes and tables of untrusted origin.
std::string printable_lines(std::string_view text);

}  // namespace wav2vec
