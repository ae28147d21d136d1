# The agent dies, the power fails, the disk fills up.
postern_program(postern-agent-faulty SOURCES faulty_agent.cc DEPS postern_agent postern_kv)
postern_library(postern_end_to_end_load
  SOURCES arrivals.cc load.cc recorded.cc
  DEPS postern_base postern_end_to_end_host postern_spool postern_test_support postern_wire)
end_to_end_test(crash_test SOURCES crash_test.cc DEPS postern_end_to_end_load LABELS crash TIMEOUT 3600)
end_to_end_test(full_disk_test SOURCES full_disk_test.cc small_disk_test.cc DEPS postern_end_to_end_load TIMEOUT 300)
add_dependencies(crash_test postern-agent-faulty)
add_dependencies(full_disk_test postern-agent-faulty)
