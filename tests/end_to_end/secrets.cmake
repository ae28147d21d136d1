# Secrets on their way out: what leaves, what is recorded and what lies about, and the real client.
end_to_end_test(secrets_gate_test SOURCES secrets_gate_test.cc DEPS postern_end_to_end_peers postern_secrets LABELS sanitized TIMEOUT 600)
end_to_end_test(secret_answers_test SOURCES secret_answers_test.cc DEPS postern_end_to_end_peers postern_crypto postern_secrets LABELS sanitized TIMEOUT 600)
end_to_end_test(secrets_client_test SOURCES secrets_client_test.cc DEPS postern_end_to_end_peers postern_secrets TIMEOUT 600)
