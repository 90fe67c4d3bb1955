UPDATE browser_sessions SET used_at = @time2@, address = '192.0.2.7', agent = 'Mozilla/5.0' WHERE id_hash = @bytes0a0b@;
