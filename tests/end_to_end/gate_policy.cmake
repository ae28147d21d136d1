# What a policy lets through, on a lone host with a file of its own, seen from both sides of the gate.
end_to_end_test(gate_policy_test SOURCES gate_policy_test.cc DEPS postern_end_to_end_peers LABELS sanitized TIMEOUT 300)
