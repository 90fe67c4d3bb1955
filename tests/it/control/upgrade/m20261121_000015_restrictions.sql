INSERT INTO plans (id, name, calls_per_minute, burst, max_in_flight, created_at, calls_per_month) VALUES
    (@uuid150@, 'monthly', NULL, NULL, NULL, @time2@, 1000);
INSERT INTO api_keys (id, public_id, name, mode, owner_id, plan_id, active, created_at, expires_at, revoked_at, last_used_at, restrictions, last_used_address, last_used_client) VALUES
    (@uuid151@, 'abcdefghijk3', 'office', 'live', @uuid140@, @uuid150@, TRUE, @time1@, NULL, NULL, @time2@, '{"networks":["10.0.0.0/8"]}', '10.1.2.3', 'it/1');
INSERT INTO api_key_policies (key_id, policy_id) VALUES (@uuid151@, @uuid130@);
INSERT INTO quota_leases (subject_id, limit_id, month, calls) VALUES (@uuid151@, @uuid150@, 202611, 200);
