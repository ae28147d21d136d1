postern_fuzzer(config_fuzzer
  SOURCES config_fuzzer.cc
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/config
  DEPS postern_agent_config postern_collector_config postern_identity postern_config)
