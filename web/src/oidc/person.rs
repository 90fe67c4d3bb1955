//! Who it is, from the claims of a verified token, and whether they may come in.

use super::{Failure, provider::Verified};
use crate::config::ProviderConfig;
use ostia_domain::user::Role;
use ostia_proto::v1;
use serde_json::{Map, Value};

/// The widest role that groups give is the one that counts.
const WIDEST_FIRST: [Role; 4] = [
    Role::Administrator,
    Role::Operator,
    Role::Auditor,
    Role::Member,
];

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) subject: String,
    /// What a new user is called.
    name: String,
    /// Unset: the provider has no say in it.
    groups: Option<Vec<String>>,
    role: Option<Role>,
    /// Only one that the provider verified.
    email: Option<String>,
}

impl Person {
    pub(crate) fn of(config: &ProviderConfig, verified: &Verified) -> Result<Self, Failure> {
        let claims = &verified.claims;
        check_domain(config, claims)?;
        let groups = config
            .groups_claim
            .as_deref()
            .map(|claim| texts(find(claims, claim)));
        let role = (!config.roles.is_empty()).then(|| {
            let groups = groups.as_deref().unwrap_or_default();
            role(config, groups)
        });
        Ok(Self {
            subject: verified.subject.clone(),
            name: name(claims, &verified.subject),
            groups,
            role,
            email: verified_email(claims).map(str::to_owned),
        })
    }

    pub(crate) fn request(self, config: &ProviderConfig, renewed: bool) -> v1::SignInRequest {
        v1::SignInRequest {
            issuer: config.issuer.clone(),
            subject: self.subject,
            provider: config.name.clone(),
            name: self.name,
            groups: self.groups.map(|names| v1::SignInGroups { names }),
            role: self.role.map_or(v1::Role::Unspecified, Into::into).into(),
            renewed,
            email: self.email,
        }
    }
}

/// An address that the provider did not verify says nothing.
fn verified_email(claims: &Map<String, Value>) -> Option<&str> {
    let verified = match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        // Some providers write it as a text.
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    let email = claims.get("email").and_then(Value::as_str);
    email.filter(|_| verified)
}

fn check_domain(config: &ProviderConfig, claims: &Map<String, Value>) -> Result<(), Failure> {
    if config.allowed_email_domains.is_empty() {
        return Ok(());
    }
    let domain = verified_email(claims).and_then(|email| email.rsplit_once('@'));
    let allowed = domain.is_some_and(|(_, domain)| {
        config
            .allowed_email_domains
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(domain))
    });
    if allowed {
        return Ok(());
    }
    Err(Failure::Refused {
        to_people:
            "Only people with a verified e-mail address of this organisation may sign in here. \
                    Sign in with such an account, or ask an administrator."
                .to_owned(),
    })
}

fn role(config: &ProviderConfig, groups: &[String]) -> Role {
    let given = |role: &Role| {
        groups
            .iter()
            .any(|group| config.roles.get(group) == Some(role))
    };
    WIDEST_FIRST.into_iter().find(given).unwrap_or(Role::Member)
}

fn name(claims: &Map<String, Value>, subject: &str) -> String {
    ["preferred_username", "email", "name"]
        .into_iter()
        .find_map(|claim| claims.get(claim)?.as_str())
        .filter(|name| !name.trim().is_empty())
        .unwrap_or(subject)
        .to_owned()
}

/// A claim of this name; or, where there is none, what the parts between dots lead to: some providers keep
/// groups as `realm_access.roles`.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config() -> ProviderConfig {
        ProviderConfig {
            groups_claim: Some("realm_access.roles".to_owned()),
            roles: [("ops", Role::Operator), ("root", Role::Administrator)]
                .map(|(group, role)| (group.to_owned(), role))
                .into(),
            allowed_email_domains: vec!["Example.com".to_owned()],
            ..ProviderConfig::named("idp", "https://idp.example", "ostia")
        }
    }

    fn person(config: &ProviderConfig, claims: &Value) -> Result<Person, Failure> {
        let verified = Verified {
            subject: "s-1".to_owned(),
            claims: claims.as_object().unwrap().clone(),
            id_token: String::new(),
            refresh_token: None,
        };
        Person::of(config, &verified)
    }

    #[test]
    fn groups_decide_the_role_and_the_widest_counts() {
        let role = |groups: &Value| {
            let claims = json!({ "email": "a@example.com", "email_verified": true,
                "realm_access": { "roles": groups } });
            person(&config(), &claims).unwrap().role
        };
        assert_eq!(role(&json!(["ops", "root"])), Some(Role::Administrator));
        assert_eq!(role(&json!("ops")), Some(Role::Operator));
        assert_eq!(role(&json!(["Root", "other"])), Some(Role::Member));
        assert_eq!(role(&Value::Null), Some(Role::Member));
        // Without a mapping the provider has no say, whatever the groups are called.
        let free = ProviderConfig::named("idp", "https://idp.example", "ostia");
        let claims = json!({ "groups": ["administrator"] });
        let found = person(&free, &claims).unwrap();
        assert_eq!((found.role, found.groups), (None, None));
    }

    #[test]
    fn only_a_verified_address_of_the_domain_lets_in() {
        let comes_in = |claims: &Value| person(&config(), claims).is_ok();
        assert!(comes_in(
            &json!({ "email": "a@EXAMPLE.com", "email_verified": true })
        ));
        assert!(comes_in(
            &json!({ "email": "a@example.com", "email_verified": "true" })
        ));
        for claims in [
            json!({ "email": "a@example.com" }),
            json!({ "email": "a@example.com", "email_verified": false }),
            json!({ "email": "a@sub.example.com", "email_verified": true }),
            json!({ "email": "a@example.com@evil.example", "email_verified": true }),
            json!({ "email": "example.com", "email_verified": true }),
            json!({}),
        ] {
            assert!(!comes_in(&claims), "{claims}");
        }
    }

    #[test]
    fn only_a_verified_address_is_kept() {
        let free = ProviderConfig::named("idp", "https://idp.example", "ostia");
        let email = |verified: &Value| {
            let claims = json!({ "email": "a@example.com", "email_verified": verified });
            person(&free, &claims).unwrap().email
        };
        let kept = Some("a@example.com".to_owned());
        assert_eq!(email(&json!(true)), kept);
        assert_eq!(email(&json!("true")), kept);
        for verified in [json!(false), json!("false"), json!(1), Value::Null] {
            assert_eq!(email(&verified), None, "{verified}");
        }
    }

    #[test]
    fn a_new_user_has_the_best_name_there_is() {
        let free = ProviderConfig::named("idp", "https://idp.example", "ostia");
        let name = |claims: &Value| person(&free, claims).unwrap().name;
        assert_eq!(
            name(&json!({ "preferred_username": "ann", "name": "A" })),
            "ann"
        );
        assert_eq!(name(&json!({ "email": "a@b.c", "name": "A" })), "a@b.c");
        assert_eq!(name(&json!({ "name": " " })), "s-1");
    }
}
