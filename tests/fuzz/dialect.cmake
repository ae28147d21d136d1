postern_fuzzer(messages_request_fuzzer
  SOURCES messages_request_fuzzer.cc ${CMAKE_SOURCE_DIR}/tests/agent/dialect/plain_json.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/messages_request
  DEPS postern_dialect)
postern_fuzzer(request_weight_fuzzer
  SOURCES request_weight_fuzzer.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/request_weight
  DEPS postern_dialect)
postern_fuzzer(splice_fuzzer
  SOURCES splice_fuzzer.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/splice
  DEPS postern_dialect)
postern_fuzzer(sse_fuzzer
  SOURCES sse_fuzzer.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/sse
  DEPS postern_dialect)
postern_fuzzer(answer_meter_fuzzer
  SOURCES answer_meter_fuzzer.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/answer_meter
  DEPS postern_dialect)
