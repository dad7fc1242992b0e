#include "wav2vec/extract/model_parameters.h"

namespace wav2vec {

const ParameterLayout& found_in(const ModelFile& file, const ParameterLayout& layout) {
  for (const ParameterId id : layout.by_name()) file.require(layout[id].name, layout[id].shape);
  return layout;
}

}  // namespace wav2vec
