# quorate_test(name SOURCES ... LIBRARIES ... LABELS ...): one program per ring and folder; each test case is a CTest test.
include(/usr/lib/cmake/doctest/doctest.cmake OPTIONAL RESULT_VARIABLE doctest_module)
if(NOT doctest_module)
  find_file(doctest_module NAMES doctest.cmake PATHS /usr/lib/cmake /usr/share/doctest /usr/lib/x86_64-linux-gnu/cmake
            PATH_SUFFIXES doctest REQUIRED)
  include(${doctest_module})
endif()

add_custom_target(unit_tests COMMENT "the rings that need no processes")

function(quorate_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE quorate_doctest_main quorate_warnings ${arg_LIBRARIES})
  if("unit" IN_LIST arg_LABELS)
    add_dependencies(unit_tests ${name})
  endif()
  doctest_discover_tests(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 600)
endfunction()
