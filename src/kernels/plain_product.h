#pragma once
// A square matrix product as oneDNN does it best: the yardstick of bench/ and `wav2vec bench`.

#include <cstdint>
#include <memory>

#include "wav2vec/core/dtype.h"

namespace wav2vec::kernels {

class PlainProduct {
 public:
  PlainProduct(DType dtype, int64_t size);
  ~PlainProduct();
  void run();

 private:
  struct Primitive;
  std::unique_ptr<Primitive> primitive_;
};

}  // namespace wav2vec::kernels
