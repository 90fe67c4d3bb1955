//! The headers that operations take, and those that their answers have.

use super::super::{idempotency, policies::RESTORE, upstreams::EXECUTE};
use utoipa::openapi::{
    Header, HeaderBuilder, HttpMethod, ObjectBuilder, RefOr, Required, Response, Type,
    extensions::Extensions,
    path::{Operation, ParameterBuilder, ParameterIn},
};

/// Whose answers are kept for who sends the request again.
fn once(path: &str, method: &HttpMethod, open: bool) -> bool {
    *method == HttpMethod::Post && !open && idempotency::is_once(path)
}

/// Declares what an operation reads besides its credential.
pub(super) fn take(path: &str, method: &HttpMethod, open: bool, operation: &mut Operation) {
    let (name, schema, description) = match method {
        HttpMethod::Get => (
            "If-None-Match",
            text(),
            "Tags of what the caller has: if it is still so, the answer is 304.",
        ),
        HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete => (
            "If-Match",
            text(),
            "Tags of what the caller has read: if it is not so any more, nothing is changed. `*`: it is there.",
        ),
        _ if once(path, method, open) => (
            "Idempotency-Key",
            text()
                .min_length(Some(1))
                .max_length(Some(idempotency::MAX_KEY_LENGTH)),
            "ASCII, of the caller's choice: for a day, the same request with the same key is done once.",
        ),
        _ => return,
    };
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(schema))
        .description(Some(description));
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(parameter.build().into());
}

/// Whether it has a parameter of this name.
pub(super) fn reads(operation: &Operation, name: &str) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == name))
}

/// Declares what the answers of an operation have, once all of them are there.
pub(super) fn tell(path: &str, method: &HttpMethod, open: bool, operation: &mut Operation) {
    let pages = reads(operation, "page_token");
    let once = once(path, method, open);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let mut has = |name: &str, header: Header| {
            response.headers.insert(name.to_owned(), header.into());
        };
        has(
            "Ostia-Request-Id",
            always(text(), "What to quote to an operator."),
        );
        match (status.as_str(), method) {
            ("200" | "304", HttpMethod::Get) => {
                has(
                    "ETag",
                    always(
                        text(),
                        "Of what was read, for `If-None-Match` and `If-Match`.",
                    ),
                );
            }
            // What is given again under an `Idempotency-Key` has none.
            ("200", _) if path == RESTORE => {
                has(
                    "ETag",
                    at_times(text(), "Of what it has become, for `If-Match`."),
                );
            }
            ("200", HttpMethod::Put | HttpMethod::Patch) => {
                has(
                    "ETag",
                    always(text(), "Of what it has become, for `If-Match`."),
                );
            }
            ("401", _) => has("WWW-Authenticate", always(text(), "`Bearer`.")),
            ("429" | "503", _) => {
                has(
                    "Retry-After",
                    always(number(), "When to come again, in seconds."),
                );
            }
            ("409", _) if once => {
                let when = "When to come again, in seconds: the first request is still being done.";
                has("Retry-After", at_times(number(), when));
            }
            ("502", _) => {
                let when = "When to come again, in seconds, where the tool was not called.";
                has("Retry-After", at_times(number(), when));
            }
            _ => {}
        }
        if status == "200" && pages {
            has(
                "Link",
                at_times(text(), "Address of the next page, with `rel=\"next\"`."),
            );
        }
        // Errors of a call are given again where it may have run.
        let kept = match status.as_str() {
            "200" | "201" => true,
            "422" | "500" | "502" | "504" => path == EXECUTE,
            _ => false,
        };
        if once && kept {
            let told = "`true`: the answer was given before, to the same `Idempotency-Key`.";
            has("Idempotency-Replayed", at_times(text(), told));
        }
        if path == EXECUTE {
            of_limits(status, response);
        }
    }
}

/// What a call is told about its limits: with each answer of the edge that counted it, and the limit that it reached.
fn of_limits(status: &str, response: &mut Response) {
    let mut has = |name: &str, header: Header| {
        response.headers.insert(name.to_owned(), header.into());
    };
    if status != "401" {
        let left = "Calls left of this day or month, of the quota that has the least. Not there without a quota.";
        has("Ostia-Quota-Remaining", at_times(number(), left));
    }
    if status == "429" {
        has(
            "RateLimit-Limit",
            always(number(), "What the limit allows."),
        );
        has(
            "RateLimit-Remaining",
            always(number(), "What is left of it."),
        );
        has(
            "RateLimit-Reset",
            always(number(), "When it allows more, in seconds."),
        );
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn number() -> ObjectBuilder {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    number.minimum(Some(0))
}

/// It is there, whatever was asked.
fn always(schema: ObjectBuilder, description: &str) -> Header {
    let required = Extensions::from_iter([("required", true)]);
    of(schema, description).extensions(Some(required)).build()
}

fn at_times(schema: ObjectBuilder, description: &str) -> Header {
    of(schema, description).build()
}

fn of(schema: ObjectBuilder, description: &str) -> HeaderBuilder {
    let header = HeaderBuilder::new().schema(Some(schema));
    header.description(Some(description))
}
