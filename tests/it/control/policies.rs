//! Policies.

use super::fixture::{assert_refused, owned, start};
use ostia_domain::{code::Code, policy::Preset};
use ostia_proto::v1::{self, create_policy_request::Source};
use tonic::Code as Grpc;

fn rules() -> v1::Rules {
    v1::Rules {
        upstreams: owned(&["github"]),
        allow: owned(&["github.*"]),
        deny: owned(&["*.delete_*"]),
        max_tier: v1::Tier::Read.into(),
        ..v1::Rules::default()
    }
}

fn create(name: &str, source: Option<Source>) -> v1::CreatePolicyRequest {
    v1::CreatePolicyRequest {
        name: name.to_owned(),
        source,
    }
}

#[tokio::test]
async fn rules_come_back_as_they_were_written() {
    let control = start().await;
    let mut policies = control.client.policies();
    let created = policies.create_policy(create("mine", Some(Source::Rules(rules()))));
    let created = created.await.expect("a policy").into_inner();
    assert_eq!(created.rules, Some(rules()));
    assert_eq!(created.preset, None);
    for policy in ["mine".to_owned(), created.id.clone()] {
        let found = policies.get_policy(v1::GetPolicyRequest { policy }).await;
        assert_eq!(found.expect("the policy").into_inner(), created);
    }
}

#[tokio::test]
async fn a_preset_is_copied_with_its_origin_kept() {
    let control = start().await;
    let mut policies = control.client.policies();
    let presets = policies.list_presets(v1::ListPresetsRequest {}).await;
    let presets = presets.expect("presets").into_inner().presets;
    assert_eq!(presets.len(), Preset::ALL.len());
    let preset = &presets[0];
    let created = policies
        .create_policy(create("mine", Some(Source::Preset(preset.name.clone()))))
        .await
        .expect("a policy")
        .into_inner();
    assert_eq!(created.rules, preset.rules);
    assert_eq!(created.preset.as_ref(), Some(&preset.name));
    let unknown = policies.create_policy(create("other", Some(Source::Preset("no".to_owned()))));
    assert_refused(unknown.await, Grpc::InvalidArgument, Code::InvalidArgument);
}

#[tokio::test]
async fn an_update_replaces_the_rules_and_nothing_else() {
    let control = start().await;
    let before = control.policy("mine").await;
    let request = v1::UpdatePolicyRequest {
        policy: "mine".to_owned(),
        rules: Some(rules()),
    };
    let updated = control.client.policies().update_policy(request).await;
    let updated = updated.expect("the policy").into_inner();
    assert_eq!((&updated.id, &updated.name), (&before.id, &before.name));
    assert_eq!(updated.rules, Some(rules()));
    assert_eq!(updated.created_at, before.created_at);
    let request = v1::UpdatePolicyRequest {
        policy: "mine".to_owned(),
        rules: None,
    };
    let nothing = control.client.policies().update_policy(request).await;
    assert_refused(nothing, Grpc::InvalidArgument, Code::InvalidArgument);
}

#[tokio::test]
async fn what_is_no_policy_is_refused() {
    let control = start().await;
    let mut policies = control.client.policies();
    let bad_pattern = v1::Rules {
        allow: owned(&["two words"]),
        ..v1::Rules::default()
    };
    for request in [
        create("mine", None),
        create("", Some(Source::Rules(rules()))),
        create("mine", Some(Source::Rules(bad_pattern))),
    ] {
        let answer = policies.create_policy(request).await;
        assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    let taken = policies.create_policy(create("all", Some(Source::Rules(rules()))));
    assert_refused(taken.await, Grpc::AlreadyExists, Code::AlreadyExists);
}

#[tokio::test]
async fn a_policy_in_use_stays_until_nobody_is_bound_by_it() {
    let control = start().await;
    let delete = async |policy: &str| {
        let policy = policy.to_owned();
        let request = v1::DeletePolicyRequest { policy };
        control.client.policies().delete_policy(request).await
    };
    let key = control.key("build").await.key.expect("a key");
    assert_refused(
        delete("all").await,
        Grpc::FailedPrecondition,
        Code::Conflict,
    );
    control.delete(&key.id).await;
    delete("all").await.expect("nobody is bound");
    control.policy("of bob").await;
    control.user("bob", v1::Role::Member, &["of bob"]).await;
    assert_refused(
        delete("of bob").await,
        Grpc::FailedPrecondition,
        Code::Conflict,
    );
    assert_refused(delete("none").await, Grpc::NotFound, Code::NoSuchObject);
}

#[tokio::test]
async fn what_nothing_can_be_named_is_not_found() {
    let control = start().await;
    let nothing = || "\0".to_owned();
    let policy = nothing();
    let request = v1::GetPolicyRequest { policy };
    let answer = control.client.policies().get_policy(request).await;
    assert_refused(answer, Grpc::NotFound, Code::NoSuchObject);
    let request = v1::ListUsageRequest {
        upstream: Some(nothing()),
        ..v1::ListUsageRequest::default()
    };
    let answer = control.client.usage().list_usage(request).await;
    assert_refused(answer, Grpc::NotFound, Code::NoSuchObject);
}

/// Every change of the rules is a version; an earlier one can be made the newest again.
#[tokio::test]
async fn rules_have_versions() {
    let control = start().await;
    let mut policies = control.client.policies();
    let source = Some(Source::Rules(rules()));
    let created = policies.create_policy(create("mine", source)).await;
    assert_eq!(created.expect("a policy").into_inner().version, 1);
    let narrow = v1::Rules {
        allow: owned(&["github.get_me"]),
        ..rules()
    };
    let request = v1::UpdatePolicyRequest {
        policy: "mine".to_owned(),
        rules: Some(narrow.clone()),
    };
    let updated = policies.update_policy(request).await;
    assert_eq!(updated.expect("the policy").into_inner().version, 2);
    let request = |version| v1::RestorePolicyRequest {
        policy: "mine".to_owned(),
        version,
    };
    let restored = policies.restore_policy(request(1)).await;
    let restored = restored.expect("the policy").into_inner();
    assert_eq!((restored.version, restored.rules), (3, Some(rules())));
    let none = policies.restore_policy(request(7)).await;
    assert_refused(none, Grpc::NotFound, Code::NoSuchObject);
    let policy = "mine".to_owned();
    let versions = policies
        .list_policy_versions(v1::ListPolicyVersionsRequest { policy })
        .await;
    let versions = versions.expect("versions").into_inner().versions;
    // What each changed, and what restoring it would change.
    let changed = |difference: &Option<v1::RulesDifference>| {
        let of = |part: &Option<v1::Rules>| part.clone().unwrap_or_default().allow;
        let of_both = |both: &v1::RulesDifference| (of(&both.removed), of(&both.added));
        difference.as_ref().map(of_both)
    };
    let (wide, only) = (owned(&["github.*"]), owned(&["github.get_me"]));
    let compared: Vec<_> = versions
        .iter()
        .map(|version| (changed(&version.changed), changed(&version.restoring)))
        .collect();
    let none = || Some((Vec::new(), Vec::new()));
    assert_eq!(
        compared,
        [
            (Some((only.clone(), wide.clone())), None),
            (
                Some((wide.clone(), only.clone())),
                Some((wide.clone(), only))
            ),
            (Some((Vec::new(), wide)), none()),
        ]
    );
    let told: Vec<_> = versions
        .into_iter()
        .map(|version| (version.version, version.rules.expect("rules")))
        .collect();
    assert_eq!(told, [(3, rules()), (2, narrow), (1, rules())]);
}

/// What could never pass, or limits nothing, is a mistake, and is said to be one with its field.
#[tokio::test]
async fn rules_that_mean_nothing_are_refused() {
    let control = start().await;
    let argument = |argument: v1::ArgumentRule| v1::Rules {
        arguments: vec![v1::ArgumentRule {
            tools: owned(&["*"]),
            ..argument
        }],
        ..rules()
    };
    let pointer = || "/path".to_owned();
    let constraint = |constraint| v1::Rules {
        constraints: vec![constraint],
        ..rules()
    };
    let bad = [
        argument(v1::ArgumentRule::default()),
        argument(v1::ArgumentRule {
            argument: pointer(),
            ..v1::ArgumentRule::default()
        }),
        argument(v1::ArgumentRule {
            argument: pointer(),
            regex: Some("(".to_owned()),
            ..v1::ArgumentRule::default()
        }),
        argument(v1::ArgumentRule {
            argument: pointer(),
            min: Some(2.0),
            max: Some(1.0),
            ..v1::ArgumentRule::default()
        }),
        argument(v1::ArgumentRule {
            argument: pointer(),
            max: Some(f64::NAN),
            ..v1::ArgumentRule::default()
        }),
        constraint(v1::Constraint {
            tools: owned(&["*"]),
            ..v1::Constraint::default()
        }),
        constraint(v1::Constraint {
            tools: owned(&["*"]),
            timeout_ms: Some(0),
            ..v1::Constraint::default()
        }),
        v1::Rules {
            max_tier: 77,
            ..rules()
        },
    ];
    for rules in bad {
        let request = create("mine", Some(Source::Rules(rules.clone())));
        let refused = control.client.policies().create_policy(request).await;
        let status = refused.expect_err("no policy");
        assert_eq!(status.code(), Grpc::InvalidArgument, "{rules:?}");
        assert!(status.message().starts_with("rules."), "{status:?}");
    }
}

#[tokio::test]
async fn a_check_refuses_what_the_change_would_and_changes_nothing() {
    use v1::check_policy_request::Change;
    let control = start().await;
    control.policy("mine").await;
    let listed = async || {
        let mut policies = control.client.policies();
        let listed = policies.list_policies(v1::ListPoliciesRequest {}).await;
        listed.expect("a list").into_inner().policies
    };
    let before = listed().await;
    let check = async |change| {
        let request = v1::CheckPolicyRequest { change };
        control.client.policies().check_policy(request).await
    };
    let events = control.events().await.len();
    let wrong = v1::Rules {
        allow: owned(&["two words"]),
        ..rules()
    };
    let new = |name: &str, rules| Some(Change::Create(create(name, Some(Source::Rules(rules)))));
    let update = |policy: &str, rules| {
        let policy = policy.to_owned();
        Some(Change::Update(v1::UpdatePolicyRequest { policy, rules }))
    };
    let preset = create("other", Some(Source::Preset("no".to_owned())));
    for (change, grpc, code) in [
        (
            new("mine", rules()),
            Grpc::AlreadyExists,
            Code::AlreadyExists,
        ),
        (
            new("", rules()),
            Grpc::InvalidArgument,
            Code::InvalidArgument,
        ),
        (
            new("other", wrong.clone()),
            Grpc::InvalidArgument,
            Code::InvalidArgument,
        ),
        (
            Some(Change::Create(preset)),
            Grpc::InvalidArgument,
            Code::InvalidArgument,
        ),
        (
            update("mine", Some(wrong)),
            Grpc::InvalidArgument,
            Code::InvalidArgument,
        ),
        (
            update("mine", None),
            Grpc::InvalidArgument,
            Code::InvalidArgument,
        ),
        (
            update("none", Some(rules())),
            Grpc::NotFound,
            Code::NoSuchObject,
        ),
        (None, Grpc::InvalidArgument, Code::InvalidArgument),
    ] {
        assert_refused(check(change).await, grpc, code);
    }
    for change in [new("other", rules()), update("mine", Some(rules()))] {
        check(change).await.expect("it could be done");
    }
    assert_eq!(control.events().await.len(), events);
    assert_eq!(listed().await, before);
}
