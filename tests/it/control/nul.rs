//! A NUL character is refused where people give texts, and never the database's affair: PostgreSQL keeps none, neither
//! as text nor within JSON.

use super::fixture::{Fixture, definition, start};
use ostia_domain::code::Code;
use ostia_proto::{
    status::code_of,
    v1::{self, create_policy_request::Source},
};
use tonic::Status;

const NUL: &str = "a\0b";

/// Not by an error of ours, which is what the database's would be.
fn assert_said<T>(what: &str, answer: Result<T, Status>) {
    let Err(status) = answer else {
        panic!("{what} was taken");
    };
    let code = code_of(&status);
    let said = [Some(Code::InvalidArgument), Some(Code::NoSuchObject)];
    assert!(said.contains(&code), "{what}: {status:?}");
}

fn nul() -> String {
    NUL.to_owned()
}

async fn create(control: &Fixture, rules: v1::Rules) -> Result<v1::Policy, Status> {
    let request = v1::CreatePolicyRequest {
        name: "new".to_owned(),
        source: Some(Source::Rules(rules)),
    };
    let made = control.client.policies().create_policy(request).await?;
    Ok(made.into_inner())
}

#[tokio::test]
async fn rules_have_none() {
    let control = start().await;
    let any = || vec!["*".to_owned()];
    let rules = || v1::Rules {
        upstreams: any(),
        allow: any(),
        max_tier: v1::Tier::Read.into(),
        ..v1::Rules::default()
    };
    let argument = || v1::ArgumentRule {
        tools: any(),
        argument: "/a".to_owned(),
        glob: any(),
        ..v1::ArgumentRule::default()
    };
    let about = |argument| v1::Rules {
        arguments: vec![argument],
        ..rules()
    };
    let wrong = [
        v1::Rules {
            upstreams: vec![nul()],
            ..rules()
        },
        v1::Rules {
            allow: vec![nul()],
            ..rules()
        },
        v1::Rules {
            deny: vec![nul()],
            ..rules()
        },
        about(v1::ArgumentRule {
            tools: vec![nul()],
            ..argument()
        }),
        about(v1::ArgumentRule {
            argument: format!("/{NUL}"),
            ..argument()
        }),
        about(v1::ArgumentRule {
            glob: vec![nul()],
            ..argument()
        }),
        about(v1::ArgumentRule {
            glob: Vec::new(),
            regex: Some(nul()),
            ..argument()
        }),
        v1::Rules {
            constraints: vec![v1::Constraint {
                tools: vec![nul()],
                timeout_ms: Some(1),
                ..v1::Constraint::default()
            }],
            ..rules()
        },
    ];
    for rules in wrong {
        let told = format!("{rules:?}");
        assert_said(&told, create(&control, rules).await);
    }
    // What stands for one is a text like others.
    let escaped = about(v1::ArgumentRule {
        glob: Vec::new(),
        regex: Some(r"a\x00b".to_owned()),
        ..argument()
    });
    create(&control, escaped).await.expect("a policy");
}

#[tokio::test]
async fn names_and_definitions_have_none() {
    let control = start().await;
    let client = &control.client;
    let policy = v1::CreatePolicyRequest {
        name: nul(),
        source: Some(Source::Preset("everything".to_owned())),
    };
    assert_said("a policy", client.policies().create_policy(policy).await);
    let preset = v1::CreatePolicyRequest {
        name: "new".to_owned(),
        source: Some(Source::Preset(nul())),
    };
    assert_said("a preset", client.policies().create_policy(preset).await);
    for (name, policies, plan) in [
        (nul(), vec![], None),
        ("new".to_owned(), vec![nul()], None),
        ("new".to_owned(), vec![], Some(nul())),
    ] {
        let user = v1::CreateUserRequest {
            name: name.clone(),
            policies: policies.clone(),
            plan: plan.clone(),
            ..v1::CreateUserRequest::default()
        };
        assert_said("a user", client.identity().create_user(user).await);
        let group = v1::CreateGroupRequest {
            name,
            policies,
            plan,
            members: Vec::new(),
        };
        assert_said("a group", client.groups().create_group(group).await);
    }
    let plan = v1::Plan {
        name: nul(),
        ..v1::Plan::default()
    };
    let plan = v1::CreatePlanRequest { plan: Some(plan) };
    assert_said("a plan", client.plans().create_plan(plan).await);
    for (tools, currency) in [(NUL, "EUR"), ("a.*", NUL)] {
        let price = v1::SetPriceRequest {
            tools: tools.to_owned(),
            micros: 1,
            currency: currency.to_owned(),
        };
        assert_said("a price", client.prices().set_price(price).await);
    }
    for definition in [
        definition(NUL, &[]),
        definition("new", &[(NUL, "x")]),
        definition("new", &[("X", NUL)]),
    ] {
        let upstream = v1::AddUpstreamRequest {
            definition: Some(definition),
        };
        assert_said(
            "an upstream",
            client.upstreams().add_upstream(upstream).await,
        );
    }
}

#[tokio::test]
async fn nothing_is_found_by_one() {
    let control = start().await;
    let client = &control.client;
    for (key, user, upstream, tool) in [
        (Some(nul()), None, None, None),
        (None, Some(nul()), None, None),
        (None, None, Some(nul()), None),
        (None, None, None, Some(nul())),
    ] {
        let events = v1::ListEventsRequest {
            key: key.clone(),
            user: user.clone(),
            upstream: upstream.clone(),
            tool: tool.clone(),
            ..v1::ListEventsRequest::default()
        };
        assert_said("events", client.audit().list_events(events).await);
        let usage = v1::ListUsageRequest {
            key: key.clone(),
            user: user.clone(),
            upstream: upstream.clone(),
            tool: tool.clone(),
            ..v1::ListUsageRequest::default()
        };
        assert_said("usage", client.usage().list_usage(usage).await);
        let sums = v1::SummarizeUsageRequest {
            key,
            user,
            upstream,
            tool,
            ..v1::SummarizeUsageRequest::default()
        };
        assert_said("sums", client.usage().summarize_usage(sums).await);
    }
    let events = v1::ListEventsRequest {
        action: Some(nul()),
        ..v1::ListEventsRequest::default()
    };
    assert_said("an action", client.audit().list_events(events).await);
    assert_said("a key", control.get_key(NUL).await);
}

#[tokio::test]
async fn providers_say_none() {
    let control = start().await;
    let told = || v1::SignInRequest {
        issuer: "https://issuer.example".to_owned(),
        subject: "subject".to_owned(),
        provider: "provider".to_owned(),
        name: "new".to_owned(),
        ..v1::SignInRequest::default()
    };
    let sign_in = async |request| control.client.identity().sign_in(request).await;
    let subject = v1::SignInRequest {
        subject: nul(),
        ..told()
    };
    assert_said("a subject", sign_in(subject).await);
    let issuer = v1::SignInRequest {
        issuer: nul(),
        ..told()
    };
    assert_said("an issuer", sign_in(issuer).await);
    // No group here is called so, as none is called many other things that a provider says.
    let groups = v1::SignInRequest {
        groups: Some(v1::SignInGroups { names: vec![nul()] }),
        ..told()
    };
    let user = sign_in(groups).await.expect("a user").into_inner();
    assert_eq!(user.name, "new");
}
