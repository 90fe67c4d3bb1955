//! What Ostia presents to an upstream over HTTP.

use crate::v1::{self, http_endpoint::Credential as Presented};
use ostia_domain::{
    credential::{ClientAuthentication, ClientCredentials, Credential},
    key::Secret,
};

impl From<Credential> for Presented {
    /// With its secret: whoever answers an operator has emptied it.
    fn from(credential: Credential) -> Self {
        match credential {
            Credential::Bearer { token } => Self::Bearer(v1::BearerCredential {
                token: token.expose().to_owned(),
            }),
            Credential::Basic { username, password } => Self::Basic(v1::BasicCredential {
                username,
                password: password.expose().to_owned(),
            }),
            Credential::ClientCredentials(grant) => {
                Self::ClientCredentials(v1::ClientCredentials {
                    token_url: grant.token_url,
                    client_id: grant.client_id,
                    client_secret: grant.client_secret.expose().to_owned(),
                    scopes: grant.scopes,
                    resource: grant.resource,
                    audience: grant.audience,
                    authentication: v1::ClientAuthentication::from(grant.authentication).into(),
                })
            }
        }
    }
}

impl From<Presented> for Credential {
    fn from(presented: Presented) -> Self {
        match presented {
            Presented::Bearer(bearer) => Self::Bearer {
                token: Secret::new(bearer.token),
            },
            Presented::Basic(basic) => Self::Basic {
                username: basic.username,
                password: Secret::new(basic.password),
            },
            Presented::ClientCredentials(grant) => {
                let authentication = grant.authentication().into();
                Self::ClientCredentials(ClientCredentials {
                    token_url: grant.token_url,
                    client_id: grant.client_id,
                    client_secret: Secret::new(grant.client_secret),
                    scopes: grant.scopes,
                    resource: grant.resource,
                    audience: grant.audience,
                    authentication,
                })
            }
        }
    }
}

impl From<ClientAuthentication> for v1::ClientAuthentication {
    fn from(authentication: ClientAuthentication) -> Self {
        match authentication {
            ClientAuthentication::Basic => Self::Basic,
            ClientAuthentication::Post => Self::Post,
        }
    }
}

impl From<v1::ClientAuthentication> for ClientAuthentication {
    fn from(authentication: v1::ClientAuthentication) -> Self {
        match authentication {
            v1::ClientAuthentication::Unspecified | v1::ClientAuthentication::Basic => Self::Basic,
            v1::ClientAuthentication::Post => Self::Post,
        }
    }
}
