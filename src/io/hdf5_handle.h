#pragma once
// An identifier of libhdf5 that is closed when it goes.

#include <hdf5.h>

#include <utility>

namespace wav2vec {

/// No messages of the library on stderr, which it decides thread by thread; and no last attempt, at the end
/// of the process, to write what could not be written: that crashes.
inline void silence_hdf5() {
  static const herr_t once = H5dont_atexit();
  static_cast<void>(once);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

class Hdf5Handle {
 public:
  using Closer = herr_t (*)(hid_t);

  Hdf5Handle() = default;
  Hdf5Handle(hid_t id, Closer closer) : id_(id), closer_(closer) {}
  ~Hdf5Handle() { close(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), closer_(other.closer_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(closer_, other.closer_);
    return *this;
  }

  operator hid_t() const { return id_; }  // NOLINT: used like the identifier
  bool valid() const { return id_ >= 0; }
  /// False when what was still to be written could not be.
  bool close() {
    if (id_ < 0) return true;
    silence_hdf5();
    return closer_(std::exchange(id_, -1)) >= 0;
  }

 private:
  hid_t id_ = -1;
  Closer closer_ = nullptr;
};

/// Opens for reading without the library's messages on stderr; invalid when it is no HDF5 file.
Hdf5Handle open_hdf5(const char* path);

}  // namespace wav2vec
