# One directory is one library, and its link line is its list of permitted includes.
#
#   postern_library(postern_pricing SOURCES price_table.cc DEPS postern_base [PRIVATE_DEPS RocksDB::rocksdb])
#   postern_test(pricing_test SOURCES price_table_test.cc DEPS postern_pricing)
#
# PRIVATE_DEPS are third-party libraries that the directory wraps: its users can't include them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

function(_postern_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
  # The standard library's own stable sorts use what it declares deprecated, and clang says so in our name.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
  # g++ 12 takes the unused side of a std::variant for an uninitialised one, where it optimises most.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Wno-maybe-uninitialized>)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()

function(postern_library name)
  cmake_parse_arguments(LIB "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(LIB_SOURCES)
    add_library(${name} STATIC ${LIB_SOURCES})
    _postern_options(${name})
    target_link_libraries(${name} PUBLIC ${LIB_DEPS} PRIVATE ${LIB_PRIVATE_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${LIB_DEPS})
  endif()
endfunction()

function(postern_program name)
  cmake_parse_arguments(PROGRAM "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${PROGRAM_SOURCES})
  _postern_options(${name})
  target_link_libraries(${name} PRIVATE ${PROGRAM_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# A test program is one CTest entry; LABELS choose which runs include it: unit (where none is given), end_to_end, crash.
# The sanitizers' runs (POSTERN_SANITIZER) leave end_to_end out, unless it is also labelled "sanitized". There tests themselves are not
# optimised: it takes them half of the time to compile, and finds no less.
function(postern_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  _postern_options(${name})
  target_link_libraries(${name} PRIVATE ${TEST_DEPS} postern_test_paths GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT TEST_LABELS)
    set(TEST_LABELS unit)
  endif()
  if("end_to_end" IN_LIST TEST_LABELS AND NOT "sanitized" IN_LIST TEST_LABELS)
    list(APPEND TEST_LABELS unsanitized)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL "${POSTERN_SANITIZER}")
  endif()
  if(POSTERN_SANITIZER)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT})
endfunction()

# A libFuzzer target, <name>_fuzzer, whose seeds are in tests/fuzz/corpus/<name>; the target `fuzzers` builds them all.
# Without POSTERN_FUZZ the same entry point replays its seeds as an ordinary test.
#
#   postern_fuzzer(sse_fuzzer SOURCES sse_fuzzer.cc DEPS postern_dialect)
function(postern_fuzzer name)
  cmake_parse_arguments(FUZZ "" "CORPUS" "SOURCES;DEPS" ${ARGN})
  if(NOT FUZZ_CORPUS)
    string(REGEX REPLACE "_fuzzer$" "" corpus ${name})
    set(FUZZ_CORPUS ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${corpus})
  endif()
  add_executable(${name} ${FUZZ_SOURCES})
  if(POSTERN_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    add_test(NAME ${name} COMMAND ${name} ${FUZZ_CORPUS})
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
  _postern_options(${name})
  target_link_libraries(${name} PRIVATE ${FUZZ_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzzers)
  add_dependencies(fuzzers ${name})
endfunction()
