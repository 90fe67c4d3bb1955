INSERT INTO plans (id, name, calls_per_minute, burst, max_in_flight, created_at, calls_per_month, calls_per_day) VALUES
    (@uuid290@, 'daily', NULL, NULL, NULL, @time3@, NULL, 100),
    (@uuid291@, 'daily and monthly', NULL, NULL, NULL, @time3@, 1000, 100),
    (@uuid292@, 'more a day', NULL, NULL, NULL, @time3@, 1000, 2000);
INSERT INTO api_keys (id, public_id, name, mode, owner_id, plan_id, active, created_at, expires_at, revoked_at, last_used_at, restrictions) VALUES
    (@uuid293@, 'abcdefghijk7', 'daily', 'live', @uuid140@, @uuid290@, TRUE, @time3@, NULL, NULL, NULL, '{"limits":{"calls_per_day":10,"calls_per_minute":5}}');
INSERT INTO quota_leases (subject_id, limit_id, month, calls) VALUES
    (@uuid293@, @uuid290@, 20261103, 20),
    (@uuid293@, @uuid290@, 202611, 30);
