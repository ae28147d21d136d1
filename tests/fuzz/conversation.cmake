postern_fuzzer(conversation_fuzzer
  SOURCES conversation_fuzzer.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/conversation
  DEPS postern_wire)
