# Flags of our own targets; generated code is built without the warnings.
add_library(quorate_flags INTERFACE)
target_include_directories(quorate_flags INTERFACE ${PROJECT_SOURCE_DIR})
if(QUORATE_SANITIZE)
  target_compile_options(quorate_flags INTERFACE -fsanitize=${QUORATE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(quorate_flags INTERFACE -fsanitize=${QUORATE_SANITIZE})
endif()

add_library(quorate_warnings INTERFACE)
target_link_libraries(quorate_warnings INTERFACE quorate_flags)
target_compile_options(quorate_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                                  -Wno-missing-field-initializers)
if(QUORATE_SANITIZE STREQUAL "thread")
  # The library warns that its fences are not understood by the sanitizer; no code of ours uses fences.
  target_compile_options(quorate_warnings INTERFACE -Wno-tsan)
endif()
option(QUORATE_WERROR "Warnings are errors" OFF)
if(QUORATE_WERROR)
  # At -O2, GCC 12 finds overflows in its own std::string, where literals are assigned or added, that are none.
  target_compile_options(quorate_warnings INTERFACE -Werror -Wno-error=array-bounds -Wno-error=restrict
                                                    -Wno-error=stringop-overflow)
endif()

# quorate_library(name SOURCES ... PUBLIC ... PRIVATE ...): a library with an honest dependency list.
function(quorate_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  string(REPLACE "quorate_" "quorate::" alias ${name})
  add_library(${alias} ALIAS ${name})
  target_link_libraries(${name} PUBLIC quorate_flags ${arg_PUBLIC} PRIVATE quorate_warnings ${arg_PRIVATE})
endfunction()
