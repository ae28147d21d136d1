# A key loses its right in the middle of answers: at the gate's two sides, and with the real client.
end_to_end_test(ended_streams_test SOURCES ended_streams_test.cc DEPS postern_end_to_end_peers LABELS sanitized TIMEOUT 300)
end_to_end_test(ended_streams_client_test SOURCES ended_streams_client_test.cc
  DEPS postern_end_to_end_house postern_end_to_end_peers TIMEOUT 600)
add_dependencies(ended_streams_client_test postern-collector postern)
