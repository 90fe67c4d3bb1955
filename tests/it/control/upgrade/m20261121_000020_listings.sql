UPDATE upstreams SET listing_asked = 2, listing_done = 1 WHERE id = @uuid160@;
