INSERT INTO prices (id, tools, micros, currency, created_at, updated_at) VALUES
    (@uuid100@, 'github.*', 1200, 'EUR', @time1@, @time2@);
