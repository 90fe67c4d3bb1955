INSERT INTO upstreams (id, name, version, enabled, demo, program, args, cwd, protocol, pool, call_timeout_ms, problem, created_at, transport, url, allow_private_network, isolation) VALUES
    (@uuid70@, 'linear', 1, TRUE, FALSE, '', '[]', NULL, '2026-07-28',
     '{"idle_timeout":{"nanos":0,"secs":300},"max_in_flight":64,"max_queue":256,"max_workers":4,"min_idle":0,"queue_timeout":{"nanos":0,"secs":10}}',
     60000, NULL, @time2@, 'http', 'https://linear.example/mcp', TRUE, 'key');
INSERT INTO catalogues (upstream_id, upstream_version, era, server_info, discovered_at, capabilities, instructions) VALUES
    (@uuid70@, 1, 'modern', '{"name":"linear"}', @time2@, '{"prompts":{}}', 'Be kind.');
INSERT INTO catalogue_tools (upstream_id, position, name, tier, definition, asks_client) VALUES
    (@uuid70@, 0, 'ask', 'write', '{"name":"ask","inputSchema":{"type":"object"}}', TRUE);
INSERT INTO catalogue_items (upstream_id, kind, position, name, definition) VALUES
    (@uuid70@, 'prompt', 0, 'hello', '{"name":"hello"}');
INSERT INTO bundles (id, name, selection, created_at, updated_at) VALUES
    (@uuid71@, 'daily', '{"tools":[]}', @time1@, @time2@);
