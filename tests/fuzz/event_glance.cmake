postern_fuzzer(event_glance_fuzzer
  SOURCES event_glance_fuzzer.cc
  DEPS postern_intake
  CORPUS ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/event_glance)
