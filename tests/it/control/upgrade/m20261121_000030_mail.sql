UPDATE users SET email = 'ada@@example.org' WHERE id = @uuid22@;
UPDATE api_keys SET idle_telling_at = @time3@ WHERE id = @uuid30@;
UPDATE api_keys SET idle_told_at = @time3@ WHERE id = @uuid31@;
