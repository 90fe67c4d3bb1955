//! Who used a key and what was changed about it, on its page.

use crate::{
    harness::{
        control,
        mcp::{Endpoint, modern},
        wait,
    },
    web::{
        member::{self, maria},
        visitor::Visitor,
    },
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn its_owner_sees_who_used_it_and_what_was_changed() {
    let member = maria().await;
    let (secret, id) = member.make_key("laptop", &[]).await;
    let path = format!("/keys/{id}");
    let page = member.visitor.open(&path).await;
    page.shows("Nobody that audit still knows of");
    let endpoint = Endpoint::new(&member.ostia.mcp_url, &secret);
    let call = modern::call(&endpoint, "demo__echo", &json!({"message": "x"}));
    call.send().await.result();
    let used = wait::until(Duration::from_secs(10), "the call is recorded", || async {
        let page = member.visitor.open(&path).await;
        let used = page.body.contains("<th scope=\"row\">127.0.0.1</th>");
        used.then_some(()).ok_or(page.body)
    });
    used.await;

    let edit = [("name", "desk"), ("expires", "keep"), ("scope", "all")];
    let edit_path = format!("{path}/edit");
    assert_eq!(member.visitor.submit(&edit_path, &edit).await.status, 303);
    let all = control::audit(&member.control).await;
    let made = all.iter().filter(|event| event.action == "keys.create");
    assert!(made.count() > 1, "there are keys of others");
    for shown in [path.clone(), format!("{path}/changes")] {
        let page = member.visitor.open(&shown).await;
        assert_eq!(page.body.matches("<span>Made</span>").count(), 1, "{shown}");
        page.shows("<span>Changed</span>");
        page.shows(" by user:maria");
        page.shows("<code>laptop</code>");
        page.shows("<code>desk</code>");
    }
    member::user(&member.control, "eve", &["team"], None).await;
    let eve = Visitor::signed_in(&member.ostia, "eve").await;
    assert_eq!(eve.open(&format!("{path}/changes")).await.status, 404);
}
