INSERT INTO usage_records (id, at_us, key_id, key_name, owner_id, upstream, tool, outcome, duration_us, request_bytes, result_bytes, cached) VALUES
    (@uuid90@, 1795257200000000, @uuid30@, 'laptop', @uuid22@, 'linear', 'ask', 'ok', 900, 1, 2, TRUE);
INSERT INTO usage_hours (start_s, key_id, owner_id, upstream, tool, outcome, calls, cached, duration_us, request_bytes, result_bytes, took_0, took_1, took_2, took_3, took_4, took_5, took_6, took_7, took_8, took_9, took_10) VALUES
    (1795255200, @uuid30@, @uuid22@, 'linear', 'ask', 'ok', 1, 1, 900, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO usage_days (start_s, key_id, owner_id, upstream, tool, outcome, calls, cached, duration_us, request_bytes, result_bytes, took_0, took_1, took_2, took_3, took_4, took_5, took_6, took_7, took_8, took_9, took_10) VALUES
    (1795219200, @uuid30@, @uuid22@, 'linear', 'ask', 'ok', 1, 1, 900, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
