INSERT INTO plans (id, name, calls_per_minute, burst, max_in_flight, created_at) VALUES
    (@uuid20@, 'small', 60, 10, 2, @time1@),
    (@uuid21@, 'free', NULL, NULL, NULL, @time1@);
INSERT INTO users (id, name, role, enabled, created_at) VALUES
    (@uuid22@, 'ada', 'administrator', TRUE, @time1@),
    (@uuid23@, 'bob', 'member', FALSE, @time2@);
INSERT INTO user_policies (user_id, policy_id) VALUES (@uuid23@, @uuid10@);
INSERT INTO login_links (token_hash, user_id, created_at, expires_at, used_at) VALUES
    (@bytes01ff@, @uuid22@, @time1@, @time2@, NULL);
