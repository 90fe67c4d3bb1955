//! The document of the API: made from the handlers, so that it cannot say something else.

mod headers;

use super::{
    idempotency,
    message::json,
    problem::{MEDIA_TYPE, ProblemBody},
    upstreams::{DISCOVER, EXECUTE, PROBE},
};
use axum::response::Response;
use http::StatusCode;
use utoipa::{
    OpenApi,
    openapi::{
        self, Content, HttpMethod, RefOr, ResponseBuilder,
        path::Operation,
        schema::{AdditionalProperties, Schema},
        security::{
            ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
        },
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ostia",
        description = "Everything that is administered about an Ostia gateway, and calls of tools. Names are \
                       unique within a kind, and wherever a path takes one it takes the id as well. What \
                       belongs to somebody else answers as if it was not there.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "me", description = "Who somebody with this key is."),
        (name = "keys", description = "API keys: at `/v1` the caller's own, at `/api/v1` everybody's."),
        (name = "upstreams", description = "The MCP servers behind Ostia."),
        (name = "policies", description = "Who may call what."),
        (name = "bundles", description = "Named selections of tools, at endpoints of their own."),
        (name = "plans", description = "How much may be done."),
        (name = "users", description = "People and service accounts."),
        (name = "groups", description = "Users who may do the same."),
        (name = "usage", description = "Tool calls that were made."),
        (name = "audit", description = "Every decision and every change."),
    ),
)]
struct Base;

/// What the document says besides its paths.
pub(super) fn base() -> openapi::OpenApi {
    Base::openapi()
}

/// What holds for every operation and is written nowhere else: its name, its credential, its errors.
pub(super) fn complete(mut document: openapi::OpenApi) -> openapi::OpenApi {
    let components = document.components.get_or_insert_default();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.add_security_scheme("bearer", bearer);
    let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
    components.add_security_scheme("api_key", header);
    if let Some(schema) = components.schemas.get_mut("NewUpstreamCredential") {
        refuse_more_members(schema);
    }
    for (path, item) in &mut document.paths.paths {
        let methods = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                finish(path, &method, operation);
            }
        }
    }
    document
}

/// `deny_unknown_fields` of an enum, which the macro does not write down.
fn refuse_more_members(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::OneOf(one_of)) = schema else {
        return;
    };
    for item in &mut one_of.items {
        if let RefOr::T(Schema::Object(object)) = item {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

fn finish(path: &str, method: &HttpMethod, operation: &mut Operation) {
    operation.operation_id = Some(name(path, method));
    // Said where a route is: `security(())`.
    let open = operation.security.is_some();
    if open {
        operation.security = Some(Vec::new());
    } else {
        let none: [&str; 0] = [];
        operation.security = Some(vec![
            SecurityRequirement::new("bearer", none),
            SecurityRequirement::new("api_key", none),
        ]);
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            "Done.".clone_into(&mut response.description);
        }
    }
    let responses = &mut operation.responses.responses;
    if *method == HttpMethod::Get {
        let same = ResponseBuilder::new().description("It is still what `If-None-Match` says.");
        responses.insert("304".to_owned(), RefOr::T(same.build()));
    }
    for (status, when) in errors(path, method, operation, open) {
        let reference = openapi::Ref::from_schema_name("Problem");
        let response = ResponseBuilder::new()
            .description(when)
            .content(MEDIA_TYPE, Content::new(Some(reference)))
            .build();
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_owned(), RefOr::T(response));
    }
    headers::take(path, method, open, operation);
    headers::tell(path, method, open, operation);
}

fn errors(
    path: &str,
    method: &HttpMethod,
    operation: &Operation,
    open: bool,
) -> Vec<(&'static str, &'static str)> {
    let reads = *method == HttpMethod::Get;
    let once = *method == HttpMethod::Post && !open && idempotency::is_once(path);
    let executes = path == EXECUTE;
    let mut errors = vec![
        ("500", "Ostia failed."),
        (
            "503",
            "Control or its database cannot be reached, or the upstream is busy; again after `Retry-After`.",
        ),
    ];
    if !open {
        errors.push(("401", "There is no API key, or it does not work."));
        errors.push((
            "403",
            "The role does not allow it, or not from here or now.",
        ));
    }
    if operation.request_body.is_some() || operation.parameters.is_some() {
        // Also of what a filter or a body names.
        errors.push(("404", "It is not there, or belongs to somebody else."));
        errors.push((
            "400",
            "The request cannot be read; `field` names the member.",
        ));
    }
    if operation.request_body.is_some() || operation.parameters.is_some() || once {
        errors.push(("422", "A value cannot be used; `field` names the member."));
    }
    if operation.request_body.is_some() || once {
        errors.push(("413", "The body is too large."));
    }
    // Which key a name means can be open.
    if !open && (!reads || headers::reads(operation, "key")) {
        errors.push((
            "409",
            "There is one of that name, several are meant by it, or its state does not allow it.",
        ));
    }
    if matches!(
        method,
        HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete
    ) {
        errors.push(("412", "It is not any more what `If-Match` says."));
    }
    if open || executes {
        errors.push(("429", "Too many; again after `Retry-After`."));
    }
    if executes {
        errors.push(("502", "The upstream failed, or cannot be reached."));
        errors.push(("504", "The call took too long."));
    }
    if [DISCOVER, PROBE].contains(&path) {
        errors.push(("504", "No edge did it in time."));
    }
    errors
}

/// `get_api_v1_keys_by_key`: one name for each, and the same in every version.
fn name(path: &str, method: &HttpMethod) -> String {
    let method = match method {
        HttpMethod::Get => "get",
        HttpMethod::Put => "put",
        HttpMethod::Patch => "patch",
        HttpMethod::Delete => "delete",
        _ => "post",
    };
    let words = path.split('/').filter(|word| !word.is_empty());
    let words = words.map(|word| match word.strip_prefix('{') {
        Some(parameter) => format!("by_{}", parameter.trim_end_matches('}')),
        None => word.replace(['-', '.'], "_"),
    });
    let words: Vec<_> = words.collect();
    format!("{method}_{}", words.join("_"))
}

pub(super) fn serve(document: &openapi::OpenApi) -> Response {
    json(StatusCode::OK, document)
}
