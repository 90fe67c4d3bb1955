//! What `Authorization` towards an upstream is made of. Secrets come from variables and files: everybody
//! on this machine can read a command line.

use crate::{config, failure::Failure};
use clap::ValueEnum;
use ostia_proto::v1::{self, http_endpoint::Credential};
use std::path::PathBuf;

/// Beside headers. At most one of bearer, basic and oauth.
#[derive(clap::Args, Default)]
#[command(next_help_heading = "Credential of a URL")]
pub(super) struct CredentialArgs {
    /// Send a bearer token: the value that this environment variable has here
    #[arg(long, value_name = "NAME", conflicts_with = "bearer_file")]
    bearer_from_env: Option<String>,
    /// Send a bearer token: what this file says
    #[arg(long, value_name = "FILE")]
    bearer_file: Option<PathBuf>,
    /// Send this name and a password
    #[arg(long, value_name = "NAME")]
    basic_username: Option<String>,
    /// The password: the value that this environment variable has here
    #[arg(long, value_name = "NAME", conflicts_with = "basic_password_file")]
    basic_password_from_env: Option<String>,
    /// The password: what this file says
    #[arg(long, value_name = "FILE")]
    basic_password_file: Option<PathBuf>,
    /// Send access tokens that this endpoint gives, by OAuth 2.0 client credentials
    #[arg(long, value_name = "URL")]
    oauth_token_url: Option<String>,
    /// Who Ostia is to the token endpoint
    #[arg(long, value_name = "ID")]
    oauth_client_id: Option<String>,
    /// The client secret: the value that this environment variable has here
    #[arg(long, value_name = "NAME", conflicts_with = "oauth_client_secret_file")]
    oauth_client_secret_from_env: Option<String>,
    /// The client secret: what this file says
    #[arg(long, value_name = "FILE")]
    oauth_client_secret_file: Option<PathBuf>,
    /// A scope to ask for; repeatable
    #[arg(long, value_name = "SCOPE")]
    oauth_scope: Vec<String>,
    /// The resource that tokens are for (RFC 8707)
    #[arg(long, value_name = "URI")]
    oauth_resource: Option<String>,
    /// The same, for token endpoints that call it audience
    #[arg(long, value_name = "NAME")]
    oauth_audience: Option<String>,
    /// How the client secret is sent [default: basic]
    #[arg(long, value_name = "HOW")]
    oauth_authentication: Option<Authentication>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Authentication {
    /// As `client_secret_basic`
    Basic,
    /// As `client_secret_post`
    Post,
}

impl CredentialArgs {
    fn bearer(&self) -> bool {
        self.bearer_from_env.is_some() || self.bearer_file.is_some()
    }

    fn basic(&self) -> bool {
        self.basic_username.is_some()
            || self.basic_password_from_env.is_some()
            || self.basic_password_file.is_some()
    }

    fn oauth(&self) -> bool {
        self.oauth_token_url.is_some()
            || self.oauth_client_id.is_some()
            || self.oauth_client_secret_from_env.is_some()
            || self.oauth_client_secret_file.is_some()
            || !self.oauth_scope.is_empty()
            || self.oauth_resource.is_some()
            || self.oauth_audience.is_some()
            || self.oauth_authentication.is_some()
    }

    pub(super) fn is_given(&self) -> bool {
        self.bearer() || self.basic() || self.oauth()
    }

    /// With what these say in place of what there is. A secret that they do not name is empty: control
    /// takes that for the one it has.
    pub(super) fn apply(self, now: Option<Credential>) -> Result<Option<Credential>, Failure> {
        match (self.bearer(), self.basic(), self.oauth()) {
            (false, false, false) => Ok(now),
            (true, false, false) => {
                let (variable, file) = (self.bearer_from_env, self.bearer_file);
                let token = secret("--bearer", variable, file)?;
                Ok(Some(Credential::Bearer(v1::BearerCredential { token })))
            }
            (false, true, false) => self.basic_over(now).map(Some),
            (false, false, true) => self.oauth_over(now).map(Some),
            _ => Err(Failure::usage(
                "--bearer-…, --basic-… and --oauth-… are three ways: take one of them",
            )),
        }
    }

    fn basic_over(self, now: Option<Credential>) -> Result<Credential, Failure> {
        let known = match now {
            Some(Credential::Basic(basic)) => Some(basic.username),
            _ => None,
        };
        let username = self.basic_username.or(known);
        let (variable, file) = (self.basic_password_from_env, self.basic_password_file);
        Ok(Credential::Basic(v1::BasicCredential {
            username: username.ok_or_else(|| Failure::usage("--basic-username is missing"))?,
            password: secret("--basic-password", variable, file)?,
        }))
    }

    fn oauth_over(self, now: Option<Credential>) -> Result<Credential, Failure> {
        let mut grant = match now {
            Some(Credential::ClientCredentials(grant)) => grant,
            _ => v1::ClientCredentials::default(),
        };
        if let Some(url) = self.oauth_token_url {
            grant.token_url = url;
        }
        if let Some(id) = self.oauth_client_id {
            grant.client_id = id;
        }
        for (text, flag) in [
            (&grant.token_url, "--oauth-token-url"),
            (&grant.client_id, "--oauth-client-id"),
        ] {
            if text.is_empty() {
                return Err(Failure::usage(format!("{flag} is missing")));
            }
        }
        if !self.oauth_scope.is_empty() {
            grant.scopes = self.oauth_scope;
        }
        grant.resource = self.oauth_resource.or(grant.resource);
        grant.audience = self.oauth_audience.or(grant.audience);
        if let Some(how) = self.oauth_authentication {
            grant.set_authentication(match how {
                Authentication::Basic => v1::ClientAuthentication::Basic,
                Authentication::Post => v1::ClientAuthentication::Post,
            });
        }
        grant.client_secret = secret(
            "--oauth-client-secret",
            self.oauth_client_secret_from_env,
            self.oauth_client_secret_file,
        )?;
        Ok(Credential::ClientCredentials(grant))
    }
}

/// The value of `<flag>-from-env` or `<flag>-file`; empty without both.
fn secret(flag: &str, variable: Option<String>, file: Option<PathBuf>) -> Result<String, Failure> {
    let (flag, value) = match (variable, file) {
        (Some(name), _) => {
            let flag = format!("{flag}-from-env {name}");
            let value = config::environment_variable(&name).ok_or_else(|| {
                Failure::usage(format!(
                    "{flag}: there is no such variable in the environment"
                ))
            })?;
            (flag, value)
        }
        (None, Some(path)) => {
            let flag = format!("{flag}-file");
            let value = config::read_named(&flag, &path)?;
            (flag, value)
        }
        (None, None) => return Ok(String::new()),
    };
    let value = value.trim_end_matches(['\r', '\n']);
    if value.is_empty() {
        return Err(Failure::usage(format!("{flag} is empty")));
    }
    Ok(value.to_owned())
}
