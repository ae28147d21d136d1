postern_fuzzer(json_fuzzer SOURCES json_fuzzer.cc DEPS postern_json)
