//! An installation where everybody who may name or describe anything is hostile.

use super::{NAME, pattern, text};
use crate::{
    harness::control::{self, Control, everything_of},
    web::{
        Page,
        audit::{call, record},
        member::{Member, NEW_KEY, maria},
        visitor::Visitor,
    },
};
use ostia_proto::v1;
use serde_json::json;
use uuid::Uuid;

pub(super) struct Scene {
    pub(super) member: Member,
    pub(super) admin: Visitor,
    /// The page that showed the key of the member.
    pub(super) made: Page,
    pub(super) key: String,
    pub(super) upstream: String,
    pub(super) bundle: String,
    pub(super) group: String,
    pub(super) plan: String,
    pub(super) account: String,
}

pub(super) async fn scene() -> Scene {
    let member = maria().await;
    let admin = Visitor::signed_in(&member.ostia, "admin").await;
    let control = &member.control;
    let upstream = upstream(control).await;
    policy(control).await;
    let plan = v1::Plan {
        name: NAME.to_owned(),
        limits: Some(v1::Limits::default()),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    let plan = control.plans().create_plan(request).await.expect("a plan");
    let request = v1::UpdateUserRequest {
        user: member.id.clone(),
        name: Some(NAME.to_owned()),
        policies: Some(v1::UserPolicies {
            names: vec![NAME.to_owned()],
        }),
        ..v1::UpdateUserRequest::default()
    };
    let mut identity = control.identity();
    identity.update_user(request).await.expect("a user");
    let request = v1::CreateGroupRequest {
        name: NAME.to_owned(),
        policies: vec![NAME.to_owned()],
        plan: Some(NAME.to_owned()),
        members: vec![member.id.clone()],
    };
    let group = control.groups().create_group(request).await;
    let account = v1::CreateUserRequest {
        name: NAME.replace("src=x", "src=y"),
        kind: v1::UserKind::Service.into(),
        ..v1::CreateUserRequest::default()
    };
    let account = identity.create_user(account).await.expect("an account");
    let bundle = bundle(control).await;
    control.settled().await;
    let named = [&NEW_KEY[..], &[("name", NAME), ("policy", NAME)]].concat();
    let made = member.visitor.submit("/keys", &named).await;
    let key = made.between("href=\"/keys/", "\" class=\"button\">I have");
    calls(control, &member, &key).await;
    Scene {
        admin,
        made,
        key,
        upstream,
        bundle,
        group: group.expect("a group").into_inner().id,
        plan: plan.into_inner().id,
        account: account.into_inner().id,
        member,
    }
}

/// Whatever runs there: control believes edges about what it offers. Its id.
async fn upstream(control: &Control) -> String {
    let definition = v1::UpstreamDefinition {
        name: "evil".to_owned(),
        transport: Some(v1::upstream_definition::Transport::Stdio(
            v1::StdioCommand {
                program: "false".to_owned(),
                args: vec![text().replace('\0', "")],
                ..v1::StdioCommand::default()
            },
        )),
        ..v1::UpstreamDefinition::default()
    };
    let request = v1::AddUpstreamRequest {
        definition: Some(definition),
    };
    let added = control.upstreams().add_upstream(request).await;
    let upstream = added.expect("an upstream").into_inner();
    let text = &text();
    let schema = json!({
        "type": "object",
        "title": text,
        "required": [NAME],
        "properties": {
            NAME: {"type": "string", "title": text, "description": text, "default": text},
            "choice": {"enum": [NAME]},
            "json": {"type": "object", "default": {"a": text}},
        },
    });
    let link = "javascript:alert(4)";
    let definition = json!({
        "name": "attack", "title": text, "description": text,
        "inputSchema": schema, "outputSchema": schema,
        "annotations": {"title": text, "readOnlyHint": true},
        "icons": [{"src": link}],
    });
    let item = |name: &str| v1::ListedItem {
        name: name.to_owned(),
        definition: json!({
            "name": name, "uri": name, "uriTemplate": name, "title": text, "description": text,
            "mimeType": text, "arguments": [{"name": text, "description": text}],
        })
        .to_string(),
    };
    let tool = v1::Tool {
        name: "attack".to_owned(),
        definition: definition.to_string(),
        tier: v1::Tier::Read.into(),
        ..v1::Tool::default()
    };
    let info = json!({"name": text, "title": text, "version": text, "websiteUrl": link});
    let catalogue = v1::Catalogue {
        upstream_id: upstream.id.clone(),
        upstream_version: upstream.version,
        era: v1::Era::Legacy.into(),
        server_info: info.to_string(),
        capabilities: json!({"tools": {}, text: text}).to_string(),
        instructions: Some(text.replace('\0', "")),
        tools: vec![tool],
        prompts: vec![item(NAME)],
        resources: vec![item(link)],
        resource_templates: vec![item("javascript:{x}")],
    };
    let request = v1::ReportCatalogueRequest {
        catalogue: Some(catalogue),
        upstream_id: upstream.id.clone(),
        upstream_version: upstream.version,
        // What a worker wrote to stderr before it ended is part of it.
        problem: Some(text.replace('\0', "")),
        ..v1::ReportCatalogueRequest::default()
    };
    let reported = control.sync().report_catalogue(request).await;
    reported.expect("a report");
    upstream.id
}

async fn bundle(control: &Control) -> String {
    let shown = v1::ToolOverride {
        tool: "evil.attack".to_owned(),
        name: Some("kind".to_owned()),
        description: Some(NAME.to_owned()),
    };
    let request = v1::CreateBundleRequest {
        name: "evil".to_owned(),
        selection: Some(v1::Selection {
            include: vec!["evil.*".to_owned(), pattern()],
            overrides: vec![shown],
        }),
    };
    let made = control.bundles().create_bundle(request).await;
    made.expect("a bundle").into_inner().id
}

/// What clients say of themselves, and what they ask for: one call of the key, and one of nobody.
async fn calls(control: &Control, member: &Member, key: &str) {
    let id = |text: &str| {
        let id = Uuid::try_parse(text).expect("an id");
        id.as_bytes().to_vec()
    };
    let hostile = || v1::CallRecord {
        client: Some(NAME.to_owned()),
        rule: Some(NAME.to_owned()),
        remote_address: Some(NAME.to_owned()),
        error: Some(NAME.to_owned()),
        ..call(NAME)
    };
    let caller = v1::RecordedCaller {
        key_id: id(key),
        key_name: NAME.to_owned(),
        owner_id: id(&member.id),
        owner_name: NAME.to_owned(),
    };
    let of_the_key = v1::CallRecord {
        caller: Some(caller),
        upstream: Some("evil".to_owned()),
        ..hostile()
    };
    let of_nobody = v1::CallRecord {
        presented_key: Some(NAME.to_owned()),
        ..hostile()
    };
    record(control, vec![of_the_key, of_nobody]).await;
}

/// Two versions of one, so that they can be compared.
async fn policy(control: &Control) {
    control::policy(control, NAME, everything_of(&["demo", "evil"])).await;
    let rules = v1::Rules {
        deny: vec![pattern()],
        ..everything_of(&["demo", "evil"])
    };
    let request = v1::UpdatePolicyRequest {
        policy: NAME.to_owned(),
        rules: Some(rules),
    };
    let updated = control.policies().update_policy(request).await;
    updated.expect("another version");
}
