INSERT INTO audit_events (id, at_us, request_id, actor, action, target, outcome, duration_us, kind, request_bytes, result_bytes, upstream_status) VALUES
    (@uuid180@, 1795250000000004, @uuid180@, 'anonymous', 'tools/call', 'github.search', 'ok', 5, 0, 120, 4096, 200);
