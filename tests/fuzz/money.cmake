postern_fuzzer(money_fuzzer
  SOURCES money_fuzzer.cc
  DEPS postern_limits postern_policy postern_treasury postern_wire
  CORPUS ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/money)
