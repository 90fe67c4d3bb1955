//! One provider: its addresses and keys, found by discovery, and what is asked of it.

use super::{
    Failure,
    http::{Http, HttpError},
    told::{chain, told},
};
use crate::config::ProviderConfig;
use ::http::{HeaderValue, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthorizationCode,
    ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, IssuerUrl,
    Nonce, OAuth2TokenResponse as _, PkceCodeVerifier, ProviderMetadata, RedirectUrl, RefreshToken,
    RequestTokenError, TokenResponse as _,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreErrorResponseType, CoreGrantType, CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreJwsSigningAlgorithm as Alg, CoreRequestTokenError, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType, CoreTokenResponse,
    },
    url::Url,
};
use ostia_domain::{
    clock::{self, Timestamp},
    reach::Reach,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// What is found is found again after so long: keys change.
const DISCOVER_EVERY: TimeDelta = TimeDelta::hours(1);
/// A token that no key verifies has it found at once, but nobody can have that done all the time.
const DISCOVER_AGAIN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Clocks of others may be so far from ours.
const SKEW: TimeDelta = TimeDelta::minutes(1);
/// A secret that both sides know proves nothing to a third, and `none` proves nothing at all.
const SIGNED_WITH: [Alg; 10] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EcdsaP521Sha512,
    Alg::EdDsa,
];

/// What providers say of themselves beyond the core.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Extra {
    #[serde(default)]
    end_session_endpoint: Option<Url>,
    /// RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Extra {}

type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What a verified token says, and what came with it.
pub(crate) struct Verified {
    pub(crate) subject: String,
    /// All claims of the token, and of userinfo those that the token has not.
    pub(crate) claims: Map<String, Value>,
    pub(crate) id_token: String,
    pub(crate) refresh_token: Option<String>,
}

pub(crate) struct Provider {
    pub(crate) config: ProviderConfig,
    redirect_url: String,
    found: Mutex<Option<Arc<Found>>>,
    /// When somebody last had it found out of turn.
    again: Mutex<Option<Timestamp>>,
}

/// What discovery found.
pub(crate) struct Found {
    pub(crate) client: Client,
    pub(crate) extra: Extra,
    http: Http,
    at: Timestamp,
}

impl Provider {
    pub(crate) fn new(config: &ProviderConfig, web_url: &str) -> Self {
        Self {
            redirect_url: format!("{web_url}/login/with/{}/callback", config.name),
            config: config.clone(),
            found: Mutex::default(),
            again: Mutex::default(),
        }
    }

    pub(crate) async fn found(&self) -> Result<Arc<Found>, Failure> {
        let known = lock(&self.found).clone();
        if let Some(found) = known
            && clock::now() - found.at < DISCOVER_EVERY
        {
            return Ok(found);
        }
        self.discover().await
    }

    async fn discover(&self) -> Result<Arc<Found>, Failure> {
        let config = &self.config;
        let unusable = |error: &dyn std::fmt::Display| {
            Failure::Unavailable(format!("{}: discovery: {error}", config.name))
        };
        let http = Http::new(Reach {
            allow_private_network: config.allow_private_network,
        });
        let http = http.map_err(|error| unusable(&error))?;
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|error| unusable(&error))?;
        let metadata = Metadata::discover_async(issuer, &http)
            .await
            .map_err(|error| unusable(&chain(&error)))?;
        let extra = metadata.additional_metadata().clone();
        let auth_type = auth_type(&metadata);
        let redirect =
            RedirectUrl::new(self.redirect_url.clone()).map_err(|error| unusable(&error))?;
        let secret = config.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let client_id = ClientId::new(config.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata, client_id, secret)
            .set_redirect_uri(redirect)
            .set_auth_type(auth_type);
        let found = Arc::new(Found {
            client,
            extra,
            http,
            at: clock::now(),
        });
        *lock(&self.found) = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Out of turn, when a token is signed with a key that is not known; unset when that was done just now.
    async fn discover_again(&self) -> Option<Result<Arc<Found>, Failure>> {
        let now = clock::now();
        {
            let mut again = lock(&self.again);
            if again.is_some_and(|at| now - at < DISCOVER_AGAIN_EVERY) {
                return None;
            }
            *again = Some(now);
        }
        Some(self.discover().await)
    }

    pub(crate) async fn exchange(
        &self,
        code: String,
        verifier: String,
        nonce: &Nonce,
    ) -> Result<Verified, Failure> {
        let found = self.found().await?;
        let request = found
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| self.invalid(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let answer = request.request_async(&found.http).await;
        let answer = answer.map_err(|error| self.not_exchanged(&error))?;
        self.verified(found, &answer, Some(nonce)).await
    }

    /// [`Failure::Refused`]: for good.
    pub(crate) async fn refresh(&self, token: &str) -> Result<Verified, Failure> {
        let found = self.found().await?;
        let token = RefreshToken::new(token.to_owned());
        let request = found
            .client
            .exchange_refresh_token(&token)
            .map_err(|error| self.invalid(&error))?;
        let answer = request.request_async(&found.http).await;
        let answer = answer.map_err(|error| match &error {
            RequestTokenError::ServerResponse(said)
                if *said.error() == CoreErrorResponseType::InvalidGrant =>
            {
                Failure::Refused {
                    to_people: "Your sign-in has ended at the provider.".to_owned(),
                }
            }
            _ => Failure::Unavailable(format!("{}: {}", self.config.name, told(&error))),
        })?;
        let mut verified = self.verified(found, &answer, None).await?;
        // One that does not change is not told again.
        verified
            .refresh_token
            .get_or_insert_with(|| token.secret().clone());
        Ok(verified)
    }

    async fn verified(
        &self,
        mut found: Arc<Found>,
        answer: &CoreTokenResponse,
        nonce: Option<&Nonce>,
    ) -> Result<Verified, Failure> {
        let token = answer.id_token();
        let token = token.ok_or_else(|| self.invalid(&"the answer has no id_token"))?;
        let mut checked = found.check(token, nonce, answer.access_token());
        if let Err(Unproved::Signature(_)) = &checked
            && let Some(again) = self.discover_again().await
        {
            found = again?;
            checked = found.check(token, nonce, answer.access_token());
        }
        let (subject, mut claims) = checked.map_err(|error| self.invalid(&error))?;
        let needed = self.config.claims_needed();
        if needed.iter().any(|claim| !claims.contains_key(*claim))
            && let Some(told) = found.user_info(answer.access_token()).await
        {
            // Userinfo of somebody else would give them this one's token.
            if told.get("sub").and_then(Value::as_str) != Some(subject.as_str()) {
                return Err(self.invalid(&"userinfo is about another subject"));
            }
            for (name, value) in told {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(Verified {
            subject,
            claims,
            id_token: token.to_string(),
            refresh_token: answer.refresh_token().map(|token| token.secret().clone()),
        })
    }

    /// Where the browser goes to sign out there too.
    pub(crate) async fn sign_out_url(&self, id_token: &str, back: &str) -> Option<String> {
        let found = self.found().await.ok()?;
        let mut url = found.extra.end_session_endpoint.clone()?;
        if !matches!(url.scheme(), "https" | "http") {
            return None;
        }
        url.query_pairs_mut()
            .append_pair("id_token_hint", id_token)
            .append_pair("client_id", &self.config.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Some(url.into())
    }

    pub(crate) fn invalid(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::Invalid(format!("{}: {error}", self.config.name))
    }

    fn not_exchanged(&self, error: &CoreRequestTokenError<HttpError>) -> Failure {
        match error {
            RequestTokenError::Request(_) => {
                Failure::Unavailable(format!("{}: {}", self.config.name, told(error)))
            }
            _ => self.invalid(&told(error)),
        }
    }
}

impl Found {
    /// Whether the answer of an authorisation came from this provider (RFC 9207).
    pub(crate) fn answers_as(&self, issuer: &str, told: Option<&str>) -> bool {
        match told {
            Some(told) => told == issuer,
            None => !self.extra.authorization_response_iss_parameter_supported,
        }
    }

    /// Signature, issuer, audience, authorised party, times, nonce, and the hash of the access token.
    fn check(
        &self,
        token: &CoreIdToken,
        nonce: Option<&Nonce>,
        access_token: &AccessToken,
    ) -> Result<(String, Map<String, Value>), Unproved> {
        use openidconnect::ClaimsVerificationError as E;
        let verifier: CoreIdTokenVerifier<'_> = self
            .client
            .id_token_verifier()
            .set_allowed_algs(SIGNED_WITH)
            .set_time_fn(|| clock::now() - SKEW)
            .set_issue_time_verifier_fn(|at| {
                if at > clock::now() + SKEW {
                    return Err("it was issued in the future".to_owned());
                }
                Ok(())
            });
        let checked = match nonce {
            Some(nonce) => token.claims(&verifier, nonce),
            // A token that is given again answers no request of a browser.
            None => token.claims(&verifier, |_: Option<&Nonce>| Ok(())),
        };
        let claims = checked.map_err(|error| match error {
            E::SignatureVerification(error) => Unproved::Signature(error.to_string()),
            error => Unproved::Claims(error.to_string()),
        })?;
        if let Some(expected) = claims.access_token_hash() {
            let wrong = || Unproved::Claims("at_hash is not of this access token".to_owned());
            let alg = token.signing_alg().map_err(|_| wrong())?;
            let key = token.signing_key(&verifier).map_err(|_| wrong())?;
            let hash = AccessTokenHash::from_token(access_token, alg, key).map_err(|_| wrong())?;
            if hash != *expected {
                return Err(wrong());
            }
        }
        let subject = claims.subject().as_str().to_owned();
        let unreadable = || Unproved::Claims("its claims cannot be read".to_owned());
        Ok((subject, payload(token).ok_or_else(unreadable)?))
    }

    /// Unset: there is none, or it does not answer; then what it would have said was not said.
    async fn user_info(&self, token: &AccessToken) -> Option<Map<String, Value>> {
        let url = self.client.user_info_url()?.url().as_str();
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.secret())).ok()?;
        bearer.set_sensitive(true);
        let request: HttpRequest = ::http::Request::get(url)
            .header(header::AUTHORIZATION, bearer)
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .ok()?;
        match self.http.send(request).await {
            Ok(answer) if answer.status().is_success() => {
                serde_json::from_slice(answer.body()).ok()
            }
            Ok(answer) => {
                tracing::warn!(
                    http.status = answer.status().as_u16(),
                    "userinfo was refused"
                );
                None
            }
            Err(error) => {
                tracing::warn!(%error, "userinfo does not answer");
                None
            }
        }
    }
}

/// Why a token proves nothing.
#[derive(Debug, thiserror::Error)]
enum Unproved {
    #[error("the id_token is signed by nobody known: {0}")]
    Signature(String),
    #[error("the id_token is refused: {0}")]
    Claims(String),
}

/// Of a token that was verified: groups are named differently everywhere, so that no type has them.
fn payload(token: &CoreIdToken) -> Option<Map<String, Value>> {
    let text = token.to_string();
    let payload = text.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn auth_type(metadata: &Metadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let has = |method| methods.is_none_or(|methods| methods.contains(&method));
    if has(CoreClientAuthMethod::ClientSecretBasic) || !has(CoreClientAuthMethod::ClientSecretPost)
    {
        return AuthType::BasicAuth;
    }
    AuthType::RequestBody
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
