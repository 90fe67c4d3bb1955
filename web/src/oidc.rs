//! Signing in with an OpenID provider: the code flow with PKCE.
//!
//! 1. [`flow`] sends the browser to the provider with a state, a nonce and a challenge, all kept in the
//!    browser's session, and takes each back once.
//! 2. [`provider`] exchanges the code and verifies the token; its keys and addresses are found by discovery.
//! 3. [`person`] reads from the token who it is, which groups they are in, and whether they may come in.
//! 4. [`recheck`] asks again while the session lasts.

pub(crate) mod flow;
mod http;
mod person;
pub(crate) mod provider;
pub(crate) mod recheck;
mod told;

pub(crate) use person::Person;
pub(crate) use provider::Provider;

use crate::{config::Config, pages::problem::Problem};
use ::http::StatusCode;
use ostia_domain::code::Code;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// All that the configuration has, in its order.
#[derive(Clone)]
pub(crate) struct Providers(Arc<[Provider]>);

impl Providers {
    pub(crate) fn new(config: &Config) -> Self {
        let providers = config.providers.iter();
        Self(
            providers
                .map(|provider| Provider::new(provider, &config.web_url))
                .collect(),
        )
    }

    pub(crate) fn all(&self) -> &[Provider] {
        &self.0
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.config.name == name)
    }
}

/// What a session keeps of the provider that signed its user in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Through {
    /// Its name in the configuration.
    pub(crate) provider: String,
    pub(crate) subject: String,
    /// What a provider gave to be asked with again.
    pub(crate) refresh_token: Option<String>,
    /// Tells the provider who signs out.
    pub(crate) id_token: String,
    /// When the provider said last that this user may sign in.
    pub(crate) verified_at: ostia_domain::clock::Timestamp,
}

/// Why somebody is not signed in. Texts are for people; causes go to the log alone.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The provider does not answer, or does not know us.
    Unavailable(String),
    /// What it answered proves nothing.
    Invalid(String),
    /// It proves something, and somebody does not want it.
    Refused { to_people: String },
    /// Nobody sent them from this browser, or they came before.
    State,
}

impl Failure {
    pub(crate) fn page(self, label: &str) -> axum::response::Response {
        let again = "Open the sign-in page and begin again.";
        let (status, code, title, text, cause) = match self {
            Self::Unavailable(cause) => (
                StatusCode::SERVICE_UNAVAILABLE,
                Code::ProviderUnavailable,
                "The sign-in service does not answer",
                format!(
                    "Ostia could not ask {label} who you are. Try again in a moment; an operator finds \
                     the reason in the log of the dashboard."
                ),
                cause,
            ),
            Self::Invalid(cause) => (
                StatusCode::BAD_GATEWAY,
                Code::SignInFailed,
                "You were not signed in",
                format!(
                    "What {label} answered does not prove who you are. {again} If it stays like this, an \
                     operator finds the reason in the log of the dashboard."
                ),
                cause,
            ),
            Self::Refused { to_people } => (
                StatusCode::FORBIDDEN,
                Code::SignInRefused,
                "You may not sign in",
                to_people.clone(),
                to_people,
            ),
            Self::State => (
                StatusCode::BAD_REQUEST,
                Code::SignInStateInvalid,
                "This sign-in cannot be finished",
                format!(
                    "It was finished before, took too long, or was not begun in this browser. {again}"
                ),
                "no such state in this session".to_owned(),
            ),
        };
        let problem = Problem {
            status,
            code,
            title,
            text,
        };
        problem.page(Some(&cause))
    }
}
