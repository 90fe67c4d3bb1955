//! Owners are told by mail of keys that will be made inactive because nobody uses them: once for each key and
//! each time that it is idle, by whichever control begins first.

use super::{ACTOR, BATCH, letter::Letter};
use crate::{
    app::{App, keys::label},
    config::Mail,
    error::Result,
    mail::SendError,
    op::{Detail, Op, Touched},
    store::{
        self,
        identity::StoredUser,
        keys::{StoredKey, Untold, idle_since},
    },
};
use chrono::{SecondsFormat, TimeDelta};
use ostia_domain::clock::Timestamp;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long before they are made inactive,
const NOTICE: TimeDelta = TimeDelta::days(7);
/// or, where that is much of the time that they have, half of it.
const SHORT: TimeDelta = TimeDelta::days(14);
/// Longer than a mail takes: whoever began so long ago ended without an end.
const GIVEN_UP: TimeDelta = TimeDelta::minutes(10);
/// More of one owner's keys are told of in another mail.
const KEYS: u64 = 500;
/// What a mail that is on its way gets when control stops.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// Whom to tell of what.
struct Told {
    owner: StoredUser,
    address: String,
    keys: Vec<StoredKey>,
}

impl App {
    /// All whose keys are idle for longer soon, until they are told, the mail server is away, or the token is
    /// cancelled. Without a mail server nobody is.
    pub(crate) async fn warn_of_idle_keys(
        &self,
        max_idle: TimeDelta,
        stop: &CancellationToken,
    ) -> Result<()> {
        let Some(mail) = &self.mail else {
            return Ok(());
        };
        let mut after = None;
        loop {
            let now = Op::new(ACTOR.to_owned()).now;
            let Some(wanted) = wanted(max_idle, now) else {
                return Ok(());
            };
            let owners = store::keys::owners_untold(self.store.db(), wanted, after, BATCH).await?;
            for owner in &owners {
                if stop.is_cancelled() {
                    return Ok(());
                }
                let Err(error) = self.warn(mail, *owner, max_idle, stop).await? else {
                    continue;
                };
                // Neither a name nor an address: both may be one.
                tracing::warn!(user = %owner, %error, "a mail about keys that nobody uses is not sent: it is tried again");
                let away = tokio::select! {
                    answers = mail.server.answers() => !answers,
                    () = stop.cancelled() => true,
                };
                if away {
                    return Ok(());
                }
            }
            match owners.last() {
                Some(last) => after = Some(*last),
                None => return Ok(()),
            }
        }
    }

    /// Tells one owner of all their keys.
    async fn warn(
        &self,
        mail: &Mail,
        owner: Uuid,
        max_idle: TimeDelta,
        stop: &CancellationToken,
    ) -> Result<Result<(), SendError>> {
        let op = Op::new(ACTOR.to_owned());
        let Some(told) = self.begin_to_warn(&op, owner, max_idle).await? else {
            return Ok(Ok(()));
        };
        let letter = Letter {
            to: &told.owner.user.name,
            keys: &told.keys,
            max_idle,
            now: op.now,
            page: mail.keys_page.as_deref(),
        };
        let to = (&*told.owner.user.name, &*told.address);
        let sent = tokio::select! {
            sent = mail.server.send(to, letter.subject(), letter.text()) => sent,
            () = last_moment(stop) => Err(SendError::Late),
        };
        if sent.is_ok() {
            self.warned(&told.keys, max_idle).await?;
        } else {
            let write = self.store.write().await?;
            store::keys::give_up_telling(write.tx(), &told.keys).await?;
            write.commit().await?;
        }
        Ok(sent)
    }

    /// Nobody else begins with these keys meanwhile. `None`: somebody did, or there is nothing to tell any more.
    async fn begin_to_warn(
        &self,
        op: &Op,
        owner: Uuid,
        max_idle: TimeDelta,
    ) -> Result<Option<Told>> {
        let Some(wanted) = wanted(max_idle, op.now) else {
            return Ok(None);
        };
        let write = self.store.write_alone().await?;
        let Some(owner) = store::identity::by_id(write.tx(), owner).await? else {
            return Ok(None);
        };
        let Some(address) = owner.email.clone().filter(|_| owner.user.enabled) else {
            return Ok(None);
        };
        let id = owner.user.id;
        let keys = store::keys::begin_to_tell(write.tx(), id, wanted, KEYS).await?;
        if keys.is_empty() {
            return Ok(None);
        }
        write.commit().await?;
        Ok(Some(Told {
            owner,
            address,
            keys,
        }))
    }

    /// Audit has it with each key, for whoever asks why it is off.
    async fn warned(&self, keys: &[StoredKey], max_idle: TimeDelta) -> Result<()> {
        let op = Op::new(ACTOR.to_owned());
        let mut changes = op.changes(&self.store, &self.wake).await?;
        for key in keys {
            store::keys::set_told(changes.tx(), key.id, op.now).await?;
            let since = idle_since(key);
            let detail = Detail::done()
                .with("idle_since", said(since))
                .with("inactive_at", said(since + max_idle));
            changes.made("keys.warn_idle", &label(key), detail, Touched::Nothing);
        }
        changes.commit().await
    }
}

/// `None`: longer than the calendar.
fn wanted(max_idle: TimeDelta, now: Timestamp) -> Option<Untold> {
    Some(Untold {
        idle_before: now.checked_sub_signed(max_idle - notice(max_idle))?,
        begun_before: now - GIVEN_UP,
        now,
    })
}

fn notice(max_idle: TimeDelta) -> TimeDelta {
    if max_idle < SHORT {
        max_idle / 2
    } else {
        NOTICE
    }
}

fn said(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn last_moment(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(LAST_MOMENT).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notice_is_a_week_or_half_of_a_shorter_time() {
        for (max, expected) in [
            (TimeDelta::days(365), TimeDelta::days(7)),
            (TimeDelta::days(14), TimeDelta::days(7)),
            (TimeDelta::days(13), TimeDelta::hours(156)),
            (TimeDelta::days(1), TimeDelta::hours(12)),
        ] {
            assert_eq!(notice(max), expected, "{max}");
        }
    }
}
