INSERT INTO manifest_objects (kind, object_id) VALUES ('policies', @uuid130@), ('upstreams', @uuid160@);
