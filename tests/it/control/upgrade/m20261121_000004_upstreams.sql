INSERT INTO upstreams (id, name, version, enabled, demo, program, args, cwd, protocol, pool, call_timeout_ms, problem, created_at) VALUES
    (@uuid40@, 'github', 3, TRUE, FALSE, 'github-mcp-server', '["stdio","--read-only"]', '/srv', 'auto',
     '{"idle_timeout":{"nanos":0,"secs":300},"max_in_flight":64,"max_queue":256,"max_workers":4,"min_idle":1,"queue_timeout":{"nanos":0,"secs":10}}',
     300000, 'it does not start', @time1@);
INSERT INTO upstream_env (upstream_id, name, sealed) VALUES (@uuid40@, 'TOKEN', @bytes00c0ffee@);
INSERT INTO catalogues (upstream_id, upstream_version, era, server_info, discovered_at) VALUES
    (@uuid40@, 3, 'legacy', '{"name":"github","version":"1"}', @time2@);
INSERT INTO catalogue_tools (upstream_id, position, name, tier, definition) VALUES
    (@uuid40@, 0, 'search', 'read', '{"name":"search","inputSchema":{"type":"object"}}'),
    (@uuid40@, 1, 'delete_repo', 'destructive', '{"name":"delete_repo","inputSchema":{"type":"object"}}');
