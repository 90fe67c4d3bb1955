//! That nothing changes without an audit event.

mod arguments;
mod methods;
mod objects;
mod sessions;
mod upstreams;

use super::fixture::{assert_refused, definition, start};
use methods::{AUDITED, EXCEPTIONS, READS};
use ostia_domain::code::Code;
use ostia_proto::{DESCRIPTOR, v1};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use serde_json::Value;
use std::collections::BTreeSet;
use tonic::Code as Grpc;

fn methods_that_change_something() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(DESCRIPTOR)
        .expect("the descriptor set")
        .file;
    let services = files.into_iter().flat_map(|file| file.service);
    let methods = services.flat_map(|service| {
        let name = service.name().to_owned();
        let methods = service.method.into_iter();
        methods.map(move |method| format!("{name}.{}", method.name()))
    });
    methods
        .filter(|path| {
            let method = path.split_once('.').map_or("", |(_, method)| method);
            !READS.iter().any(|read| method.starts_with(read))
                && !EXCEPTIONS.contains(&path.as_str())
        })
        .collect()
}

#[test]
fn every_method_that_changes_something_is_in_the_table() {
    let listed: BTreeSet<_> = AUDITED
        .iter()
        .map(|(method, _)| (*method).to_owned())
        .collect();
    assert_eq!(
        methods_that_change_something(),
        listed,
        "a method is in the contract and not in AUDITED, or the other way round: make its change \
         with Op::change, add it to the table with its action, and call it in \
         `every_change_leaves_an_audit_event`; a method that only reads starts with one of READS"
    );
}

#[tokio::test]
async fn every_change_leaves_an_audit_event() {
    let control = start().await;
    let client = control.client.acting_as("user:ada");
    let text = str::to_owned;

    let made = control.key("build").await;
    let id = made.key.expect("a key").id;
    let rotated = control.rotate(&id, 0).await;
    let mut secrets = vec![made.secret, rotated.secret];
    control.inactivate(&id).await;
    control.activate(&id).await;
    let update = v1::UpdateKeyRequest {
        key: id.clone(),
        name: Some(text("built")),
        ..v1::UpdateKeyRequest::default()
    };
    client.keys().update_key(update).await.expect("update");
    let key = control.rotate(&id, 0).await.secret;
    let exchange = v1::ExchangeKeyRequest { key: key.clone() };
    client
        .keys()
        .exchange_key(exchange)
        .await
        .expect("exchange");
    let issue = v1::IssueAccessTokenRequest { key: id.clone() };
    let issued = client.keys().issue_access_token(issue).await;
    issued.expect("a token");
    let leaked = v1::ReportLeakedKeyRequest { key };
    client
        .keys()
        .report_leaked_key(leaked)
        .await
        .expect("leaked");
    let other = control.key("other").await.key.expect("a key").id;
    control.revoke(&other).await;
    control.delete(&other).await;

    let rules = Some(v1::Rules::default());
    control.policy("some").await;
    let policy = || text("some");
    let update = v1::UpdatePolicyRequest {
        policy: policy(),
        rules,
    };
    client
        .policies()
        .update_policy(update)
        .await
        .expect("update");
    let restore = v1::RestorePolicyRequest {
        policy: policy(),
        version: 1,
    };
    client
        .policies()
        .restore_policy(restore)
        .await
        .expect("restore");
    let delete = v1::DeletePolicyRequest { policy: policy() };
    client
        .policies()
        .delete_policy(delete)
        .await
        .expect("delete");

    let plan = Some(v1::Plan {
        name: text("free"),
        ..v1::Plan::default()
    });
    client
        .plans()
        .create_plan(v1::CreatePlanRequest { plan })
        .await
        .expect("create");
    let update = v1::UpdatePlanRequest {
        plan: text("free"),
        limits: Some(v1::Limits {
            burst: Some(1),
            calls_per_minute: Some(1),
            ..v1::Limits::default()
        }),
    };
    client.plans().update_plan(update).await.expect("update");
    let plan = text("free");
    client
        .plans()
        .delete_plan(v1::DeletePlanRequest { plan })
        .await
        .expect("delete");

    objects::bundle(&client).await;
    objects::group(&client).await;
    objects::user(&client).await;
    objects::price(&client).await;
    objects::manifest(&client).await;
    objects::backup(&client).await;

    let link = v1::CreateLoginLinkRequest {
        user: text("ada"),
        valid_seconds: 0,
    };
    let link = client
        .identity()
        .create_login_link(link)
        .await
        .expect("create");
    let token = link.into_inner().token;
    secrets.push(token.clone());
    let redeem = v1::RedeemLoginLinkRequest { token };
    client
        .identity()
        .redeem_login_link(redeem)
        .await
        .expect("redeem");

    let upstream = control.add_upstream("github", &[]).await.expect("add");
    let report = v1::ReportCatalogueRequest {
        catalogue: None,
        upstream_id: upstream.id,
        upstream_version: upstream.version,
        problem: Some(text("it does not start")),
        listing: 0,
        ..v1::ReportCatalogueRequest::default()
    };
    client
        .sync()
        .report_catalogue(report)
        .await
        .expect("report");
    let update = v1::UpdateUpstreamRequest {
        upstream: text("github"),
        definition: Some(v1::UpstreamDefinition {
            keep_arguments: true,
            ..definition("github", &[("TOKEN", "hunter2")])
        }),
        version: None,
    };
    client
        .upstreams()
        .update_upstream(update)
        .await
        .expect("update");
    // No edge does it; that it was asked for is written down all the same.
    let discover = v1::DiscoverUpstreamRequest {
        upstream: text("github"),
        wait: Some(prost_types::Duration::default()),
    };
    let listed = client.upstreams().discover_upstream(discover).await;
    listed.expect_err("no edge");
    let probe = v1::ProbeUpstreamRequest {
        definition: Some(definition("tried", &[("TOKEN", "hunter2")])),
        upstream: None,
    };
    let tried = client.upstreams().probe_upstream(probe).await;
    tried.expect_err("no edge");
    let disable = v1::DisableUpstreamRequest {
        upstream: text("github"),
    };
    let disabled = client.upstreams().disable_upstream(disable).await;
    disabled.expect("disable");
    let enable = v1::EnableUpstreamRequest {
        upstream: text("github"),
    };
    let enabled = client.upstreams().enable_upstream(enable).await;
    enabled.expect("enable");
    let upstream = text("github");
    let remove = v1::RemoveUpstreamRequest { upstream };
    client
        .upstreams()
        .remove_upstream(remove)
        .await
        .expect("remove");

    arguments::read_some(&control).await;
    sessions::begin_and_end_some(&client).await;

    secrets.push("hunter2".to_owned());
    let rotate = v1::RotateVaultRequest {};
    client.vault().rotate_vault(rotate).await.expect("rotate");

    let events = control.events().await;
    for (method, action) in AUDITED {
        let event = events.iter().find(|event| event.action == *action);
        let event = event.unwrap_or_else(|| {
            panic!("{method} left no event `{action}`: make its change with Op::change, and call it in this test")
        });
        assert_eq!(event.outcome, "ok", "{event:?}");
        assert!(!event.target.is_empty(), "{event:?}");
        let detail: Value = serde_json::from_str(&event.detail).expect("JSON");
        let (before, after) = (detail.get("before"), detail.get("after"));
        let (before, after) = before.zip(after).unwrap_or_else(|| {
            panic!("{action} does not say what was before and what is after: {event:?}")
        });
        assert!(
            before != after || UNCHANGING.contains(action),
            "{action} tells of no difference: {event:?}"
        );
        for secret in &secrets {
            assert!(!event.detail.contains(secret.as_str()), "{event:?}");
        }
    }
}

/// What was done and changed nothing that has a name.
const UNCHANGING: [&str; 8] = [
    "audit.read_arguments",
    "backup.create",
    "browser_sessions.end",
    "browser_sessions.end_all",
    "identity.redeem_login_link",
    "upstreams.discover",
    "upstreams.probe",
    "vault.rotate",
];

#[tokio::test]
async fn an_event_names_who_acted_and_what_changed() {
    let control = start().await;
    let update = v1::UpdatePolicyRequest {
        policy: "all".to_owned(),
        rules: Some(v1::Rules::default()),
    };
    let client = control.client.acting_as("cli:grace");
    client
        .policies()
        .update_policy(update)
        .await
        .expect("update");
    let event = control.events().await.pop().expect("an event");
    assert_eq!(
        (event.actor.as_str(), event.target.as_str()),
        ("cli:grace", "all")
    );
    let detail: serde_json::Value = serde_json::from_str(&event.detail).expect("JSON");
    assert_eq!(detail["before"]["allow"], serde_json::json!(["*"]));
    assert_eq!(detail["after"]["allow"], serde_json::json!([]));
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_nothing() {
    let control = start().await;
    let before = control.events().await.len();
    let key = "00000000-0000-0000-0000-000000000000".to_owned();
    let revoke = v1::RevokeKeyRequest { key };
    let revoked = control.client.keys().revoke_key(revoke).await;
    assert_refused(revoked, Grpc::NotFound, Code::NoSuchObject);
    assert_eq!(control.events().await.len(), before);
}

#[tokio::test]
async fn events_are_followed_from_one_on_and_found_by_key() {
    let control = start().await;
    let newest = control.events().await.pop().expect("an event").id;
    let key = control.key("build").await.key.expect("a key");
    control.policy("some").await;
    let list = async |request: v1::ListEventsRequest| {
        let events = control.client.audit().list_events(request).await;
        let events = events.expect("events").into_inner().events;
        events
            .into_iter()
            .map(|event| event.action)
            .collect::<Vec<_>>()
    };
    let after = v1::ListEventsRequest {
        after: Some(newest.clone()),
        ..v1::ListEventsRequest::default()
    };
    assert_eq!(list(after).await, ["keys.create", "policies.create"]);
    let of_key = v1::ListEventsRequest {
        key: Some(key.public_id),
        ..v1::ListEventsRequest::default()
    };
    assert_eq!(list(of_key).await, ["keys.create"]);
    let both = v1::ListEventsRequest {
        after: Some(newest),
        page_token: "x".to_owned(),
        ..v1::ListEventsRequest::default()
    };
    let answer = control.client.audit().list_events(both).await;
    assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
}
