//! Text from upstreams, users and tools is text, on every page that shows it.

use super::member::{NEW_KEY, maria};
use crate::harness::control::{self, everything_of};
use ostia_proto::v1;
use serde_json::json;

/// Gets out of text, attributes, titles and text areas, wherever nobody escapes it.
const HOSTILE: &str =
    "\"'></textarea></title></script><script>alert(1)</script><img src=x onerror=alert(2)>";

#[tokio::test]
async fn no_text_becomes_markup() {
    let member = maria().await;
    let control = &member.control;
    // Whatever runs there: control believes edges about what it offers.
    let definition = v1::UpstreamDefinition {
        name: "evil".to_owned(),
        transport: Some(v1::upstream_definition::Transport::Stdio(
            v1::StdioCommand {
                program: "false".to_owned(),
                ..v1::StdioCommand::default()
            },
        )),
        ..v1::UpstreamDefinition::default()
    };
    let request = v1::AddUpstreamRequest {
        definition: Some(definition),
    };
    let upstream = control
        .upstreams()
        .add_upstream(request)
        .await
        .expect("an upstream");
    let upstream = upstream.into_inner();
    let schema = json!({
        "type": "object",
        "required": [HOSTILE],
        "properties": {
            HOSTILE: {"type": "string", "description": HOSTILE, "default": HOSTILE},
            "choice": {"enum": [HOSTILE]},
            "json": {"type": "object", "default": {"a": HOSTILE}},
        },
    });
    let definition = json!({
        "name": "attack", "title": HOSTILE, "description": HOSTILE,
        "inputSchema": schema, "outputSchema": schema,
    });
    let tool = v1::Tool {
        name: "attack".to_owned(),
        definition: definition.to_string(),
        tier: v1::Tier::Read.into(),
        ..v1::Tool::default()
    };
    let request = v1::ReportCatalogueRequest {
        catalogue: Some(v1::Catalogue {
            upstream_id: upstream.id.clone(),
            upstream_version: upstream.version,
            era: v1::Era::Legacy.into(),
            server_info: json!({"name": HOSTILE}).to_string(),
            capabilities: json!({"tools": {}}).to_string(),
            tools: vec![tool],
            ..v1::Catalogue::default()
        }),
        upstream_id: upstream.id,
        upstream_version: upstream.version,
        problem: Some(HOSTILE.to_owned()),
        listing: 0,
    };
    control
        .sync()
        .report_catalogue(request)
        .await
        .expect("a report");
    control::policy(control, HOSTILE, everything_of(&["demo", "evil"])).await;
    let request = v1::UpdateUserRequest {
        user: member.id.clone(),
        name: Some(HOSTILE.to_owned()),
        policies: Some(v1::UserPolicies {
            names: vec![HOSTILE.to_owned()],
        }),
        ..v1::UpdateUserRequest::default()
    };
    control
        .identity()
        .update_user(request)
        .await
        .expect("a user");
    control.settled().await;

    let visitor = &member.visitor;
    let named = [&NEW_KEY[..], &[("name", HOSTILE), ("policy", HOSTILE)]].concat();
    let made = visitor.submit("/keys", &named).await;
    let id = made.between("href=\"/keys/", "\" class=\"button\">I have");
    let refused = [
        &NEW_KEY[..],
        &[
            ("name", HOSTILE),
            ("networks", HOSTILE),
            ("window", HOSTILE),
            ("calls_per_month", HOSTILE),
        ],
    ]
    .concat();
    let tool = [
        ("key", &*id),
        ("tool", "evil__attack"),
        ("raw", HOSTILE),
        ("arg:json", HOSTILE),
    ];
    let mut pages = vec![
        ("made", made),
        ("refused", visitor.submit("/keys", &refused).await),
        (
            "unconfirmed",
            visitor
                .submit(&format!("/keys/{id}/revoke"), &[("confirm", HOSTILE)])
                .await,
        ),
        ("called", visitor.submit("/try", &tool).await),
    ];
    let query = "%22%3E%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in [
        "/".to_owned(),
        "/keys".to_owned(),
        "/keys/new".to_owned(),
        format!("/keys/{id}"),
        format!("/keys/{id}/edit"),
        format!("/keys?done={query}"),
        "/usage".to_owned(),
        format!("/usage?tool={query}&upstream={query}"),
        "/tools".to_owned(),
        format!("/tools?q={query}"),
        format!("/try?key={id}"),
        format!("/try?key={id}&tool=evil__attack"),
        format!("/try?key={id}&tool={query}"),
        format!("/{query}"),
    ] {
        let page = visitor.open(&path).await;
        pages.push(("a page", page));
    }
    let mut seen = 0;
    for (what, page) in pages {
        for raw in [
            "<script>",
            "</script><script",
            "<img",
            "alert(1)</script>\"",
            "onerror=alert(2)>",
        ] {
            assert!(!page.body.contains(raw), "{raw} on {what}: {}", page.body);
        }
        seen += page.body.matches("&lt;script&gt;alert(1)").count();
    }
    // It was there, and as text.
    assert!(seen > 15, "{seen}");
}
