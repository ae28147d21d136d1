postern_fuzzer(policy_parts_fuzzer
  SOURCES policy_parts_fuzzer.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/policy_parts
  DEPS postern_membership)
