# What a policy lets through, on a lone host with a file of its own: at the gate's two sides, and with the real client.
end_to_end_test(gate_policy_test SOURCES gate_policy_test.cc DEPS postern_end_to_end_peers LABELS sanitized TIMEOUT 300)
end_to_end_test(gate_policy_client_test SOURCES gate_policy_client_test.cc DEPS postern_end_to_end_peers TIMEOUT 600)
