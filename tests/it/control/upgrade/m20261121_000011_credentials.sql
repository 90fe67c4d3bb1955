INSERT INTO upstreams (id, name, version, enabled, demo, program, args, cwd, protocol, pool, call_timeout_ms, problem, created_at, transport, url, allow_private_network, isolation, credential) VALUES
    (@uuid110@, 'glean', 1, FALSE, FALSE, '', '[]', NULL, 'auto',
     '{"idle_timeout":{"nanos":0,"secs":300},"max_in_flight":64,"max_queue":256,"max_workers":4,"min_idle":0,"queue_timeout":{"nanos":0,"secs":10}}',
     60000, NULL, @time2@, 'http', 'https://glean.example/mcp', FALSE, 'shared', NULL);
