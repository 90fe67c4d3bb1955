//! What an upstream is given, on its way into the vault, and what of it stays when the rest changes.

use crate::{
    app::App,
    error::{Error, Result},
    store::upstreams::StoredUpstream,
    vault::{self, CREDENTIAL},
};
use ostia_domain::{
    key::Secret,
    upstream::{Transport, Upstream},
};
use std::{collections::BTreeMap, mem};

impl App {
    /// Takes every secret out of a definition and seals it. An empty one is what it was `before`.
    pub(in crate::app) fn seal(
        &self,
        upstream: &mut Upstream,
        before: Option<&StoredUpstream>,
    ) -> Result<BTreeMap<String, Vec<u8>>> {
        let values = take(&mut upstream.transport);
        let mut sealed = BTreeMap::new();
        for (name, value) in values {
            let kept = match before {
                Some(before) if value.expose().is_empty() => self.keep(upstream, &name, before)?,
                _ => None,
            };
            let slot = vault::slot(&upstream.transport, &name);
            let value = match kept {
                Some(kept) => kept,
                None if name == CREDENTIAL && value.expose().is_empty() => {
                    let problem = "its secret is required";
                    return Err(Error::invalid("definition.credential", problem));
                }
                None => self.vault.seal(upstream.id, &slot, &value)?,
            };
            sealed.insert(name, value);
        }
        Ok(sealed)
    }

    /// The names of credentials that are there and are given another value. One that cannot be opened has another.
    pub(in crate::app) fn other_credentials(
        &self,
        before: &StoredUpstream,
        wanted: &Upstream,
    ) -> Vec<String> {
        let old = &before.upstream.transport;
        let given = take(&mut wanted.transport.clone()).into_iter();
        let other = given.filter(|(name, value)| {
            let Some(sealed) = before.credentials.get(name) else {
                return false;
            };
            let slot = vault::slot(old, name);
            let opened = self.vault.open(before.upstream.id, &slot, sealed);
            !value.expose().is_empty() && opened.as_ref() != Ok(value)
        });
        other.map(|(name, _)| name).collect()
    }

    /// A sealed value from before, under the key that seals today. `None`: there was none.
    ///
    /// It stays only where it was: whoever may change an upstream but does not know what it is given could
    /// otherwise send that to a place of their own.
    fn keep(
        &self,
        upstream: &Upstream,
        name: &str,
        before: &StoredUpstream,
    ) -> Result<Option<Vec<u8>>> {
        let Some(sealed) = before.credentials.get(name) else {
            return Ok(None);
        };
        let (old, new) = (&before.upstream.transport, &upstream.transport);
        let slot = vault::slot(new, name);
        if vault::slot(old, name) != slot || !same_place(old, new) {
            let problem = format!(
                "the value of {:?} was given for another place: say it again",
                name.trim_start_matches('=')
            );
            return Err(Error::invalid("definition", problem));
        }
        // One that cannot be opened today may be tomorrow.
        match self.vault.open(upstream.id, &slot, sealed) {
            Ok(value) => self.vault.seal(upstream.id, &slot, &value).map(Some),
            Err(_) => Ok(Some(sealed.clone())),
        }
    }
}

/// Everything that is secret, by the name that it is kept under, out of a definition.
pub(in crate::app) fn take(transport: &mut Transport) -> BTreeMap<String, Secret> {
    let mut values = mem::take(transport.credentials_mut());
    let endpoint = transport.endpoint_mut();
    if let Some(credential) = endpoint.and_then(|endpoint| endpoint.credential.as_mut()) {
        let secret = mem::take(credential.secret_mut());
        values.insert(CREDENTIAL.to_owned(), secret);
    }
    values
}

/// Whether both get what they are given in the same hands.
fn same_place(old: &Transport, new: &Transport) -> bool {
    match (old, new) {
        (Transport::Stdio(old), Transport::Stdio(new)) => {
            (&old.program, &old.args) == (&new.program, &new.args)
        }
        _ => match (old.endpoint(), new.endpoint()) {
            (Some(old), Some(new)) => vault::origin(&old.url) == vault::origin(&new.url),
            _ => false,
        },
    }
}
