INSERT INTO browser_sessions (id_hash, user_id, data, created_at, expires_at, ends_at, checked_at) VALUES
    (@bytes0a0b@, @uuid22@, @bytes00ff@, @time1@, @time2@, @time3@, @time1@),
    (@bytes0a0c@, NULL, @bytes00@, @time1@, @time2@, @time3@, @time1@);
INSERT INTO identity_links (issuer, subject, user_id, created_at) VALUES
    ('https://login.example.org', '4711', @uuid22@, @time1@);
INSERT INTO group_members (group_id, user_id, issuer) VALUES (@uuid141@, @uuid140@, 'https://login.example.org');
