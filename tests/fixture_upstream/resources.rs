//! `resources/read`.

use crate::catalogue;
use rmcp::{
    ErrorData,
    model::{ReadResourceResult, ResourceContents},
};
use serde_json::json;

pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let contents = catalogue::CONTENTS
        .get(uri)
        .cloned()
        .or_else(|| from_template(uri));
    contents
        .map(|contents| ReadResourceResult::new(vec![contents]))
        .ok_or_else(|| unknown(uri))
}

/// Whether there is something to subscribe to.
pub(crate) fn known(uri: &str) -> Result<(), ErrorData> {
    read(uri).map(|_| ())
}

/// `test://template/{id}/data`
fn from_template(uri: &str) -> Option<ResourceContents> {
    let id = uri
        .strip_prefix("test://template/")?
        .strip_suffix("/data")?;
    let text = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
    Some(ResourceContents::text(text.to_string(), uri).with_mime_type("application/json"))
}

fn unknown(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("Resource not found", Some(json!({ "uri": uri })))
}
