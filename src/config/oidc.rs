//! `[[oidc]]`: the OpenID providers that people sign in with.

use super::{environment_variable, file::Oidc as File, read_named};
use crate::failure::Failure;
use ostia_domain::{key::Secret, user::Role};
use ostia_web::ProviderConfig;
use std::collections::BTreeMap;

const MAX_NAME_BYTES: usize = 40;
/// Besides `openid`.
const DEFAULT_SCOPES: [&str; 2] = ["profile", "email"];

pub(super) fn providers(files: &[File]) -> Result<Vec<ProviderConfig>, Failure> {
    let mut providers: Vec<ProviderConfig> = Vec::new();
    for file in files {
        let provider = provider(file)?;
        if providers.iter().any(|known| known.name == provider.name) {
            return Err(problem(&file.name, "there are two of this name"));
        }
        providers.push(provider);
    }
    Ok(providers)
}

fn provider(file: &File) -> Result<ProviderConfig, Failure> {
    let name = &file.name;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(is_name) {
        return Err(problem(
            name,
            "name must have 1 to 40 lower-case letters, digits and '-'",
        ));
    }
    check_issuer(file)?;
    if file.client_id.is_empty() {
        return Err(problem(name, "client_id is missing"));
    }
    if !file.roles.is_empty() && file.groups_claim.is_none() {
        return Err(problem(
            name,
            "roles are given to groups: set groups_claim to the claim that has them",
        ));
    }
    let scopes = file.scopes.clone().unwrap_or_else(|| {
        let scopes = DEFAULT_SCOPES.iter();
        scopes.map(ToString::to_string).collect()
    });
    Ok(ProviderConfig {
        name: name.clone(),
        label: file.label.clone(),
        issuer: file.issuer.clone(),
        client_id: file.client_id.clone(),
        client_secret: client_secret(file)?,
        scopes,
        groups_claim: file.groups_claim.clone(),
        roles: roles(file)?,
        allowed_email_domains: file.allowed_email_domains.clone(),
        allow_private_network: file.allow_private_network,
    })
}

fn check_issuer(file: &File) -> Result<(), Failure> {
    let issuer = &file.issuer;
    let https = issuer.starts_with("https://");
    let http = issuer.starts_with("http://") && file.allow_private_network;
    if !(https || http) || issuer.contains(['?', '#', ' ']) {
        return Err(problem(
            &file.name,
            "issuer must be the address that the provider writes in its tokens and begin with https:// \
             (http:// only with allow_private_network)",
        ));
    }
    Ok(())
}

/// By reference only: a file of configuration is read by more people than a secret should be.
fn client_secret(file: &File) -> Result<Option<Secret>, Failure> {
    match (&file.client_secret_file, &file.client_secret_env) {
        (Some(_), Some(_)) => Err(problem(
            &file.name,
            "set client_secret_file or client_secret_env, not both",
        )),
        (Some(path), None) => {
            let what = format!("oidc {:?}: client_secret_file", file.name);
            let text = read_named(&what, path)?;
            Ok(Some(Secret::new(text.trim())))
        }
        (None, Some(variable)) => match environment_variable(variable) {
            Some(value) if !value.is_empty() => Ok(Some(Secret::new(value))),
            _ => Err(problem(
                &file.name,
                &format!("client_secret_env: the variable {variable} is not set"),
            )),
        },
        (None, None) => Ok(None),
    }
}

fn roles(file: &File) -> Result<BTreeMap<String, Role>, Failure> {
    let roles = file.roles.iter().map(|(group, text)| {
        let role = Role::parse(text).ok_or_else(|| {
            let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
            let wrong = format!("roles: {text:?} is none of {}", known.join(", "));
            problem(&file.name, &wrong)
        })?;
        Ok((group.clone(), role))
    });
    roles.collect()
}

fn problem(name: &str, what: &str) -> Failure {
    Failure::usage(format!("[[oidc]] {name:?}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ProviderConfig>, Failure> {
        #[derive(serde::Deserialize)]
        struct Tables {
            oidc: Vec<File>,
        }
        let tables: Tables = toml::from_str(text).expect("TOML");
        providers(&tables.oidc)
    }

    const WHOLE: &str = r#"
        [[oidc]]
        name = "work"
        issuer = "https://login.example"
        client_id = "ostia"
        groups_claim = "groups"
        allowed_email_domains = ["example.com"]
        [oidc.roles]
        gateway-admins = "administrator"
    "#;

    #[test]
    fn a_provider_is_read_with_its_defaults() {
        let found = read(WHOLE).unwrap();
        assert_eq!(found[0].scopes, ["profile", "email"]);
        assert_eq!(found[0].roles["gateway-admins"], Role::Administrator);
        assert!(found[0].client_secret.is_none());
    }

    #[test]
    fn what_is_wrong_is_said_with_the_name() {
        for (from, to, said) in [
            ("\"work\"", "\"Work 1\"", "lower-case"),
            ("https://", "http://", "allow_private_network"),
            ("\"administrator\"", "\"root\"", "\"root\" is none of"),
            ("groups_claim = \"groups\"", "", "groups_claim"),
            ("\"ostia\"", "\"\"", "client_id"),
            (
                "client_id",
                "client_secret_env = \"OSTIA_TEST_NOT_THERE\"\nclient_id",
                "OSTIA_TEST_NOT_THERE",
            ),
        ] {
            let failure = read(&WHOLE.replace(from, to)).err().unwrap();
            assert!(failure.message.contains(said), "{failure:?}");
        }
        let twice = format!("{WHOLE}{WHOLE}");
        assert!(read(&twice).err().unwrap().message.contains("two"));
    }
}
