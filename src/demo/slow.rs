//! The tool that takes its time.

use super::{arguments::number, calls::Outgoing};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const MAX_SECONDS: u32 = 600;
/// Progress is reported in at most so many steps.
const STEPS: u32 = 10;

/// Where a call reports how far it is: nowhere, unless its client asked for that.
pub(crate) struct Progress {
    listener: Option<(Value, Outgoing)>,
}

impl Progress {
    pub(crate) fn of(params: &Value, outgoing: &Outgoing) -> Self {
        let token = params["_meta"].get("progressToken");
        Self {
            listener: token.map(|token| (token.clone(), outgoing.clone())),
        }
    }

    #[cfg(test)]
    pub(crate) fn unheard() -> Self {
        Self { listener: None }
    }

    async fn report(&self, done: u32) {
        let Some((token, outgoing)) = &self.listener else {
            return;
        };
        let params = json!({
            "progressToken": token,
            "progress": done,
            "total": STEPS,
            "message": format!("{done} of {STEPS}"),
        });
        let notification =
            json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params });
        outgoing.send(&notification).await;
    }
}

pub(crate) async fn run(arguments: &Value, progress: Progress) -> Result<String, String> {
    let seconds = number(arguments, "seconds")?.as_f64().unwrap_or(f64::NAN);
    if !(0.0..=f64::from(MAX_SECONDS)).contains(&seconds) {
        return Err(format!(
            "argument \"seconds\" must be from 0 to {MAX_SECONDS}"
        ));
    }
    let step = Duration::from_secs_f64(seconds) / STEPS;
    for done in 1..=STEPS {
        tokio::time::sleep(step).await;
        progress.report(done).await;
    }
    Ok(format!("took {seconds} s"))
}
