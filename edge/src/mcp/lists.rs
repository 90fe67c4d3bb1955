//! `tools/list`, from the catalogue in memory.

use super::{
    endpoint::{Received, answered},
    era::{Era, META_SERVER_INFO},
};
use crate::{
    authorize::visible, error::Error, route::Endpoint, upstream::handshake::client_info, view::Kind,
};
use axum::response::Response;
use ostia_domain::code::Code;
use serde::Deserialize;

#[derive(Deserialize, Default)]
struct Page<'a> {
    #[serde(borrow, default)]
    cursor: Option<std::borrow::Cow<'a, str>>,
}

/// Every tool that the caller may call, on one page: some clients never ask for a second. The order is
/// that of upstreams by name and of tools as their upstream lists them, so it is the same every time.
pub fn tools(received: &Received<'_>) -> Result<(Response, usize), Error> {
    let page: Page<'_> = received
        .message
        .params
        .and_then(|params| serde_json::from_str(params.get()).ok())
        .unwrap_or_default();
    if page.cursor.is_some() {
        let message = "There is no such page: tools/list answers with all tools at once.";
        return Err(Error::new(Code::InvalidParams, message));
    }
    let view = received.state.view.load();
    let mut result = String::from(match received.era {
        Era::Modern => r#"{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":["#,
        Era::Legacy => r#"{"tools":["#,
    });
    let mut first = true;
    for tool in visible(&view, &received.principal, &received.endpoint, Kind::Tool) {
        if !std::mem::take(&mut first) {
            result.push(',');
        }
        result.push_str(match received.endpoint {
            Endpoint::Everything => &tool.exposed_definition,
            Endpoint::One(_) => &tool.definition,
        });
    }
    result.push(']');
    if received.era == Era::Modern {
        let server_info = client_info().to_string();
        result.extend([
            r#","_meta":{""#,
            META_SERVER_INFO,
            r#"":"#,
            &server_info,
            "}",
        ]);
    }
    result.push('}');
    Ok(answered(received, &result))
}
