//! An error is what its page says.

use crate::harness::{environment, mcp::Answer};
use std::fs;

/// Fails unless the answer is this refusal, its page promises it, and the request can be found again
/// in the logs.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, number: i64, code: &str) {
    assert_eq!(
        answer.refusal(),
        (status, number, code.to_owned()),
        "{}",
        answer.text()
    );
    let page = fs::read_to_string(environment::repository().join(format!("docs/errors/{code}.md")));
    let page = page.unwrap_or_else(|error| panic!("docs/errors/{code}.md: {error}"));
    let promised = |row: &str, value: &str| {
        page.lines()
            .any(|line| line.starts_with(row) && line.contains(value))
    };
    assert!(
        promised("| HTTP |", &status.to_string()),
        "docs/errors/{code}.md does not say HTTP {status}"
    );
    assert!(
        promised("| JSON-RPC |", &number.to_string()),
        "docs/errors/{code}.md does not say {number}"
    );
    let message = answer.json();
    assert_eq!(message["jsonrpc"], "2.0");
    assert!(
        message["error"]["message"]
            .as_str()
            .is_some_and(|text| text.len() > 10),
        "{message:#}"
    );
    assert_eq!(
        message["error"]["data"]["requestId"].as_str(),
        answer.header("ostia-request-id"),
        "{message:#}"
    );
    assert_eq!(
        answer.header("mcp-session-id"),
        None,
        "an error must not hand out a session"
    );
}
