//! `/policies/check`: what would be wrong about a form if it was sent now. Nothing is changed.
//!
//! For the script that asks while somebody types (`assets/js/check.js`). The rules are control's, as when the form
//! is sent.

use super::{create, form};
use crate::{components::form::Posted, csrf::Checked, saving::save, visitor::Operator};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ostia_proto::v1::{self, check_policy_request::Change, create_policy_request::Source};
use serde_json::{Value, json};

/// `problems` by name of the field; of what is about none of them, no name.
pub(super) async fn check(
    Checked { visitor, form }: Checked<Vec<(String, String)>, Operator>,
) -> Response {
    let Operator(visitor) = visitor;
    let mut posted = Posted::new(form);
    let mut policies = visitor.control.policies();
    let request = v1::CheckPolicyRequest {
        change: Some(asked(&mut posted)),
    };
    let checking = async { policies.check_policy(request).await };
    if let Err(failure) = save(&mut posted, checking).await {
        return failure.show(&visitor);
    }
    let problems = posted.problems().iter();
    let problems: Vec<Value> = problems
        .map(|(field, said)| json!({ "field": field, "said": said }))
        .collect();
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, json!({ "problems": problems }).to_string()).into_response()
}

/// Of a policy that is there, or of a new one. Control is asked about the rest as well where rows are wrong.
fn asked(posted: &mut Posted) -> Change {
    let policy = posted.get("policy").to_owned();
    let mut change = if policy.is_empty() {
        Change::Create(create::asked(posted))
    } else {
        let rules = Some(form::rules(posted));
        Change::Update(v1::UpdatePolicyRequest { policy, rules })
    };
    let rules = match &mut change {
        Change::Create(create) => match &mut create.source {
            Some(Source::Rules(rules)) => Some(rules),
            _ => None,
        },
        Change::Update(update) => update.rules.as_mut(),
    };
    if let Some(rules) = rules.filter(|_| posted.is_refused()) {
        rules.arguments.clear();
        rules.constraints.clear();
    }
    change
}
