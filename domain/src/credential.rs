//! What Ostia presents to an upstream over HTTP, beside headers. Written down, all of it comes without its
//! secret, which is empty when it is read back.

use crate::key::Secret;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Credential {
    /// `Authorization: Bearer …`
    Bearer {
        #[serde(skip)]
        token: Secret,
    },
    /// `Authorization: Basic …`
    Basic {
        username: String,
        #[serde(skip)]
        password: Secret,
    },
    /// Access tokens, which each edge gets for itself.
    ClientCredentials(ClientCredentials),
}

/// The client credentials grant of OAuth 2.0 (RFC 6749, 4.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCredentials {
    /// `https://…`, or `http://…` where the endpoint allows private networks.
    pub token_url: String,
    pub client_id: String,
    #[serde(skip)]
    pub client_secret: Secret,
    /// In their order; empty: whatever the authorization server gives.
    pub scopes: Vec<String>,
    /// The resource that tokens are for (RFC 8707).
    pub resource: Option<String>,
    /// The same by another name, for authorization servers that want it so.
    pub audience: Option<String>,
    pub authentication: ClientAuthentication,
}

/// How the client says who it is to the token endpoint (RFC 6749, 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthentication {
    #[default]
    Basic,
    /// In the body of the request.
    Post,
}

impl Credential {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bearer { .. } => "bearer",
            Self::Basic { .. } => "basic",
            Self::ClientCredentials(_) => "client-credentials",
        }
    }

    /// The one part of it that nobody may read.
    pub fn secret_mut(&mut self) -> &mut Secret {
        match self {
            Self::Bearer { token } => token,
            Self::Basic { password, .. } => password,
            Self::ClientCredentials(grant) => &mut grant.client_secret,
        }
    }
}
