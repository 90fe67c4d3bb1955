//! Where a request carries its credential.

use super::refused;
use crate::error::Error;
use http::{HeaderMap, HeaderName, header::AUTHORIZATION};
use ostia_domain::code::Code;

const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// The credential of a request: `Authorization: Bearer`, or `X-API-Key`. Never the query string,
/// which ends up in logs.
pub fn presented(headers: &HeaderMap) -> Result<&str, Error> {
    let bearer = headers.get(AUTHORIZATION).map(|value| {
        let text = value.to_str().ok()?;
        let (scheme, credential) = text.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| credential.trim())
    });
    let api_key = headers
        .get(API_KEY_HEADER)
        .map(|value| value.to_str().ok().map(str::trim));
    match bearer.or(api_key) {
        None => Err(refused(Code::KeyMissing)),
        Some(Some(credential)) if !credential.is_empty() => Ok(credential),
        Some(_) => Err(Error::new(
            Code::KeyMalformed,
            "The credential cannot be read. Send `Authorization: Bearer ost_…` or `X-API-Key: ost_…`.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn both_headers_are_read_and_nothing_else() {
        assert_eq!(
            presented(&headers(&[("authorization", "bearer  k")])).unwrap(),
            "k"
        );
        assert_eq!(presented(&headers(&[("x-api-key", "k")])).unwrap(), "k");
        assert_eq!(presented(&headers(&[])).unwrap_err().code, Code::KeyMissing);
        let basic = headers(&[("authorization", "Basic abc")]);
        assert_eq!(presented(&basic).unwrap_err().code, Code::KeyMalformed);
    }
}
