INSERT INTO upstreams (id, name, version, enabled, demo, program, args, cwd, protocol, pool, call_timeout_ms, problem, created_at, transport, url, allow_private_network, isolation, credential, keep_arguments) VALUES
    (@uuid160@, 'watched', 1, TRUE, FALSE, 'watched', '[]', NULL, 'auto',
     '{"idle_timeout":{"nanos":0,"secs":300},"max_in_flight":64,"max_queue":256,"max_workers":4,"min_idle":0,"queue_timeout":{"nanos":0,"secs":10}}',
     60000, NULL, @time2@, 'stdio', NULL, FALSE, 'shared', NULL, TRUE);
INSERT INTO audit_arguments (event_id, arguments, cut) VALUES (@uuid50@, '{"query":"x"}', FALSE);
