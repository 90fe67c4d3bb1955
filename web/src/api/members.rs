//! Which member of a request is at fault, by REST's own name.
//!
//! Control names the fields of its messages, as `definition.stdio.program`. The document of the API knows what an
//! operation reads: the member of that name is the one whose path ends as the field does, as far as it goes.

use super::problem::Problem;
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::Method;
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use utoipa::openapi::OpenApi;

/// Schemas that contain themselves end here.
const MAX_DEPTH: usize = 8;

/// What each operation reads: paths of members with dots, and parameters of the query.
#[derive(Debug)]
pub(super) struct Members(HashMap<(Method, String), BTreeSet<String>>);

impl Members {
    pub(super) fn of(document: &OpenApi) -> Self {
        let document = serde_json::to_value(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (method, path, operation))
        });
        let read = operations.filter_map(|(method, path, operation)| {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).ok()?;
            let mut members = BTreeSet::new();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let names = parameters.filter_map(|parameter| parameter["name"].as_str());
            members.extend(names.map(str::to_owned));
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            collect(&document, body, "", 0, &mut members);
            Some(((method, path.clone()), members))
        });
        Self(read.collect())
    }

    /// The member that a field of control's is, where it is one of this operation.
    fn named(&self, method: &Method, path: &str, field: &str) -> Option<&str> {
        let members = self.0.get(&(method.clone(), path.to_owned()))?;
        // What control says of a part of a member that has no parts here is about the member.
        let wholes = prefixes(field);
        let ends = wholes.flat_map(suffixes);
        let found = ends.filter_map(|end| {
            let is_it = |member: &&String| {
                member
                    .strip_suffix(end)
                    .is_some_and(|before| before.is_empty() || before.ends_with('.'))
            };
            let nearest = members.iter().filter(is_it);
            nearest.min_by_key(|member| member.matches('.').count())
        });
        found.map(String::as_str).next()
    }
}

/// The whole first, then what is left without its last name.
fn prefixes(field: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(field), |field| {
        field.rsplit_once('.').map(|(before, _)| before)
    })
}

/// The whole first, then what is left without its first name.
fn suffixes(field: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(field), |field| {
        field.split_once('.').map(|(_, after)| after)
    })
}

fn collect(
    document: &Value,
    schema: &Value,
    at: &str,
    depth: usize,
    members: &mut BTreeSet<String>,
) {
    if depth > MAX_DEPTH {
        return;
    }
    let inside = |schema: &Value, at: &str, members: &mut BTreeSet<String>| {
        collect(document, schema, at, depth + 1, members);
    };
    if let Some(target) = schema["$ref"].as_str() {
        let target = document.pointer(target.trim_start_matches('#'));
        inside(target.unwrap_or(&Value::Null), at, members);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        for one in schema[several].as_array().into_iter().flatten() {
            inside(one, at, members);
        }
    }
    // Control does not say which of a list.
    if !schema["items"].is_null() {
        inside(&schema["items"], at, members);
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = match at {
            "" => name.clone(),
            at => format!("{at}.{name}"),
        };
        inside(schema, &path, members);
        members.insert(path);
    }
}

/// Has what control says about a field be about the member of the request.
pub(super) async fn spell(
    State(members): State<Arc<Members>>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().get_mut::<Problem>() {
        problem.spell(|field| members.named(&method, path.as_str(), field));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(of: &[&str]) -> Members {
        let members = of.iter().map(ToString::to_string).collect();
        let post = (Method::POST, "/x".to_owned());
        Members(HashMap::from([(post, members)]))
    }

    #[test]
    fn a_field_is_the_member_that_ends_as_it_does() {
        let members = members(&[
            "name",
            "program",
            "pool",
            "pool.max_workers",
            "limits",
            "limits.calls_per_minute",
            "restrictions.rules.allow",
            "restrictions.rules.arguments",
            "rename",
            "overrides.name",
        ]);
        for (field, member) in [
            ("name", Some("name")),
            ("definition.name", Some("name")),
            ("selection.overrides.name", Some("overrides.name")),
            ("definition.stdio.program", Some("program")),
            ("definition.pool.max_workers", Some("pool.max_workers")),
            ("calls_per_minute", Some("limits.calls_per_minute")),
            ("rules.allow", Some("restrictions.rules.allow")),
            (
                "rules.arguments.regex",
                Some("restrictions.rules.arguments"),
            ),
            ("definition.pool", Some("pool")),
            ("valid_seconds", None),
        ] {
            let found = members.named(&Method::POST, "/x", field);
            assert_eq!(found, member, "{field}");
        }
        assert_eq!(members.named(&Method::PUT, "/x", "name"), None);
    }
}
