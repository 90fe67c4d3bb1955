INSERT INTO api_keys (id, public_id, name, mode, owner_id, plan_id, active, created_at, expires_at, revoked_at, last_used_at) VALUES
    (@uuid30@, 'abcdefghijk1', 'laptop', 'live', @uuid22@, @uuid20@, TRUE, @time1@, @time9@, NULL, @time2@),
    (@uuid31@, 'abcdefghijk2', 'lost', 'test', @uuid23@, NULL, FALSE, @time1@, NULL, @time2@, NULL);
INSERT INTO api_key_policies (key_id, policy_id) VALUES (@uuid30@, @uuid11@), (@uuid31@, @uuid10@);
INSERT INTO api_key_secrets (id, key_id, hash, last_four, created_at, expires_at, last_used_at) VALUES
    (@uuid32@, @uuid30@, '$argon2id$v=19$m=256,t=1,p=1$c2FsdHNhbHQ$aGFzaA', 'wxyz', @time1@, NULL, @time2@),
    (@uuid33@, @uuid30@, '$argon2id$v=19$m=256,t=1,p=1$c2FsdHNhbHQ$b3RoZXI', 'abcd', @time1@, @time2@, NULL);
