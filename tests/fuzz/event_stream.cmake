postern_fuzzer(event_stream_fuzzer
  SOURCES event_stream_fuzzer.cc
  DEPS postern_spool
  CORPUS ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/event_stream)
