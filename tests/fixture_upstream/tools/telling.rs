//! Tools that tell something while they run.

use crate::server::Fixture;
use rmcp::{
    RoleServer,
    model::{LoggingLevel, ProgressNotificationParam},
    service::RequestContext,
};
use std::time::Duration;

/// Long enough that what is told arrives in several pieces.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn three_logs(fixture: &Fixture, context: &RequestContext<RoleServer>) -> String {
    let texts = [
        "Tool execution started",
        "Tool processing data",
        "Tool execution completed",
    ];
    for text in texts {
        fixture.log(context, LoggingLevel::Info, text).await;
        // Also after the last: over HTTP it takes another stream than the answer, which may be quicker.
        tokio::time::sleep(PAUSE).await;
    }
    "Logged three times".to_owned()
}

pub(super) async fn one_log(fixture: &Fixture, context: &RequestContext<RoleServer>) -> String {
    fixture
        .log(context, LoggingLevel::Info, "Tool executed")
        .await;
    "Logged to whoever wanted it".to_owned()
}

pub(super) async fn progress(context: &RequestContext<RoleServer>) -> String {
    for (number, progress) in [0.0, 50.0, 100.0].into_iter().enumerate() {
        if number > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        if let Some(token) = context.meta.get_progress_token() {
            let progress = ProgressNotificationParam::new(token, progress).with_total(100.0);
            // A client that has gone hears nothing.
            let _ = context.peer.notify_progress(progress).await;
        }
    }
    "Done in three steps".to_owned()
}

pub(super) async fn late() -> String {
    tokio::time::sleep(PAUSE * 2).await;
    "Answered late".to_owned()
}
