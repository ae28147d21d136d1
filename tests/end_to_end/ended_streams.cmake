# A key loses its right in the middle of answers: at the gate's two sides, and with the real client.
end_to_end_test(ended_streams_test SOURCES ended_streams_test.cc DEPS postern_end_to_end_peers LABELS sanitized TIMEOUT 300)
postern_library(postern_end_to_end_revocation SOURCES revocation_time.cc
  DEPS postern_end_to_end_house postern_end_to_end_furnished)
end_to_end_test(ended_streams_client_test SOURCES ended_streams_client_test.cc
  DEPS postern_end_to_end_house postern_end_to_end_peers TIMEOUT 600)
end_to_end_test(revocation_time_test SOURCES revocation_time_test.cc DEPS postern_end_to_end_revocation TIMEOUT 300)
foreach(test ended_streams_client_test revocation_time_test)
  add_dependencies(${test} postern-collector postern)
endforeach()
