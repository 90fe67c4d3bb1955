INSERT INTO policies (id, name, rules, preset, created_at, updated_at, version) VALUES
    (@uuid130@, 'writing', '{"allow":["*"],"deny":[],"max_tier":"write","upstreams":["linear"]}', NULL, @time1@, @time2@, 2);
INSERT INTO policy_versions (policy_id, version, rules, created_at, actor) VALUES
    (@uuid130@, 1, '{"allow":[],"deny":[],"max_tier":"read","upstreams":[]}', @time1@, 'user:ada'),
    (@uuid130@, 2, '{"allow":["*"],"deny":[],"max_tier":"write","upstreams":["linear"]}', @time2@, 'user:ada');
