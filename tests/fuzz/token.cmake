postern_fuzzer(token_fuzzer SOURCES token_fuzzer.cc DEPS postern_tokens)
