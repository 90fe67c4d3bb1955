UPDATE revisions SET snapshot = 7, keys = 5 WHERE id = 1;
INSERT INTO key_changes (key_id, revision) VALUES (@uuid31@, 5);
