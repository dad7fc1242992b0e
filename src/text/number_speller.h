#pragma once
// Numbers in words, as ICU's rules and a few corrections of them spell them. All words are UTF-8.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

using Words = std::vector<std::string>;  ///< ways to say one thing, the usual one first

/// Expensive to make. Not for several threads at once.
class NumberSpeller {
 public:
  explicit NumberSpeller(const std::string& language);
  ~NumberSpeller();
  NumberSpeller(NumberSpeller&&) noexcept;

  /// `gender`: "masculine", "feminine", "neuter", or empty for what is said in counting; that form comes
  /// first.
  Words cardinals(int64_t value, std::string_view gender = {}) const;
  /// Empty where ICU has no ordinals.
  Words ordinals(int64_t value, std::string_view gender = {}) const;
  /// Of 1100 to 2099.
  Words years(int64_t value) const;
  /// Each digit by its name.
  Words digits(std::string_view digits) const;
  /// `whole` has at most 15 digits.
  Words decimals(std::string_view whole, std::string_view fraction, std::string_view gender = {}) const;

  /// CLDR's plural category: "one", "few", …
  std::string plural_category(double value) const;
  /// ICU's name, "Swiss francs"; empty if it has none.
  std::string currency_name(std::string_view code, double value) const;

 private:
  struct Rules;
  std::unique_ptr<Rules> rules_;
};

}  // namespace wav2vec
