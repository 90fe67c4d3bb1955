//! Access tokens: short-lived credentials that a key is exchanged for.
//!
//! ```text
//! ost_at_<base64url of {"key":…,"secret":…,"expires":…,"period":…}>.<base64url of a MAC over what is before>
//! ```
//! Only control reads them. What signs them follows from the pepper and the month, so that every control of
//! an installation has it without asking, it changes by itself, and a token of the last minutes of a month
//! still works in the next. A token says which secret it was made with: whatever ends that, or the key,
//! ends the token.

use super::{App, Verdict, authenticate};
use crate::{
    error::{Error, Kind, Result},
    op::{Change, Detail, Op, Touched},
    store::{
        self,
        keys::{StoredKey, UsedBy},
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ostia_domain::{
    clock::{self, Timestamp},
    code::Code,
    key::{ACCESS_TOKEN_PREFIX, Secret},
};
use ring::hmac::{self, HMAC_SHA256, Key};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How long one signing key signs. Two are good at any time: this period's, and the one's before.
const PERIOD_SECONDS: i64 = 30 * 86_400;
const PURPOSE: &str = "ostia access tokens, period ";

/// What signs and checks tokens.
pub(crate) struct Signer(Key);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    key: Uuid,
    /// The secret of the key that it was exchanged for.
    secret: Uuid,
    /// Seconds since 1970.
    expires: i64,
    period: i64,
}

/// Shown once.
pub(crate) struct AccessToken {
    pub(crate) text: Secret,
    pub(crate) expires_at: Timestamp,
}

impl Signer {
    pub(crate) fn new(pepper: &Secret) -> Self {
        Self(Key::new(HMAC_SHA256, pepper.expose().as_bytes()))
    }

    fn of_period(&self, period: i64) -> Key {
        let derived = hmac::sign(&self.0, format!("{PURPOSE}{period}").as_bytes());
        Key::new(HMAC_SHA256, derived.as_ref())
    }

    /// `ends` is when the key or its secret does, and the token with it.
    fn mint(
        &self,
        (key, secret): (Uuid, Uuid),
        now: Timestamp,
        ends: Option<Timestamp>,
    ) -> Result<AccessToken> {
        let expires = (now + LIFETIME)
            .min(ends.unwrap_or(Timestamp::MAX_UTC))
            .timestamp();
        let claims = Claims {
            key,
            secret,
            expires,
            period: now.timestamp().div_euclid(PERIOD_SECONDS),
        };
        let json = serde_json::to_vec(&claims)
            .map_err(|_| Error(Kind::Internal("a token could not be written")))?;
        let signed = format!("{ACCESS_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(json));
        let mac = hmac::sign(&self.of_period(claims.period), signed.as_bytes());
        let mac = URL_SAFE_NO_PAD.encode(mac.as_ref());
        Ok(AccessToken {
            text: Secret::new(format!("{signed}.{mac}")),
            // As the token says it: in whole seconds.
            expires_at: Timestamp::from_timestamp(expires, 0).unwrap_or(now),
        })
    }

    /// What a token says, if one of our signing keys signed it.
    fn read(&self, text: &str, now: Timestamp) -> Result<Claims, Code> {
        let unknown = Code::KeyUnknown;
        let (signed, mac) = text.rsplit_once('.').ok_or(unknown)?;
        let payload = signed.strip_prefix(ACCESS_TOKEN_PREFIX).ok_or(unknown)?;
        let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| unknown)?;
        let claims: Claims = serde_json::from_slice(&json).map_err(|_| unknown)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| unknown)?;
        let period = now.timestamp().div_euclid(PERIOD_SECONDS);
        if !(period - 1..=period + 1).contains(&claims.period) {
            return Err(unknown);
        }
        hmac::verify(&self.of_period(claims.period), signed.as_bytes(), &mac)
            .map_err(|_| unknown)?;
        if claims.expires <= now.timestamp() {
            return Err(Code::AccessTokenExpired);
        }
        Ok(claims)
    }
}

impl App {
    /// A token for whoever has the key; or why the key is refused.
    pub(crate) async fn exchange_key(
        &self,
        op: &Op,
        text: &str,
    ) -> Result<Result<AccessToken, Code>> {
        // No token lives longer than its own time by being exchanged again.
        if text.starts_with(ACCESS_TOKEN_PREFIX) {
            return Ok(Err(Code::KeyMalformed));
        }
        let (key, secret) = match self.key_of(op, text).await? {
            Ok(found) => found,
            Err(code) => return Ok(Err(code)),
        };
        if let Verdict::Refused(code) = self.authenticate(op, text, UsedBy::from(&op.with)).await? {
            return Ok(Err(code));
        }
        let change = self.change(op, "keys.exchange").await?;
        self.give_token(change, op, &key, secret).await.map(Ok)
    }

    /// Nobody acts as somebody else, however much they may administer: what a token does, audit says its
    /// owner did.
    pub(crate) async fn issue_access_token(&self, op: &Op, reference: &str) -> Result<AccessToken> {
        let change = self.change(op, "keys.issue_token").await?;
        let key = super::keys::named(change.tx(), op, reference).await?;
        if op.user.is_some_and(|user| user != key.owner_id) {
            return Err(Error(Kind::Forbidden));
        }
        op.check_mints_no(key.owner_id, Some(key.id))?;
        let refused = |code: Code| {
            let (name, code) = (&key.name, code.as_str());
            Error::conflict(format!(
                "the key {name:?} does not work ({code}): use another"
            ))
        };
        let secret = authenticate::live_secret(&key, op.now).map(|secret| secret.id);
        let secret = secret.ok_or_else(|| refused(Code::KeyExpired))?;
        let works = authenticate::with_secret(change.tx(), &key, secret, op.now).await?;
        works.map_err(refused)?;
        self.give_token(change, op, &key, secret).await
    }

    async fn give_token(
        &self,
        change: Change<'_>,
        op: &Op,
        key: &StoredKey,
        secret: Uuid,
    ) -> Result<AccessToken> {
        let of_secret = key.secrets.iter().find(|found| found.id == secret);
        let of_secret = of_secret.and_then(|secret| secret.expires_at);
        let ends = [key.expires_at, of_secret].into_iter().flatten().min();
        let token = self.signer.mint((key.id, secret), op.now, ends)?;
        let made = json!({ "key_id": key.id, "expires_at": token.expires_at });
        change
            .commit(
                &super::keys::label(key),
                Detail::made(made),
                Touched::Nothing,
            )
            .await?;
        Ok(token)
    }

    pub(super) async fn authenticate_token(
        &self,
        op: &Op,
        text: &str,
        by: UsedBy,
    ) -> Result<Verdict> {
        let claims = match self.signer.read(text, op.now) {
            Ok(claims) => claims,
            Err(code) => return Ok(Verdict::Refused(code)),
        };
        let db = self.store.db();
        let Some(key) = store::keys::find(db, &claims.key.to_string()).await? else {
            return Ok(Verdict::Refused(Code::KeyUnknown));
        };
        let verdict = authenticate::with_secret(db, &key, claims.secret, op.now).await?;
        Ok(match verdict {
            Err(code) => Verdict::Refused(code),
            Ok(mut principal) => {
                let end = Timestamp::from_timestamp(claims.expires, 0);
                principal.expires_at = [principal.expires_at, end].into_iter().flatten().min();
                // Read after the key, so that it is not older than what the key refers to.
                let revision = store::revisions::current(db).await?.snapshot.unsigned_abs();
                self.uses
                    .secret_used((key.id, claims.secret), clock::now(), by);
                Verdict::Accepted {
                    principal: Box::new(principal),
                    revision,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_time_and_its_signer_alone() {
        let signer = Signer::new(&Secret::new("pepper"));
        let now = at("2026-11-21T12:00:00Z");
        let (key, secret) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let token = signer.mint((key, secret), now, None).unwrap();
        let text = token.text.expose();
        let claims = signer.read(text, now).unwrap();
        assert_eq!((claims.key, claims.secret), (key, secret));
        let code = |signer: &Signer, text: &str, now| signer.read(text, now).err().unwrap();
        assert_eq!(
            code(&signer, text, now + LIFETIME),
            Code::AccessTokenExpired
        );
        let stranger = Signer::new(&Secret::new("other"));
        assert_eq!(code(&stranger, text, now), Code::KeyUnknown);
        for place in ACCESS_TOKEN_PREFIX.len()..text.len() {
            let mut changed = text.to_owned().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(signer.read(&changed, now).is_err(), "{place}");
        }
    }

    /// A token from the end of one period is good in the next, and in none after that.
    #[test]
    fn signing_keys_overlap() {
        let signer = Signer::new(&Secret::new("pepper"));
        let boundary = Timestamp::from_timestamp(PERIOD_SECONDS * 700, 0).unwrap();
        let (key, secret) = (Uuid::nil(), Uuid::nil());
        let mint = |at| signer.mint((key, secret), at, None).unwrap();
        let (before, after) = (mint(boundary - TimeDelta::seconds(1)), mint(boundary));
        let period = |token: &AccessToken, now| {
            signer
                .read(token.text.expose(), now)
                .map(|claims| claims.period)
        };
        let soon = boundary + TimeDelta::minutes(1);
        assert_eq!(period(&before, soon), Ok(699));
        assert_eq!(period(&after, soon), Ok(700));
        let long_after = boundary + TimeDelta::seconds(PERIOD_SECONDS);
        assert_eq!(period(&before, long_after), Err(Code::KeyUnknown));
    }
    /// What one period signs no other does, so that whoever finds out one signing key has it for a while.
    #[test]
    fn every_period_has_a_signing_key_of_its_own() {
        let signer = Signer::new(&Secret::new("pepper"));
        let macs: HashSet<_> = (0..100)
            .map(|period| {
                hmac::sign(&signer.of_period(period), b"the same")
                    .as_ref()
                    .to_vec()
            })
            .collect();
        assert_eq!(macs.len(), 100);

        let (period, key, secret) = (700, Uuid::nil(), Uuid::nil());
        let now = Timestamp::from_timestamp(PERIOD_SECONDS * period, 0).unwrap();
        let token = signer.mint((key, secret), now, None).unwrap();
        let (text, _) = token.text.expose().rsplit_once('.').unwrap();
        for (of, good) in [(period - 1, false), (period, true), (period + 1, false)] {
            let mac = hmac::sign(&signer.of_period(of), text.as_bytes());
            let forged = format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.as_ref()));
            assert_eq!(signer.read(&forged, now).is_ok(), good, "signed by {of}");
        }
    }

    #[test]
    fn a_token_says_when_it_ends() {
        let signer = Signer::new(&Secret::new("pepper"));
        let now = at("2026-11-21T12:00:00.9Z");
        for (ends, expected) in [
            (None, "2026-11-21T12:15:00Z"),
            (Some("2026-12-21T12:00:00Z"), "2026-11-21T12:15:00Z"),
            (Some("2026-11-21T12:05:00.5Z"), "2026-11-21T12:05:00Z"),
        ] {
            let ids = (Uuid::nil(), Uuid::nil());
            let token = signer.mint(ids, now, ends.map(at)).unwrap();
            assert_eq!(token.expires_at, at(expected));
            let claims = signer.read(token.text.expose(), now).unwrap();
            assert_eq!(claims.expires, at(expected).timestamp());
        }
    }
}
