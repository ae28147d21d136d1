end_to_end_test(member_test SOURCES member_test.cc DEPS postern_end_to_end_keep postern_json TIMEOUT 300)
add_dependencies(member_test postern-collector)
