INSERT INTO audit_writers (id, kind, started_at_us, head_seq, head_hash) VALUES (@uuid80@, 0, 1795250000000000, 2, @bytes0a@);
INSERT INTO audit_pruned (writer, first_seq, last_seq, last_hash) VALUES (@uuid80@, 1, 1, @bytes0b@);
INSERT INTO audit_events (id, at_us, request_id, actor, key_id, user_id, action, target, outcome, error, rule, arguments_digest, duration_us, remote_address, client, detail, kind, writer, seq, previous, hash) VALUES
    (@uuid81@, 1795250000000003, @uuid81@, 'key:laptop', @uuid30@, @uuid22@, 'tools/call', 'github.search', 'ok', NULL, NULL, NULL, 5, NULL, NULL, NULL, 0, @uuid80@, 2, @bytes0b@, @bytes0a@);
