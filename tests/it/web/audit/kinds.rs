//! Requests and changes, told apart.

use super::{ids, somebody};
use crate::harness::{
    mcp::{Endpoint, legacy::Session},
    ostia::Ostia,
    wait,
};
use std::time::Duration;

/// By what it is: names of requests need have no slash.
#[tokio::test]
async fn a_request_is_told_from_a_change() {
    let ostia = Ostia::start().await;
    let olga = somebody(&ostia, "olga", "operator").await;
    let stranger = Endpoint::anonymous(&ostia.mcp_url);
    assert_eq!(stranger.post("{}").send().await.status, 401);
    Session::open(&Endpoint::new(&ostia.mcp_url, &ostia.key)).await;
    for (event, shown, hidden) in [
        ("outcome=unauthenticated", "Key refused", "Changed"),
        ("action=initialize", "Answered", "Changed"),
        ("action=identity.create_user", "Changed", "Answered"),
    ] {
        let [shown, hidden] = [shown, hidden].map(|text| format!(">{text}</span>"));
        let path = format!("/audit?{event}");
        let found = wait::until(Duration::from_secs(10), event, || async {
            let list = olga.open(&path).await;
            let id = ids(&list).pop();
            id.map(|id| (list.body.clone(), id)).ok_or(list.body)
        });
        let ((list, id), _) = found.await;
        let detail = olga.open(&format!("/audit/{id}")).await;
        for body in [&list, &detail.body] {
            assert!(body.contains(&shown), "{event}: {body}");
            assert!(!body.contains(&hidden), "{event}: {body}");
        }
    }
}
