# Everything comes from Debian's packages (scripts/install-packages.sh names them).
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(Eigen3 CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)

find_package(PkgConfig REQUIRED)
pkg_check_modules(sndfile REQUIRED IMPORTED_TARGET sndfile)
pkg_check_modules(fftw3 REQUIRED IMPORTED_TARGET fftw3)
pkg_check_modules(fftw3f REQUIRED IMPORTED_TARGET fftw3f)
pkg_check_modules(soxr REQUIRED IMPORTED_TARGET soxr)
pkg_check_modules(hdf5 REQUIRED IMPORTED_TARGET hdf5)
pkg_check_modules(icu REQUIRED IMPORTED_TARGET icu-i18n icu-uc)

# Debian's cld2 has neither a pkg-config file nor one for CMake.
find_path(CLD2_INCLUDE_DIR cld2/public/compact_lang_det.h REQUIRED)
find_library(CLD2_LIBRARY cld2 REQUIRED)

# Debian's dnnl-config.cmake asks for OpenCL's development files, which a CPU program does not need.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(DNNL::dnnl SHARED IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES
  IMPORTED_LOCATION ${DNNL_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})

# Debian's ONNXConfig.cmake leaves out what the headers need: protobuf, and which of two sets of messages is meant.
find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h REQUIRED)
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
find_library(PROTOBUF_LIBRARY protobuf REQUIRED)
add_library(onnx_messages INTERFACE)
target_include_directories(onnx_messages SYSTEM INTERFACE ${ONNX_INCLUDE_DIR})
target_compile_definitions(onnx_messages INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(onnx_messages INTERFACE ${ONNX_PROTO_LIBRARY} ${PROTOBUF_LIBRARY})

# C is not among the languages: MPI's C interface is looked for through the C++ compiler.
if(W2V_MPI STREQUAL "AUTO" OR W2V_MPI)
  if(W2V_MPI STREQUAL "AUTO")
    find_package(MPI COMPONENTS CXX)
  else()
    find_package(MPI REQUIRED COMPONENTS CXX)
  endif()
endif()

if(W2V_ESPEAK STREQUAL "AUTO")
  pkg_check_modules(espeak IMPORTED_TARGET espeak-ng)
elseif(W2V_ESPEAK)
  pkg_check_modules(espeak REQUIRED IMPORTED_TARGET espeak-ng)
else()
  set(espeak_FOUND FALSE)
endif()

# Each voice is a library of its own, and the first of them needs those behind it.
if(W2V_FLITE STREQUAL "AUTO" OR W2V_FLITE)
  set(FLITE_LIBRARIES "")
  foreach(part cmu_us_awb cmu_us_kal cmu_us_kal16 cmu_us_rms cmu_us_slt usenglish cmulex "")
    string(REGEX REPLACE "_$" "" name "flite_${part}")
    find_library(W2V_${name} ${name})
    mark_as_advanced(W2V_${name})
    list(APPEND FLITE_LIBRARIES "${W2V_${name}}")
  endforeach()
  find_path(FLITE_INCLUDE_DIR flite/flite.h)
  if("${FLITE_LIBRARIES};${FLITE_INCLUDE_DIR}" MATCHES "NOTFOUND")
    set(FLITE_LIBRARIES "")
    if(NOT W2V_FLITE STREQUAL "AUTO")
      message(FATAL_ERROR "W2V_FLITE is ON, but flite's headers and voices are not there; install flite1-dev")
    endif()
  endif()
endif()
