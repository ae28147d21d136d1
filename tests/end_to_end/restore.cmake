end_to_end_test(restore_test SOURCES restore_test.cc DEPS postern_end_to_end_house TIMEOUT 300)
add_dependencies(restore_test postern-collector postern)
