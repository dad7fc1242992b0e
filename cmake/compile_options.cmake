add_library(wav2vec_options INTERFACE)
target_compile_options(wav2vec_options INTERFACE
  -march=${W2V_MARCH} -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wpedantic -fno-math-errno -fno-trapping-math)
if(W2V_WARNINGS_AS_ERRORS)
  target_compile_options(wav2vec_options INTERFACE -Werror)
endif()
if(W2V_SANITIZE)
  target_compile_options(wav2vec_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
    # Instrumented standard library code looks uninitialised to GCC 12.
    -Wno-maybe-uninitialized)
  target_link_options(wav2vec_options INTERFACE -fsanitize=address,undefined)
endif()
