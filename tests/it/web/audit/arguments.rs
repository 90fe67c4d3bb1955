//! Arguments that were kept: shown to auditors, and that is seen.

use super::{ids, somebody};
use crate::{
    harness::{
        control,
        mcp::{Endpoint, modern},
        ostia::Ostia,
        upstreams, wait,
    },
    web::visitor::Visitor,
};
use serde_json::json;
use std::time::Duration;

/// The only call of this tool.
async fn event(visitor: &Visitor, tool: &str) -> String {
    let path = format!("/audit?tool={tool}");
    let told = wait::until(
        Duration::from_secs(20),
        "the call is written down",
        || async {
            let page = visitor.open(&path).await;
            ids(&page).pop().ok_or(page.body)
        },
    );
    told.await.0
}

#[tokio::test]
async fn auditors_alone_read_them_and_are_seen_to() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    upstreams::script("kept", "faulty.py", &[])
        .with(|definition| definition.keep_arguments = true)
        .add(&control)
        .await;
    let key = control::master_key(&control, "agent").await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &key);
    let arguments = json!({"message": "<b>deploy</b>", "password": "hunter2"});
    for tool in ["kept__echo", "demo__echo"] {
        modern::call(&endpoint, tool, &arguments).send().await;
    }
    let ann = somebody(&ostia, "ann", "auditor").await;
    let (kept, plain) = (
        event(&ann, "kept.echo").await,
        event(&ann, "demo.echo").await,
    );
    let path = format!("/audit/{kept}");
    let read = format!("{path}/arguments");
    let page = ann.open(&path).await;
    page.shows(&format!("action=\"{read}\""));
    page.hides("deploy");

    let shown = ann.submit(&read, &[]).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.shows("&lt;b&gt;deploy&lt;/b&gt;");
    shown.shows("•••");
    shown.hides("hunter2");
    assert_eq!(ann.submit_as_is(&read, &[]).await.status, 403);

    let page = ann.open(&format!("/audit/{plain}")).await;
    page.shows("Their digest alone.");
    page.hides("Read the arguments");
    let nothing = ann.submit(&format!("/audit/{plain}/arguments"), &[]).await;
    assert_eq!(nothing.status, 404);
    nothing.shows("Nothing is kept of the arguments");

    for role in ["operator", "administrator"] {
        let other = somebody(&ostia, role, role).await;
        let page = other.open(&path).await;
        page.shows("Only auditors read them.");
        page.hides(&read);
        let refused = other.submit(&read, &[]).await;
        assert_eq!(refused.status, 404, "{role}");
        refused.hides("deploy");
    }

    // One reading was refused nowhere, and is written down with what it was of.
    let reads = ann.open("/audit?action=audit.read_arguments").await;
    let [reading] = ids(&reads).try_into().expect("one event");
    reads.shows("user:ann");
    let reading = ann.open(&format!("/audit/{reading}")).await;
    reading.shows(&format!("href=\"{path}\""));
}
