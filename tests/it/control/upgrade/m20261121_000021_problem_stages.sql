UPDATE upstreams SET problem_stage = 'connect', problem_since = @time3@ WHERE id = @uuid160@;
