INSERT INTO policies (id, name, rules, preset, created_at, updated_at) VALUES
    (@uuid10@, 'reading', '{"allow":["*"],"deny":["github.delete_*"],"read_only":true,"upstreams":["*"]}', 'read-only', @time1@, @time2@),
    (@uuid11@, 'all', '{"allow":["*"],"deny":[],"read_only":false,"upstreams":["*"]}', NULL, @time1@, @time1@);
