postern_fuzzer(virtual_key_fuzzer
  SOURCES virtual_key_fuzzer.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/virtual_key
  DEPS postern_identity)
