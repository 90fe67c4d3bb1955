//! Which key an operator means.

use super::all;
use crate::failure::{Exit, Failure};
use ostia_domain::key::{Presented, PublicId};
use ostia_proto::{ControlClient, v1};
use tonic::Code;

/// Takes an id, a public id with or without its prefix, a name, and even a whole key, of which only
/// the public id leaves this process.
pub(crate) async fn find(control: &ControlClient, named: String) -> Result<v1::Key, Failure> {
    let key = match Presented::parse(&named) {
        Ok(whole) => whole.public_id().to_string(),
        Err(_) => named,
    };
    let request = v1::GetKeyRequest { key: key.clone() };
    match control.keys().get_key(request).await {
        Ok(found) => return Ok(found.into_inner()),
        Err(status) if matches!(status.code(), Code::NotFound | Code::InvalidArgument) => {}
        Err(status) => return Err(status.into()),
    }
    by_name(all(control, None).await?, &key)
}

/// A name is unique among one owner's keys that are not revoked, so it may fit several.
fn by_name(keys: Vec<v1::Key>, name: &str) -> Result<v1::Key, Failure> {
    let mut named: Vec<v1::Key> = keys.into_iter().filter(|key| key.name == name).collect();
    let live = |key: &v1::Key| key.state() != v1::KeyState::Revoked;
    if named.iter().any(live) {
        named.retain(live);
    }
    match (named.pop(), named.pop()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => Err(Failure::new(format!("several keys are named {name:?}"))
            .hint("use the public id that `ostia keys list` shows")),
        (None, _) => Err(Failure {
            exit: Exit::NotFound,
            code: Some(ostia_domain::code::Code::NoSuchObject),
            ..Failure::new(format!("there is no key {:?}", shown(name)))
        }
        .hint("`ostia keys list` shows those there are")),
    }
}

/// What may be a secret with a mistake in it is not repeated.
fn shown(name: &str) -> &str {
    if name.len() > 40 && PublicId::parse(name).is_none() {
        return "…";
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, name: &str, state: v1::KeyState) -> v1::Key {
        v1::Key {
            id: id.to_owned(),
            name: name.to_owned(),
            state: state.into(),
            ..v1::Key::default()
        }
    }

    #[test]
    fn a_live_key_is_meant_rather_than_a_revoked_one() {
        let keys = vec![
            key("1", "ci", v1::KeyState::Revoked),
            key("2", "ci", v1::KeyState::Active),
        ];
        assert_eq!(by_name(keys, "ci").unwrap().id, "2");
    }

    #[test]
    fn two_live_keys_are_not_guessed_between() {
        let keys = vec![
            key("1", "ci", v1::KeyState::Active),
            key("2", "ci", v1::KeyState::Inactive),
        ];
        assert_eq!(by_name(keys, "ci").unwrap_err().exit, Exit::Failed);
        assert_eq!(by_name(vec![], "ci").unwrap_err().exit, Exit::NotFound);
    }
}
