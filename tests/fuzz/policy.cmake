postern_fuzzer(policy_file_fuzzer
  SOURCES policy_file_fuzzer.cc
  DEPS postern_limits postern_policy)
postern_fuzzer(policy_snapshot_fuzzer
  SOURCES policy_snapshot_fuzzer.cc
  DEPS postern_policy)
