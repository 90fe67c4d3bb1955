INSERT INTO idempotency_keys (key_hash, request_hash, claim, claimed_at, expires_at, marked, status, answer) VALUES
    (@bytes0d01@, @bytes0e01@, @uuid170@, @time1@, @time2@, TRUE, 201, @bytes00ff@),
    (@bytes0d02@, @bytes0e02@, @uuid171@, @time1@, @time2@, FALSE, NULL, NULL);
