#pragma once
// An identifier of libhdf5 that is closed when it goes.

#include <hdf5.h>

#include <utility>

namespace wav2vec {

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
  bool close() { return id_ < 0 || closer_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  Closer closer_ = nullptr;
};

/// Opens for reading without the library's messages on stderr; invalid when it is no HDF5 file.
Hdf5Handle open_hdf5(const char* path);

}  // namespace wav2vec
