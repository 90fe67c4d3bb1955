//! A member of an installation with the demo, as most people are: they may use what a policy says.

use super::visitor::Visitor;
use crate::harness::{
    control::{self, Control, everything_of},
    ostia::Ostia,
};
use ostia_proto::v1;

pub(super) struct Member {
    pub(super) ostia: Ostia,
    pub(super) control: Control,
    pub(super) visitor: Visitor,
    pub(super) id: String,
}

/// `maria`, who may use the demo, with a plan of 1,000 calls a month.
pub(super) async fn maria() -> Member {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    control::policy(&control, "team", everything_of(&["demo"])).await;
    let plan = v1::Plan {
        name: "starter".to_owned(),
        limits: Some(v1::Limits {
            calls_per_month: Some(1_000),
            ..v1::Limits::default()
        }),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    control.plans().create_plan(request).await.expect("a plan");
    let id = user(&control, "maria", &["team"], Some("starter")).await;
    let visitor = Visitor::signed_in(&ostia, "maria").await;
    control.settled().await;
    Member {
        ostia,
        control,
        visitor,
        id,
    }
}

/// Their id.
pub(super) async fn user(
    control: &Control,
    name: &str,
    policies: &[&str],
    plan: Option<&str>,
) -> String {
    let request = v1::CreateUserRequest {
        name: name.to_owned(),
        policies: policies.iter().map(ToString::to_string).collect(),
        plan: plan.map(str::to_owned),
        ..v1::CreateUserRequest::default()
    };
    let user = control.identity().create_user(request).await;
    user.expect("a user").into_inner().id
}

/// What the form for a new key sends, with nothing narrowed.
pub(super) const NEW_KEY: [(&str, &str); 3] =
    [("mode", "live"), ("expires", "90"), ("scope", "all")];

impl Member {
    /// Makes a key with the form; the whole key, and its id.
    pub(super) async fn make_key(&self, name: &str, fields: &[(&str, &str)]) -> (String, String) {
        let fields = [&[("name", name)], &NEW_KEY[..], fields].concat();
        let page = self.visitor.submit("/keys", &fields).await;
        assert_eq!(page.status, 200, "{}", page.body);
        (
            page.secret(),
            page.between("href=\"/keys/", "\" class=\"button\">I have"),
        )
    }
}

impl super::Page {
    /// The whole key, where the page shows it.
    pub(super) fn secret(&self) -> String {
        self.between("<code id=\"secret\">", "</code>")
    }

    /// The text from the last `start` before the first `end` after it.
    pub(super) fn between(&self, start: &str, end: &str) -> String {
        let found = self.body.match_indices(start).find_map(|(at, _)| {
            let rest = &self.body[at + start.len()..];
            let (text, _) = rest.split_once(end)?;
            (!text.contains('<')).then(|| text.to_owned())
        });
        found.unwrap_or_else(|| panic!("no {start}…{end} in {}", self.body))
    }

    #[track_caller]
    pub(super) fn shows(&self, text: &str) {
        assert!(self.body.contains(text), "no {text:?} in {}", self.body);
    }

    #[track_caller]
    pub(super) fn hides(&self, text: &str) {
        assert!(!self.body.contains(text), "{text:?} in {}", self.body);
    }
}
