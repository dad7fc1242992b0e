# Files that become part of the program. As a script (cmake -P) it writes the source; as a module it offers
#   embed_text(<target> <file> <symbol>)
# which gives <target> the constant `extern const std::string_view wav2vec::<symbol>` with the file's bytes.

if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  file(WRITE "${OUTPUT}"
"#include <string_view>
namespace wav2vec {
static constexpr unsigned char kBytes[] = {
${bytes}};
extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL}(reinterpret_cast<const char*>(kBytes), sizeof kBytes);
}  // namespace wav2vec
")
  return()
endif()

set(EMBED_TEXT_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(embed_text target file symbol)
  get_filename_component(input "${file}" ABSOLUTE)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${file}.cc")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -DSYMBOL=${symbol} -P ${EMBED_TEXT_SCRIPT}
    DEPENDS "${input}" "${EMBED_TEXT_SCRIPT}" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
