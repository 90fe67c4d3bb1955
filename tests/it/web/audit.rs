//! Audit: what happened, found by filters in the address, page by page, and as files.

mod arguments;
mod chains;
mod kinds;
mod refusals;
mod sources;

use super::{
    Page,
    operators::{refused, taken},
    visitor::Visitor,
};
use crate::harness::{
    control::{self, Control, everything_of},
    ostia::Ostia,
};
use ostia_domain::clock;
use ostia_proto::v1;
use serde_json::Value;
use std::collections::HashSet;
use uuid::Uuid;

const HOSTILE: &str = "\"'></title><script>alert(1)</script><img src=x onerror=alert(2)>";

/// Somebody of this role.
async fn somebody(ostia: &Ostia, name: &str, role: &str) -> Visitor {
    ostia
        .cli(&["users", "create", name, "--role", role])
        .await
        .ok();
    Visitor::signed_in(ostia, name).await
}

/// A call of nobody, to no upstream.
pub(super) fn call(tool: &str) -> v1::CallRecord {
    v1::CallRecord {
        id: Uuid::now_v7().as_bytes().to_vec(),
        at_us: clock::now().timestamp_micros(),
        request_id: Uuid::now_v7().as_bytes().to_vec(),
        method: "tools/call".to_owned(),
        tool: Some(tool.to_owned()),
        outcome: "unknown_tool".to_owned(),
        ..v1::CallRecord::default()
    }
}

pub(super) async fn record(control: &Control, records: Vec<v1::CallRecord>) {
    let request = v1::RecordRequest { records };
    control.sync().record(request).await.expect("recorded");
}

/// Ids of the events on a page, in its order.
pub(super) fn ids(page: &Page) -> Vec<String> {
    let links = page.body.split("href=\"/audit/").skip(1);
    links
        .filter_map(|rest| rest.split('"').next())
        .filter(|id| Uuid::try_parse(id).is_ok())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn events_are_found_by_what_the_address_says() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let olga = somebody(&ostia, "olga", "operator").await;
    control::policy(&control, "mail", everything_of(&["mail"])).await;
    let request = v1::CreateKeyRequest {
        policies: vec!["mail".to_owned()],
        ..control::named("laptop")
    };
    let key = control::create_key(&control, request).await.key;
    let key = key.expect("a key").id;
    let found = olga.open("/audit?action=policies.create").await;
    assert_eq!(found.status, 200);
    found.shows("<code>mail</code>");
    found.hides("keys.create");
    let found = olga.open(&format!("/audit?key={key}")).await;
    found.shows("keys.create");
    found.hides("policies.create");
    let found = olga.open("/audit?user=olga&action=identity.*").await;
    found.shows("identity.create_user");
    found.shows("value=\"identity.*\"");
    for nothing in ["action=nothing.*", "to=2020-01-01", "from=2100-01-01T10:00"] {
        let found = olga.open(&format!("/audit?{nothing}")).await;
        assert_eq!(found.status, 200, "{nothing}");
        found.shows("No such events");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_said_beside_its_field() {
    let ostia = Ostia::start().await;
    let olga = somebody(&ostia, "olga", "operator").await;
    for (query, field, said) in [
        ("from=soon", "from", "is no time"),
        ("outcome=odd", "outcome", "is none of ok"),
        ("user=nobody", "user", "there is no such user"),
        ("key=ost_live_none", "key", "there is no such key"),
        ("from=2026-11-22&to=2026-11-21", "to", "is not after"),
    ] {
        let page = olga.open(&format!("/audit?{query}")).await;
        refused(&page, field, said);
        assert!(ids(&page).is_empty(), "{query}");
    }
    let page = olga.open("/audit?from=soon").await;
    page.shows("value=\"soon\"");
    page.hides("Download CSV");
    let page = olga.open("/audit?cursor=nowhere").await;
    assert_eq!(page.status, 422);
    page.shows("is not from an answer of this list");
    for path in ["/audit.csv?from=soon", "/audit.jsonl?outcome=odd"] {
        assert_eq!(olga.open(path).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn every_event_is_on_one_page_and_in_the_files() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let olga = somebody(&ostia, "olga", "operator").await;
    // More than a page of an export.
    for _ in 0..3 {
        let calls = (0..370).map(|number| call(&format!("tool-{number}")));
        record(&control, calls.collect()).await;
    }
    let formula = v1::CallRecord {
        client: Some("=1+1".to_owned()),
        ..call("last")
    };
    record(&control, vec![formula]).await;
    let all = control::audit(&control).await;
    let calls: Vec<_> = all
        .into_iter()
        .filter(|event| event.action == "tools/call")
        .map(|event| event.id)
        .collect();
    assert_eq!(calls.len(), 3 * 370 + 1);

    let mut path = "/audit?action=tools%2Fcall".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = olga.open(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        seen.extend(ids(&page));
        if !page.body.contains("rel=\"next\"") {
            page.shows("First page");
            break;
        }
        path = page
            .between("href=\"", "\" rel=\"next\"")
            .replace("&amp;", "&");
        assert!(path.starts_with("/audit?action=tools%2Fcall&cursor="));
    }
    seen.reverse();
    assert_eq!(seen, calls);

    let lines = olga.open("/audit.jsonl?action=tools%2Fcall").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    assert!(lines.header("content-disposition").contains("attachment"));
    let events = lines.body.lines().map(|line| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        event["id"].as_str().expect("an id").to_owned()
    });
    assert_eq!(events.collect::<Vec<_>>(), calls);
    let table = olga.open("/audit.csv?action=tools%2Fcall").await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(table.body.lines().count(), calls.len() + 1);
    assert!(table.body.starts_with("id,at,request_id,actor,"));
    assert!(table.body.contains(",\"'=1+1\","), "a formula");
    let rows: HashSet<_> = table.body.lines().collect();
    assert_eq!(rows.len(), calls.len() + 1);
    let one = olga.open("/audit.csv?tool=last").await;
    assert_eq!(one.body.lines().count(), 2, "{}", one.body);
}

#[tokio::test]
async fn a_change_shows_what_was_before_and_after() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let olga = somebody(&ostia, "olga", "operator").await;
    let rules = |allow| [("name", "mail"), ("source", "rules"), ("allow", allow)];
    let path = taken(&olga.submit("/policies", &rules("mail.get_*")).await);
    taken(
        &olga
            .submit(&format!("{path}/edit"), &rules("mail.send")[2..])
            .await,
    );
    let list = olga.open("/audit?action=policies.update").await;
    let [id] = ids(&list).try_into().expect("one event");
    let page = olga.open(&format!("/audit/{id}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.shows("<code>allow</code>");
    page.shows("<code>mail.get_*</code>");
    page.shows("<code>mail.send</code>");
    page.shows("user:olga");
    let all = control::audit(&control).await;
    let event = all.into_iter().find(|event| event.id == id);
    let event = event.expect("the event");
    for text in [
        &event.request_id,
        &event.writer,
        &event.hash,
        &event.previous_hash,
    ] {
        assert!(!text.is_empty());
        page.shows(&format!("<code>{text}</code>"));
    }
    page.shows(&format!(
        "<dt>Number</dt><dd><span>{}</span>",
        event.sequence
    ));
    for nowhere in [
        Uuid::now_v7().to_string(),
        Uuid::nil().to_string(),
        "x".to_owned(),
    ] {
        let page = olga.open(&format!("/audit/{nowhere}")).await;
        assert_eq!(page.status, 404, "{nowhere}");
    }
}

#[tokio::test]
async fn no_text_of_others_becomes_markup() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let olga = somebody(&ostia, "olga", "operator").await;
    let hostile = v1::CallRecord {
        client: Some(HOSTILE.to_owned()),
        rule: Some(HOSTILE.to_owned()),
        remote_address: Some(HOSTILE.to_owned()),
        presented_key: Some(HOSTILE.to_owned()),
        ..call(HOSTILE)
    };
    record(&control, vec![hostile]).await;
    control::policy(&control, HOSTILE, everything_of(&["demo"])).await;
    let mut pages = vec![olga.open("/audit").await];
    for action in ["tools%2Fcall", "policies.create"] {
        let list = olga.open(&format!("/audit?action={action}")).await;
        let id = ids(&list).swap_remove(0);
        pages.push(olga.open(&format!("/audit/{id}")).await);
    }
    let query = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    pages.push(
        olga.open(&format!("/audit?tool={query}&from={query}"))
            .await,
    );
    for page in pages {
        page.hides("<script>");
        page.hides("<img");
        page.shows("&lt;script&gt;alert(1)");
    }
}

#[tokio::test]
async fn members_find_none_of_it() {
    let ostia = Ostia::start().await;
    let mia = somebody(&ostia, "mia", "member").await;
    let control = control::client(&ostia);
    let event = control::audit(&control).await.pop().expect("an event").id;
    for path in [
        "/audit.csv".to_owned(),
        "/audit.jsonl".to_owned(),
        format!("/audit/{event}"),
    ] {
        let page = mia.open(&path).await;
        assert_eq!(page.status, 404, "{path}");
        page.hides(&event);
    }
    for path in ["/audit/chains", &format!("/audit/{event}/arguments")] {
        assert_eq!(mia.submit(path, &[]).await.status, 404, "{path}");
    }
}
