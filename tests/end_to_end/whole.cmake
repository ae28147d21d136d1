# Collector, agents, provider and clients together.
postern_library(postern_end_to_end_house SOURCES house.cc
  DEPS postern_end_to_end_host postern_end_to_end_keep postern_test_support postern_base postern_json)
end_to_end_test(whole_test SOURCES whole_test.cc DEPS postern_end_to_end_furnished postern_end_to_end_house postern_end_to_end_peers TIMEOUT 600)
end_to_end_test(house_crash_test SOURCES house_crash_test.cc kept_money.cc DEPS postern_end_to_end_house postern_end_to_end_load postern_limits postern_store
  postern_treasury postern_wire
  LABELS crash TIMEOUT 3600)
foreach(test whole_test house_crash_test)
  add_dependencies(${test} postern-collector postern)
endforeach()
add_dependencies(house_crash_test postern-agent-faulty power_cut)
