//! One operation: who acts, when, and the only way to change anything.

mod conditions;
mod detail;

pub(crate) use conditions::{Conditions, tag};
pub(crate) use detail::Detail;

use crate::{
    authority::{Reach, With},
    error::{Error, Kind, Result},
    store::{self, Store, Tx, audit::NewChange},
};
use ostia_domain::{
    clock::{self, Timestamp},
    user::Role,
};
use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

/// Who acts, and the one time that everything in the operation happened at.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) actor: String,
    pub(crate) request_id: Uuid,
    pub(crate) now: Timestamp,
    pub(crate) reach: Reach,
    /// Who acts, where it is a user.
    pub(crate) user: Option<Uuid>,
    /// Of the user who acts; unset is this installation itself.
    pub(crate) role: Option<Role>,
    pub(crate) with: With,
    pub(crate) conditions: Conditions,
}

/// Whom a change is to be pushed to.
#[derive(Clone, Copy)]
pub(crate) enum Touched<'a> {
    /// Edges hold nothing of it.
    Nothing,
    /// Upstreams, catalogues, policies or plans.
    Snapshot,
    /// These keys, or what their verification says.
    Keys(&'a [Uuid]),
}

/// A change in progress. Without [`Change::commit`] nothing of it happens.
pub(crate) struct Change<'a> {
    action: &'static str,
    changes: Changes<'a>,
}

/// Several changes that happen together or not at all, each with an audit event of its own.
pub(crate) struct Changes<'a> {
    op: &'a Op,
    store: &'a Store,
    write: store::Write,
    wake: &'a Notify,
    /// Written last: whoever has the chain of events waits for no row that another change holds.
    events: Vec<Event>,
    snapshot: bool,
    keys: Vec<Uuid>,
}

struct Event {
    action: &'static str,
    target: String,
    detail: Detail,
}

impl Op {
    pub(crate) fn new(actor: String) -> Self {
        Self {
            actor,
            request_id: Uuid::now_v7(),
            now: clock::now(),
            reach: Reach::All,
            user: None,
            role: None,
            with: With::default(),
            conditions: Conditions::default(),
        }
    }

    /// Of whom alone this operation may see and change anything; unset is of everybody.
    pub(crate) fn only_of(&self) -> Option<Uuid> {
        match self.reach {
            Reach::All => None,
            Reach::Own(user) => Some(user),
        }
    }

    /// Whether what belongs to this user is within reach.
    pub(crate) fn reaches(&self, owner: Uuid) -> bool {
        self.only_of().is_none_or(|user| user == owner)
    }

    /// A key mints no keys: what it belongs to gets no key by it, unless it is this one.
    pub(crate) fn check_mints_no(&self, owner: Uuid, key: Option<Uuid>) -> Result<()> {
        let with = self.with.key;
        if with.is_some() && with != key && self.user == Some(owner) {
            return Err(Error(Kind::MintsKeys));
        }
        Ok(())
    }

    /// Begins a change named `<resource>.<verb>`, as audit will tell it.
    pub(crate) async fn change<'a>(
        &'a self,
        store: &'a Store,
        wake: &'a Notify,
        action: &'static str,
    ) -> Result<Change<'a>> {
        let changes = self.changes(store, wake).await?;
        Ok(Change { action, changes })
    }

    /// Begins several changes.
    pub(crate) async fn changes<'a>(
        &'a self,
        store: &'a Store,
        wake: &'a Notify,
    ) -> Result<Changes<'a>> {
        Ok(Changes {
            op: self,
            store,
            write: store.write_alone().await?,
            wake,
            events: Vec::new(),
            snapshot: false,
            keys: Vec::new(),
        })
    }
}

impl Change<'_> {
    pub(crate) fn tx(&self) -> &Tx {
        self.changes.tx()
    }

    /// Makes the change permanent together with its audit event, and has it pushed. `target` is what a
    /// person calls the object.
    pub(crate) async fn commit(
        mut self,
        target: &str,
        detail: Detail,
        touched: Touched<'_>,
    ) -> Result<()> {
        self.changes.made(self.action, target, detail, touched);
        self.changes.commit().await
    }

    /// Ends a change of what is to be as it is. Its conditions hold all the same.
    pub(crate) fn needless(self, state: &Value) -> Result<()> {
        self.changes.op.conditions.check_state(state)
    }

    /// Makes a change of something permanent, unless it is as it was before: that leaves no event, and nobody is told
    /// of it. Says whether it is made.
    pub(crate) async fn commit_other(
        self,
        target: &str,
        (before, after): (Value, Value),
        touched: Touched<'_>,
    ) -> Result<bool> {
        if before == after {
            self.needless(&before)?;
            return Ok(false);
        }
        let detail = Detail::changed(before, after);
        self.commit(target, detail, touched).await?;
        Ok(true)
    }
}

impl<'a> Changes<'a> {
    pub(crate) fn op(&self) -> &'a Op {
        self.op
    }

    pub(crate) fn tx(&self) -> &Tx {
        self.write.tx()
    }

    /// One of them is made, as far as this transaction goes.
    pub(crate) fn made(
        &mut self,
        action: &'static str,
        target: &str,
        detail: Detail,
        touched: Touched<'_>,
    ) {
        self.events.push(Event {
            action,
            target: target.to_owned(),
            detail,
        });
        match touched {
            Touched::Nothing => {}
            Touched::Snapshot => self.snapshot = true,
            Touched::Keys(keys) => self.keys.extend(keys),
        }
    }

    /// Makes all of them permanent with their audit events, and has them pushed.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let conditions = &self.op.conditions;
        conditions.check(self.write.tx(), &self.events).await?;
        for event in self.events {
            let event = NewChange {
                at: self.op.now,
                request_id: self.op.request_id,
                actor: &self.op.actor,
                user: self.op.user,
                with: &self.op.with,
                action: event.action,
                target: &event.target,
                refused: None,
                detail: event.detail.into_json(),
            };
            self.store.audit(&mut self.write, event).await?;
        }
        let tx = self.write.tx();
        if self.snapshot {
            store::revisions::snapshot_changed(tx).await?;
        }
        if !self.keys.is_empty() {
            self.keys.sort_unstable();
            self.keys.dedup();
            store::revisions::keys_changed(tx, &self.keys).await?;
        }
        self.write.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}
