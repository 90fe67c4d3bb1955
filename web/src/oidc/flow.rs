//! To the provider and back. What was sent is kept in the browser's session and taken back once.

use super::{Failure, Person, Provider, Through, provider::Verified};
use crate::{return_to::ReturnTo, session::Session};
use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, Scope, core::CoreAuthenticationFlow};
use ostia_domain::clock;
use serde::{Deserialize, Serialize};
use tower_sessions::session::Error;

const BEGUN: &str = "begun";
/// Windows of one browser that are at providers at once; the oldest is forgotten.
const MAX_BEGUN: usize = 5;

/// One way to a provider that nobody came back from yet.
#[derive(Serialize, Deserialize)]
pub(crate) struct Begun {
    provider: String,
    state: String,
    nonce: Nonce,
    verifier: String,
    return_to: String,
}

/// What the provider's redirect says.
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Somebody whom the provider knows and who may come in.
pub(crate) struct Arrived {
    pub(crate) person: Person,
    pub(crate) through: Through,
    pub(crate) return_to: ReturnTo,
}

/// Where the browser goes.
pub(crate) async fn begin(
    provider: &Provider,
    session: &Session,
    return_to: &ReturnTo,
) -> Result<String, Failure> {
    let found = provider.found().await?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let scopes = provider.config.scopes.iter().cloned().map(Scope::new);
    let (url, state, nonce) = found
        .client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scopes(scopes)
        .set_pkce_challenge(challenge)
        .url();
    if !matches!(url.scheme(), "https" | "http") {
        return Err(provider.invalid(&"its authorization endpoint is no web page"));
    }
    let begun = Begun {
        provider: provider.config.name.clone(),
        state: state.secret().clone(),
        nonce,
        verifier: verifier.secret().clone(),
        return_to: return_to.path().to_owned(),
    };
    remember(session, begun)
        .await
        .map_err(|error| kept(&error))?;
    Ok(url.into())
}

async fn remember(session: &Session, begun: Begun) -> Result<(), Error> {
    let mut all: Vec<Begun> = session.get(BEGUN).await?.unwrap_or_default();
    let too_many = (all.len() + 1).saturating_sub(MAX_BEGUN);
    all.drain(..too_many);
    all.push(begun);
    session.insert(BEGUN, all).await
}

/// Takes back what was begun, before anything is done with it, so that it is used once.
async fn take(session: &Session, provider: &str, state: &str) -> Result<Option<Begun>, Error> {
    let mut all: Vec<Begun> = session.get(BEGUN).await?.unwrap_or_default();
    let at = all
        .iter()
        .position(|begun| begun.state == state && begun.provider == provider);
    let Some(at) = at else { return Ok(None) };
    let begun = all.remove(at);
    session.insert(BEGUN, all).await?;
    session.save().await?;
    Ok(Some(begun))
}

pub(crate) async fn finish(
    provider: &Provider,
    session: &Session,
    answer: Answer,
) -> Result<Arrived, Failure> {
    let begun = take(session, &provider.config.name, &answer.state).await;
    let begun = begun.map_err(|error| kept(&error))?.ok_or(Failure::State)?;
    let found = provider.found().await?;
    let issuer = &provider.config.issuer;
    if !found.answers_as(issuer, answer.iss.as_deref()) {
        return Err(provider.invalid(&"the answer is of another issuer"));
    }
    if let Some(error) = answer.error {
        let said = answer.error_description.unwrap_or_default();
        tracing::info!(
            provider = provider.config.name,
            error,
            said,
            "a sign-in was refused"
        );
        let label = provider.config.label();
        return Err(Failure::Refused {
            to_people: format!(
                "{label} did not sign you in. Begin again, or ask its administrator."
            ),
        });
    }
    let code = answer
        .code
        .ok_or_else(|| provider.invalid(&"the answer has neither code nor error"))?;
    let verified = provider
        .exchange(code, begun.verifier, &begun.nonce)
        .await?;
    Ok(Arrived {
        person: Person::of(&provider.config, &verified)?,
        through: through(provider, verified),
        return_to: ReturnTo::new(&begun.return_to),
    })
}

pub(super) fn through(provider: &Provider, verified: Verified) -> Through {
    Through {
        provider: provider.config.name.clone(),
        subject: verified.subject,
        refresh_token: verified.refresh_token,
        id_token: verified.id_token,
        verified_at: clock::now(),
    }
}

fn kept(error: &Error) -> Failure {
    Failure::Unavailable(format!("the browser session: {error}"))
}
