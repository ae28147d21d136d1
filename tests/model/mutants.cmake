# Bugs that the simulator must find: each is one change to a real source file, in a copy that only this test is linked with, in place of the
# original. Where the source no longer holds the text, configuring stops: a bug that isn't planted would be found by nobody.
#
#   model_mutant(i2_grants_add_up agent/wallet/wallet.cc "the text" "the text with the bug")
function(model_mutant name source text bug)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${source})
  file(READ ${CMAKE_SOURCE_DIR}/${source} contents)
  string(FIND "${contents}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "tests/model: ${source} no longer holds what the bug ${name} changes")
  endif()
  string(REPLACE "${text}" "${bug}" contents "${contents}")
  set(copy ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  file(GENERATE OUTPUT ${copy} CONTENT "${contents}")
  # The copy defines all that the original does, so the linker leaves that where it is.
  postern_program(model_${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/main.cc ${copy} DEPS postern_model)
  set_target_properties(model_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  add_test(NAME model_finds_${name} COMMAND model_${name} --seeds 1-300 --finds-a-bug)
  set_tests_properties(model_finds_${name} PROPERTIES LABELS "model;unsanitized" TIMEOUT 300)
endfunction()
