# A key loses its right in the middle of answers, seen from both sides of the gate.
end_to_end_test(ended_streams_test SOURCES ended_streams_test.cc DEPS postern_end_to_end_peers LABELS sanitized TIMEOUT 300)
