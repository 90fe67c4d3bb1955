UPDATE api_keys SET activated_at = @time1@ WHERE id = @uuid30@;
UPDATE api_keys SET idle_since = @time2@ WHERE id = @uuid31@;
