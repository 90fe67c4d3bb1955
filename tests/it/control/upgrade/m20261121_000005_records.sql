INSERT INTO usage_records (id, at_us, key_id, key_name, owner_id, upstream, tool, outcome, duration_us, request_bytes, result_bytes) VALUES
    (@uuid50@, 1795250000000000, @uuid30@, 'laptop', @uuid22@, 'github', 'search', 'ok', 1500, 200, 4000),
    (@uuid51@, 1795250000000001, @uuid30@, 'laptop', @uuid22@, NULL, 'nothing', 'unknown_tool', 10, 100, 0);
INSERT INTO audit_events (id, at_us, request_id, actor, key_id, user_id, action, target, outcome, error, rule, arguments_digest, duration_us, remote_address, client, detail) VALUES
    (@uuid50@, 1795250000000000, @uuid50@, 'key:laptop', @uuid30@, @uuid22@, 'tools/call', 'github.search', 'ok', NULL, 'all: *', @bytes0102@, 1500, '127.0.0.1', 'it/1', NULL),
    (@uuid52@, 1795250000000002, @uuid52@, 'user:ada', NULL, @uuid22@, 'keys.revoke', 'lost', 'ok', NULL, NULL, NULL, 0, NULL, NULL, '{"before":null}');
