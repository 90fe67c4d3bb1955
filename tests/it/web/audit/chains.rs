//! Whether anything was changed, from the page.

use super::somebody;
use crate::{
    harness::{
        control::{self, everything_of},
        ostia::Ostia,
    },
    web::sessions::sql,
};

#[tokio::test]
async fn what_was_changed_in_the_database_is_found() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let ann = somebody(&ostia, "ann", "auditor").await;
    control::policy(&control, "mail", everything_of(&["mail"])).await;
    let page = ann.open("/audit/chains").await;
    assert_eq!(page.status, 200);
    page.shows("Read all events");
    page.hides("Intact");
    let page = ann.submit("/audit/chains", &[]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.shows("<strong>Intact</strong>");
    page.hides("Go on reading");
    let events = control::audit(&control).await;
    let last = events.last().expect("an event");
    page.shows(&format!("<code>{}</code>", last.writer));

    // Numbers that come with the form are those of the pages before.
    let so_far = [("checked", "1000000"), ("problems", "2")];
    let page = ann.submit("/audit/chains", &so_far).await;
    page.shows("Not intact: 2 problems");
    page.shows("1,000,");

    sql(
        &ostia,
        "UPDATE audit_events SET target = 'other' WHERE target = 'mail'",
    )
    .await;
    let page = ann.submit("/audit/chains", &[]).await;
    page.shows("Not intact: 1 problem");
    page.shows("was changed, or moved from another place");
    let changed = events.iter().find(|event| event.target == "mail");
    let changed = &changed.expect("the event").id;
    page.shows(&format!("href=\"/audit/{changed}\""));
    ann.open(&format!("/audit/{changed}")).await.shows("other");

    let refused = ann.submit_as_is("/audit/chains", &[]).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let nowhere = ann.submit("/audit/chains", &[("cursor", "nowhere")]).await;
    assert_eq!(nowhere.status, 400, "{}", nowhere.body);
}
