postern_program(postern-agent-faulty SOURCES faulty_agent.cc DEPS postern_agent postern_kv)
postern_library(postern_end_to_end_load
  SOURCES load.cc provider_journal.cc recorded.cc
  DEPS postern_base postern_end_to_end_host postern_spool postern_test_support postern_wire)
postern_test(crash_test SOURCES crash_test.cc DEPS postern_end_to_end_load LABELS end_to_end crash TIMEOUT 1800)
postern_test(full_disk_test SOURCES full_disk_test.cc DEPS postern_end_to_end_load LABELS end_to_end)
add_dependencies(crash_test postern-agent-faulty)
add_dependencies(full_disk_test postern-agent-faulty)
