INSERT INTO users (id, name, role, enabled, created_at, kind) VALUES (@uuid140@, 'robot', 'operator', TRUE, @time2@, 'service');
INSERT INTO groups (id, name, plan_id, created_at) VALUES (@uuid141@, 'team', @uuid21@, @time1@);
INSERT INTO group_policies (group_id, policy_id) VALUES (@uuid141@, @uuid130@);
INSERT INTO group_members (group_id, user_id) VALUES (@uuid141@, @uuid22@);
INSERT INTO user_plans (user_id, plan_id) VALUES (@uuid22@, @uuid20@);
