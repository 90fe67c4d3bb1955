INSERT INTO audit_arguments (event_id, arguments, cut, sealed) VALUES (@uuid51@, '', FALSE, @bytes0a0b0c0d@);
