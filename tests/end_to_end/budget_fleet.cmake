# A budget over a fleet of real agents, and what becomes of it where states are copied and put back.
postern_library(postern_end_to_end_spenders SOURCES spenders.cc DEPS postern_end_to_end_host postern_test_support postern_base)
postern_library(postern_end_to_end_reckoning SOURCES reckoning.cc DEPS postern_base)
postern_test(reckoning_test SOURCES reckoning_test.cc DEPS postern_end_to_end_reckoning)
postern_library(postern_end_to_end_fleet_books SOURCES fleet_books.cc
  DEPS postern_end_to_end_furnished postern_end_to_end_reckoning postern_json)
end_to_end_test(budget_fleet_test SOURCES budget_fleet_test.cc
  DEPS postern_end_to_end_fleet_books postern_end_to_end_furnished postern_end_to_end_house postern_end_to_end_spenders
  LABELS crash TIMEOUT 3600)
end_to_end_test(budget_states_test SOURCES budget_states_test.cc kept_money.cc
  DEPS postern_end_to_end_fleet_books postern_end_to_end_furnished postern_end_to_end_house postern_end_to_end_spenders
  postern_limits postern_store postern_treasury postern_wire
  TIMEOUT 600)
foreach(test budget_fleet_test budget_states_test)
  add_dependencies(${test} postern-collector postern)
endforeach()
# LD_PRELOAD: whoever is started with it is on another machine.
add_library(another_machine MODULE another_machine.cc)
target_link_libraries(another_machine PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(another_machine PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
add_dependencies(budget_states_test another_machine)
