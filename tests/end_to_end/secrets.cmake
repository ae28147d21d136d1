# Secrets on their way out: what leaves, what is recorded and what lies about, and the real client.
postern_library(postern_end_to_end_secret_bodies SOURCES secret_bodies.cc DEPS postern_base postern_secrets)
end_to_end_test(secrets_gate_test SOURCES secrets_gate_test.cc
  DEPS postern_end_to_end_peers postern_end_to_end_secret_bodies LABELS sanitized TIMEOUT 600)
end_to_end_test(planted_secrets_test SOURCES planted_secrets_test.cc
  DEPS postern_end_to_end_budgeted postern_end_to_end_furnished postern_end_to_end_peers postern_end_to_end_secret_bodies TIMEOUT 600)
add_dependencies(planted_secrets_test postern-collector postern)
end_to_end_test(secret_answers_test SOURCES secret_answers_test.cc DEPS postern_end_to_end_peers postern_crypto postern_secrets LABELS sanitized TIMEOUT 600)
end_to_end_test(secrets_client_test SOURCES secrets_client_test.cc DEPS postern_end_to_end_peers postern_secrets TIMEOUT 600)
