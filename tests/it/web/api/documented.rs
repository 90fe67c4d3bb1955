//! Every answer that a test gets is one that the document says this operation has, with the headers it says.

use super::{Answer, document::operations};
use crate::harness::http;
use reqwest::{Method, Url};
use serde_json::Value;
use tokio::sync::OnceCell;

/// One for all: it is made from the program.
static DOCUMENT: OnceCell<Vec<(String, String, Value)>> = OnceCell::const_new();

/// What only the document tells of an answer; the rest is of HTTP, or of where the caller comes from.
const TOLD: [&str; 9] = [
    "etag",
    "idempotency-replayed",
    "link",
    "ostia-quota-remaining",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "www-authenticate",
];

pub(super) async fn check(method: &Method, url: &Url, answer: &Answer) {
    let document = DOCUMENT.get_or_init(|| async {
        let address = url.join("/api/openapi.json").expect("an address");
        let document = http::client().get(address).send().await.expect("it");
        let document: Value = document.json().await.expect("JSON");
        operations(&document)
    });
    let Some(operation) = of(document.await, method, url.path()) else {
        let of_the_router = matches!(answer.status, 401 | 403..=405);
        let document = url.path() == "/api/openapi.json" || *method == Method::OPTIONS;
        assert!(
            of_the_router || document,
            "{method} {url} is not in the document"
        );
        return;
    };
    let said = &operation["responses"][answer.status.to_string()];
    let status = answer.status;
    assert!(
        said.is_object(),
        "{method} {url} was answered with {status}, which the document does not have: {:#}",
        answer.body
    );
    let headers = said["headers"].as_object();
    for (name, header) in headers.into_iter().flatten() {
        let there = answer.headers.contains_key(name.as_str());
        let required = header["required"] == true;
        assert!(there || !required, "{method} {url} {status} has no {name}");
    }
    for name in TOLD {
        let mut told = headers.into_iter().flatten();
        let told = told.any(|(told, _)| told.eq_ignore_ascii_case(name));
        let there = answer.headers.contains_key(name);
        assert!(told || !there, "{method} {url} {status} has {name}");
    }
    let kinds = said["content"].as_object().into_iter().flatten();
    let kinds: Vec<_> = kinds.map(|(kind, _)| kind.as_str()).collect();
    let kind = answer.header("content-type");
    assert_eq!(
        kinds,
        Vec::from_iter(Some(kind).filter(|kind| !kind.is_empty()))
    );
}

/// The operation of this path: of several whose parameters would take it, the one with the most words.
fn of<'a>(
    operations: &'a [(String, String, Value)],
    method: &Method,
    path: &str,
) -> Option<&'a Value> {
    let asked: Vec<_> = path.split('/').collect();
    let fits = |template: &str| {
        let segments: Vec<_> = template.split('/').collect();
        let mut pairs = segments.iter().zip(&asked);
        let fits = segments.len() == asked.len()
            && pairs.all(|(segment, asked)| segment.starts_with('{') || segment == asked);
        fits.then(|| {
            segments
                .iter()
                .filter(|part| !part.starts_with('{'))
                .count()
        })
    };
    let all = operations.iter().filter(|(of, ..)| of == method.as_str());
    let fitting = all.filter_map(|(_, path, operation)| Some((fits(path)?, operation)));
    let best = fitting.max_by_key(|(words, _)| *words);
    best.map(|(_, operation)| operation)
}
