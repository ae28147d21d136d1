# Money runs out: at the gate's two sides, and with the real client.
postern_library(postern_end_to_end_budgeted SOURCES budgeted.cc DEPS postern_end_to_end_house)
end_to_end_test(budgets_test SOURCES budgets_test.cc
  DEPS postern_end_to_end_budgeted postern_end_to_end_furnished postern_end_to_end_peers TIMEOUT 600)
end_to_end_test(budgets_client_test SOURCES budgets_client_test.cc
  DEPS postern_end_to_end_budgeted postern_end_to_end_furnished postern_end_to_end_peers TIMEOUT 1800)
end_to_end_test(meant_stop_test SOURCES meant_stop_test.cc kept_money.cc
  DEPS postern_end_to_end_budgeted postern_end_to_end_furnished postern_limits postern_spool postern_store postern_treasury TIMEOUT 600)
foreach(test budgets_test budgets_client_test meant_stop_test)
  add_dependencies(${test} postern-collector postern)
endforeach()
