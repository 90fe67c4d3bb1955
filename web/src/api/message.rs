//! What comes in, read strictly, and what goes out.

use super::problem::Problem;
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, FromRequestParts, Path, Request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts};
use ostia_domain::code::Code;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Value, value::RawValue};

/// Of any body that the API reads.
const MAX_BODY_BYTES: usize = 1 << 20;

/// A JSON body without members that nobody reads.
pub(crate) struct Json<T>(pub(crate) T);

/// A JSON object that is passed on as it came, with members that are there twice.
#[derive(Debug)]
pub(crate) struct Raw(String);

impl Raw {
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl Default for Raw {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('{') {
            return Ok(Self(raw.get().to_owned()));
        }
        Err(D::Error::custom("is not a JSON object"))
    }
}

/// Segments of the path.
pub(crate) struct Named<T>(pub(crate) T);

/// The query, without parameters that nobody reads.
pub(crate) struct Query<T>(pub(crate) T);

pub(super) async fn read(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
        let detail = format!("the body is larger than {MAX_BODY_BYTES} bytes, or broke off");
        Problem::new(Code::BodyTooLarge, detail)
    })
}

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read(request.into_body()).await?;
        // Serde would take the members of an object from a list in their order.
        if bytes.trim_ascii_start().starts_with(b"[") {
            let problem = "the body is a list and not an object";
            return Err(Problem::new(Code::InvalidJson, problem));
        }
        match strictly(&bytes) {
            Err((_, problem)) if problem.starts_with(A_FLOAT) => {
                let whole = serde_json::from_slice(&bytes).map(with_integers);
                let bytes = whole.unwrap_or_default().to_string();
                strictly(bytes.as_bytes())
            }
            read => read,
        }
        .map(Self)
        .map_err(|(path, problem)| unreadable(Code::InvalidJson, &path, &problem))
    }
}

/// How serde begins when it wanted an integer.
const A_FLOAT: &str = "invalid type: floating point";

/// The value, or where it cannot be read and why.
fn strictly<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, (String, String)> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| (error.path().to_string(), error.into_inner().to_string()))?;
    let end = json.end();
    end.map_err(|error| (".".to_owned(), error.to_string()))?;
    Ok(value)
}

/// JSON has one kind of number: to JSON Schema, and to many languages that write it, 1.0 is an integer.
fn with_integers(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(with_integers).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(name, item)| (name, with_integers(item)))
                    .collect(),
            )
        }
        Value::Number(number) => {
            let whole = number.as_f64().filter(|_| number.is_f64());
            let whole = whole.map(|whole| format!("{whole:.0}"));
            let whole = whole.filter(|text| text.parse().ok() == number.as_f64());
            let integer = whole.and_then(|text| text.parse::<i64>().ok());
            integer.map_or(Value::Number(number), Value::from)
        }
        other => other,
    }
}

impl<T: DeserializeOwned + Send, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        let read = query.map_err(|error| {
            let text = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), std::string::ToString::to_string);
            // The parameter stands before what is wrong with it.
            let (name, problem) = text.split_once(": ").unwrap_or((".", &text));
            unreadable(Code::InvalidArgument, name, problem)
        })?;
        Ok(Self(read.0))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(names)| Self(names))
            .map_err(|error| Problem::new(Code::InvalidRequest, error.body_text()))
    }
}

/// Serde names the member that is unknown, missing or doubled in its text, and the path where it stands.
fn unreadable(code: Code, path: &str, problem: &str) -> Problem {
    let of_the_text = ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| problem.split_once(start)?.1.split_once('`'))
        .map(|(name, _)| name);
    let inside = Some(path).filter(|path| *path != ".");
    let field = match (inside, of_the_text) {
        (Some(path), Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            Some(format!("{path}.{name}"))
        }
        (Some(path), _) => Some(path.to_owned()),
        (None, name) => name.map(str::to_owned),
    };
    let problem = Problem::new(code, problem);
    match field {
        Some(field) => problem.about(field),
        None => problem,
    }
}

pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => {
            let json = HeaderValue::from_static("application/json");
            (status, [(CONTENT_TYPE, json)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            Problem::internal().into_response()
        }
    }
}

/// 200 with this.
pub(crate) struct Answer<T>(pub(crate) T);

/// 201 with this.
pub(crate) struct Created<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        json(StatusCode::CREATED, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Outer {
        count: u32,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Inner {
        flag: bool,
    }

    async fn field(body: &'static str) -> String {
        let request = Request::new(Body::from(body));
        let read = Json::<Outer>::from_request(request, &()).await;
        let problem = read.err().expect("refused");
        let written = format!("{problem:?}");
        let (_, rest) = written.split_once("field: ").unwrap();
        rest.split(", of_control").next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_whole_number_is_an_integer_however_it_is_written() {
        let body = r#"{"count": 3.0, "inner": null}"#;
        let request = Request::new(Body::from(body));
        let read = Json::<Outer>::from_request(request, &()).await;
        assert_eq!(read.ok().unwrap().0.count, 3);
        assert_eq!(field(r#"{"count": 3.5}"#).await, r#"Some("count")"#);
    }

    #[tokio::test]
    async fn the_member_at_fault_is_named() {
        for (body, named) in [
            (r#"{"count": "x"}"#, r#"Some("count")"#),
            (r#"{"count": 1, "cuont": 2}"#, r#"Some("cuont")"#),
            (r#"{"inner": {"flag": true}}"#, r#"Some("count")"#),
            (
                r#"{"count": 1, "inner": {"flag": 1}}"#,
                r#"Some("inner.flag")"#,
            ),
            (r#"{"count": 1, "inner": {}}"#, r#"Some("inner.flag")"#),
            (
                r#"{"count": 1, "inner": {"flag": true, "x": 1}}"#,
                r#"Some("inner.x")"#,
            ),
            (r#"{"count": 1} x"#, "None"),
            ("", "None"),
        ] {
            assert_eq!(field(body).await, named, "{body}");
        }
    }
}
