#pragma once
// Where an encoder's bytes go, front to back.

#include <functional>
#include <string_view>

namespace wav2vec {

using ByteSink = std::function<void(std::string_view)>;

/// The bytes of a value or a span of values as they lie in memory.
template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
template <class Values>
std::string_view bytes_of_values(const Values& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0])};
}

}  // namespace wav2vec
