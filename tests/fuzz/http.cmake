postern_fuzzer(http_head_fuzzer CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/http_head SOURCES http_head_fuzzer.cc DEPS postern_http)
postern_fuzzer(http_chunks_fuzzer CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/http_chunks SOURCES http_chunks_fuzzer.cc DEPS postern_http)
