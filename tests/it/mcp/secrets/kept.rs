//! What audit keeps of arguments: the database has it sealed, so it is searched as an auditor reads it.

use super::canary::Said;
use crate::{
    harness::{control::Control, ostia::Ostia},
    mcp::arguments::account,
};
use ostia_proto::v1;
use serde_json::Value;

pub(super) async fn read_all(ostia: &Ostia, control: &Control) -> Vec<Said> {
    let auditor = account(control, "auditor", v1::Role::Auditor).await;
    let events = ["audit", "list", "--limit", "1000"];
    let events = ostia.cli(&events).await.ok().json();
    let is_kept = |event: &&Value| event["detail"]["kept_arguments"].is_string();
    let mut said = Vec::new();
    for event in events.as_array().into_iter().flatten().filter(is_kept) {
        let id = event["id"].as_str().expect("an id");
        let args = ["audit", "arguments", id];
        let env = [("OSTIA_SERVICE_TOKEN", auditor.as_str())];
        let read = ostia.cli_with(&args, &env).await.ok();
        said.push(Said::new("`ostia audit arguments`", read.stdout));
    }
    said
}
