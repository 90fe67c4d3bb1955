//! The credential of an upstream over HTTP on its way to control: which fields its kind has, and which not.

use super::{
    file::{Credential, CredentialKind},
    read::{Problem, value},
    reference::Reference,
};
use crate::failure::Failure;
use ostia_proto::v1::{self, http_endpoint};
use serde_saphyr::Spanned;
use std::path::Path;

impl Credential {
    pub(super) fn message(
        self,
        folder: &Path,
        place: &str,
    ) -> Result<http_endpoint::Credential, Problem> {
        let line = self.kind.referenced.line();
        let missing = |field: &str| Problem {
            line,
            place: format!("{place}.{field}"),
            failure: Failure::usage("is missing"),
        };
        let secret = |reference: Option<Spanned<Reference>>, field: &str| {
            let reference = reference.ok_or_else(|| missing(field))?;
            value(&reference, folder, || format!("{place}.{field}"))
        };
        let text = |text: Option<String>, field: &str| text.ok_or_else(|| missing(field));
        let kind = self.kind.value;
        let other = |is_there: bool, field: &str, of: CredentialKind| {
            if is_there && kind != of {
                return Err(Problem {
                    line,
                    place: format!("{place}.{field}"),
                    failure: Failure::usage("is not for a credential of this kind"),
                });
            }
            Ok(())
        };
        other(self.token.is_some(), "token", CredentialKind::Bearer)?;
        other(self.username.is_some(), "username", CredentialKind::Basic)?;
        other(self.password.is_some(), "password", CredentialKind::Basic)?;
        let grant = CredentialKind::ClientCredentials;
        for (is_there, field) in [
            (self.token_url.is_some(), "token_url"),
            (self.client_id.is_some(), "client_id"),
            (self.client_secret.is_some(), "client_secret"),
            (!self.scopes.is_empty(), "scopes"),
            (self.resource.is_some(), "resource"),
            (self.audience.is_some(), "audience"),
            (self.authentication.is_some(), "authentication"),
        ] {
            other(is_there, field, grant)?;
        }
        Ok(match kind {
            CredentialKind::Bearer => http_endpoint::Credential::Bearer(v1::BearerCredential {
                token: secret(self.token, "token")?,
            }),
            CredentialKind::Basic => http_endpoint::Credential::Basic(v1::BasicCredential {
                username: text(self.username, "username")?,
                password: secret(self.password, "password")?,
            }),
            CredentialKind::ClientCredentials => {
                let authentication = self.authentication.unwrap_or_default();
                http_endpoint::Credential::ClientCredentials(v1::ClientCredentials {
                    token_url: text(self.token_url, "token_url")?,
                    client_id: text(self.client_id, "client_id")?,
                    client_secret: secret(self.client_secret, "client_secret")?,
                    scopes: self.scopes,
                    resource: self.resource,
                    audience: self.audience,
                    authentication: v1::ClientAuthentication::from(authentication).into(),
                })
            }
        })
    }
}
