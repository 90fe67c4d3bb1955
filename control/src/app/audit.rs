//! Audit events, read and verified.

use super::{
    App,
    criteria::{self, Criteria},
    paging,
};
use crate::{
    config::Retention,
    error::{Error, Kind, Result},
    op::{Detail, Op, Touched},
    store::{
        self,
        audit::{AuditEvent, Known, Problem, Progress, Stretch, Wanted, Writer, arguments},
        page::Page,
    },
};
use chrono::TimeDelta;
use ostia_domain::{
    clock::{self, Timestamp},
    key::Secret,
    user::Role,
};
use std::time::Duration;
use uuid::Uuid;

pub(crate) struct ListEvents {
    pub(crate) criteria: Criteria,
    /// With `*` at its end, all that begin so.
    pub(crate) action: Option<String>,
    pub(crate) place: paging::Place,
}

/// What was kept of those of a call.
pub(crate) struct Arguments {
    /// `null` where no master key opens them.
    pub(crate) json: Secret,
    pub(crate) cut: bool,
    /// Whether they are what the event says.
    pub(crate) intact: bool,
}

/// Events that one answer of a verification is about.
const VERIFIED_AT_ONCE: u64 = 5_000;
const MAX_KNOWN: usize = 1_000;

/// A page of a verification.
pub(crate) struct VerifiedPage {
    pub(crate) checked: u64,
    pub(crate) problems: Vec<Problem>,
    pub(crate) writers: Vec<Writer>,
    pub(crate) unchained: u64,
    /// Empty: this was the last page.
    pub(crate) next_page_token: String,
    pub(crate) stretches: Vec<Stretch>,
    /// Unset: for ever.
    pub(crate) calls_kept_since: Option<Timestamp>,
    pub(crate) changes_kept_since: Option<Timestamp>,
}

impl App {
    pub(crate) async fn list_events(&self, ask: ListEvents) -> Result<Page<AuditEvent>> {
        let wanted = Wanted {
            narrow: self.narrow(&ask.criteria).await?,
            action: criteria::text("action", ask.action.as_deref())?,
        };
        let db = self.store.db();
        match ask.place.direction()? {
            paging::Direction::Back(page) => Ok(store::audit::list(db, &wanted, page).await?),
            paging::Direction::Forth { after, size } => {
                let rows = store::audit::list_after(db, &wanted, after, size).await?;
                Ok(Page::last(rows))
            }
        }
    }

    /// For auditors alone, and written down: who reads what others said is to be seen as well.
    pub(crate) async fn read_arguments(&self, op: &Op, event: Uuid) -> Result<Arguments> {
        if op.role != Some(Role::Auditor) {
            return Err(Error(Kind::Forbidden));
        }
        let change = self.change(op, "audit.read_arguments").await?;
        let event_id = event.to_string();
        let kept = store::audit::arguments::find(change.tx(), event).await?;
        let kept = kept.ok_or_else(|| Error::not_found("call with kept arguments", &event_id))?;
        let detail = Detail::done().with("event", event_id);
        change
            .commit(&kept.target, detail, Touched::Nothing)
            .await?;
        let Ok(json) = self.opened(event, kept.form) else {
            tracing::error!(%event, "kept arguments can be opened with none of the master keys");
            return Ok(Arguments {
                json: Secret::new("null"),
                cut: kept.cut,
                intact: false,
            });
        };
        Ok(Arguments {
            intact: kept.hash == Some(arguments::hash(json.expose())),
            json,
            cut: kept.cut,
        })
    }

    /// `known` are ends of chains as they were told earlier; they are looked at with the first page.
    pub(crate) async fn verify_events(
        &self,
        page_token: &str,
        known: Vec<Known>,
    ) -> Result<VerifiedPage> {
        if known.len() > MAX_KNOWN {
            return Err(Error::invalid(
                "known",
                format!("are more than {MAX_KNOWN}"),
            ));
        }
        let from = match page_token {
            "" => None,
            token => Some(Progress::parse(token).ok_or(store::Error::BadPageToken)?),
        };
        let read = self.store.read().await?;
        let mut problems = match from {
            None => store::audit::compare(&read, &known).await?,
            Some(_) => Vec::new(),
        };
        let page = store::audit::verify(&read, from, VERIFIED_AT_ONCE).await?;
        problems.extend(page.problems);
        Ok(VerifiedPage {
            checked: page.checked,
            problems,
            writers: page.writers,
            unchained: page.unchained,
            next_page_token: page.next.map(|next| next.to_string()).unwrap_or_default(),
            stretches: page.stretches,
            calls_kept_since: self.kept_since(|kept| kept.audit_calls),
            changes_kept_since: self.kept_since(|kept| kept.audit_changes),
        })
    }

    /// What is of this time and later is not old enough to go.
    pub(super) fn kept_since(
        &self,
        age: impl FnOnce(&Retention) -> Option<Duration>,
    ) -> Option<Timestamp> {
        let age = TimeDelta::from_std(age(self.retention.as_ref()?)?).ok()?;
        clock::now().checked_sub_signed(age)
    }
}
