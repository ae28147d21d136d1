# A budget over a fleet of real agents.
postern_library(postern_end_to_end_spenders SOURCES spenders.cc DEPS postern_end_to_end_host postern_test_support postern_base)
end_to_end_test(budget_fleet_test SOURCES budget_fleet_test.cc
  DEPS postern_end_to_end_furnished postern_end_to_end_house postern_end_to_end_spenders LABELS crash TIMEOUT 3600)
add_dependencies(budget_fleet_test postern-collector postern)
