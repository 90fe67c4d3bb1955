//! One request for an access token, by client credentials (RFC 6749, 4.4).

use super::{
    JSON, client,
    connections::{Connections, Error},
    tokens::Token,
};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE},
};
use ostia_domain::credential::{ClientAuthentication, ClientCredentials};
use serde::Deserialize;
use serde_json::Value;
use std::{fmt::Write as _, sync::Arc, time::Duration};

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 64 << 10;
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// Codes of errors are short words (RFC 6749, 5.2).
const MAX_CODE_BYTES: usize = 64;

/// All that a request needs.
pub(in crate::pool) struct Grant(Result<Ready, String>);

struct Ready {
    connections: Arc<Connections>,
    target: Uri,
    /// Of `client_secret_basic`.
    authorization: Option<HeaderValue>,
    form: Bytes,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: Option<String>,
    /// In seconds. Some servers write it as text.
    expires_in: Option<Value>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Grant {
    pub(in crate::pool) fn new(grant: &ClientCredentials, allow_private_network: bool) -> Self {
        Self(Ready::new(grant, allow_private_network))
    }

    /// An error says what went wrong, for people and without a secret.
    pub(super) async fn request(&self) -> Result<Token, String> {
        let ready = self.0.as_ref().map_err(Clone::clone)?;
        let answer = tokio::time::timeout(TIMEOUT, ready.answer()).await;
        let (status, body) = answer.map_err(|_| "its token endpoint does not answer in time")??;
        if status.is_success() {
            return token(&body);
        }
        let code = serde_json::from_slice::<Refusal>(&body).ok();
        let code = code
            .map(|refusal| refusal.error)
            .filter(|code| is_code(code));
        Err(match code {
            Some(code) => format!("its token endpoint answered {status}: {code}"),
            None => format!("its token endpoint answered {status}"),
        })
    }
}

impl Ready {
    fn new(grant: &ClientCredentials, allow_private_network: bool) -> Result<Self, String> {
        let there = |problem| format!("its token endpoint: {problem}");
        let (connections, url) =
            client::connections(&grant.token_url, allow_private_network).map_err(there)?;
        let target = client::target(&url).map_err(there)?;
        let (authorization, form) = written(grant)?;
        Ok(Self {
            connections,
            target,
            authorization,
            form: form.into(),
        })
    }

    async fn answer(&self) -> Result<(StatusCode, Bytes), String> {
        let mut request = Request::new(self.form.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, FORM);
        headers.insert(ACCEPT, JSON);
        // The next one is an hour away.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let response = self.connections.send(request).await;
        let response = response.map_err(Error::describe)?;
        let status = response.status();
        let body = response.into_body().whole(MAX_ANSWER_BYTES).await;
        let body = body.map_err(Error::describe)?;
        Ok((
            status,
            body.ok_or("its token endpoint answers without end")?,
        ))
    }
}

/// The header and the body of a request.
fn written(grant: &ClientCredentials) -> Result<(Option<HeaderValue>, String), String> {
    let mut members = vec![("grant_type", "client_credentials".to_owned())];
    if !grant.scopes.is_empty() {
        members.push(("scope", grant.scopes.join(" ")));
    }
    members.extend(
        grant
            .resource
            .clone()
            .map(|resource| ("resource", resource)),
    );
    members.extend(
        grant
            .audience
            .clone()
            .map(|audience| ("audience", audience)),
    );
    let (id, secret) = (&*grant.client_id, grant.client_secret.expose());
    let authorization = match grant.authentication {
        ClientAuthentication::Basic => {
            let pair = client::basic(&form_encoded(id), &form_encoded(secret));
            Some(pair.ok_or("its client id and secret cannot be sent")?)
        }
        ClientAuthentication::Post => {
            members.push(("client_id", id.to_owned()));
            members.push(("client_secret", secret.to_owned()));
            None
        }
    };
    let members = members.iter();
    let form = members.map(|(name, value)| format!("{name}={}", form_encoded(value)));
    Ok((authorization, form.collect::<Vec<_>>().join("&")))
}

/// As in a form (`application/x-www-form-urlencoded`).
fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'*' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => {
                // Nothing that is written to a string fails.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

fn token(body: &[u8]) -> Result<Token, String> {
    // Nothing of the text: it is a secret, or next to one.
    let answer: Answer =
        serde_json::from_slice(body).map_err(|_| "its token endpoint answered no token")?;
    let bearer = answer
        .token_type
        .is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    if !bearer || answer.access_token.is_empty() {
        return Err("its token endpoint answered no bearer token".into());
    }
    let header = HeaderValue::try_from(format!("Bearer {}", answer.access_token));
    let mut header = header.map_err(|_| "its token endpoint answered what cannot be sent")?;
    header.set_sensitive(true);
    let life = answer.expires_in.and_then(|life| match life {
        Value::Number(seconds) => seconds.as_f64(),
        Value::String(seconds) => seconds.trim().parse().ok(),
        _ => None,
    });
    let life = life.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
    Ok(Token::new(header, life))
}

fn is_code(text: &str) -> bool {
    text.len() <= MAX_CODE_BYTES
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use ostia_domain::key::Secret;

    fn credentials(authentication: ClientAuthentication) -> ClientCredentials {
        ClientCredentials {
            token_url: "https://example.com/token".to_owned(),
            client_id: "a b:c".to_owned(),
            client_secret: Secret::new("s+ü"),
            scopes: vec!["one".to_owned(), "two".to_owned()],
            resource: Some("https://example.com/mcp".to_owned()),
            audience: None,
            authentication,
        }
    }

    #[test]
    fn the_client_says_who_it_is_in_one_of_two_ways() {
        let (authorization, form) = written(&credentials(ClientAuthentication::Basic)).unwrap();
        let pair = STANDARD.encode("a+b%3Ac:s%2B%C3%BC");
        assert_eq!(authorization.unwrap(), format!("Basic {pair}"));
        let resource = "resource=https%3A%2F%2Fexample.com%2Fmcp";
        let asked = format!("grant_type=client_credentials&scope=one+two&{resource}");
        assert_eq!(form, asked);
        let (authorization, form) = written(&credentials(ClientAuthentication::Post)).unwrap();
        assert_eq!(authorization, None);
        let said = format!("{asked}&client_id=a+b%3Ac&client_secret=s%2B%C3%BC");
        assert_eq!(form, said);
    }

    #[test]
    fn only_bearer_tokens_are_taken() {
        for taken in [
            r#"{"access_token":"t","token_type":"bearer","expires_in":60}"#,
            r#"{"access_token":"t","expires_in":"60"}"#,
        ] {
            assert_eq!(token(taken.as_bytes()).unwrap().header, "Bearer t");
        }
        for refused in [
            r#"{"access_token":"t","token_type":"mac"}"#,
            r#"{"access_token":"","token_type":"bearer"}"#,
            r#"{"access_token":"a\nb","token_type":"bearer"}"#,
            r#"{"token_type":"bearer"}"#,
            "secret",
        ] {
            let problem = token(refused.as_bytes()).err().unwrap();
            assert!(!problem.contains("secret"), "{problem}");
        }
    }

    #[test]
    fn only_words_are_codes() {
        assert!(is_code("invalid_client"));
        assert!(!is_code("a b") && !is_code(&"x".repeat(65)));
    }
}
