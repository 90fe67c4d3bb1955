//! One operation: who acts, when, and the only way to change anything.

mod detail;

pub(crate) use detail::Detail;

use crate::{
    authority::Reach,
    error::Result,
    store::{self, Store, Tx, audit::NewChange},
};
use ostia_domain::{
    clock::{self, Timestamp},
    user::Role,
};
use tokio::sync::Notify;
use uuid::Uuid;

/// Who acts, and the one time that everything in the operation happened at.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) actor: String,
    pub(crate) request_id: Uuid,
    pub(crate) now: Timestamp,
    pub(crate) reach: Reach,
    /// Of the user who acts; unset is this installation itself.
    pub(crate) role: Option<Role>,
}

/// Whom a change is to be pushed to.
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
    op: &'a Op,
    action: &'static str,
    store: &'a Store,
    write: store::Write,
    wake: &'a Notify,
}

impl Op {
    pub(crate) fn new(actor: String) -> Self {
        Self {
            actor,
            request_id: Uuid::now_v7(),
            now: clock::now(),
            reach: Reach::All,
            role: None,
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

    /// Begins a change named `<resource>.<verb>`, as audit will tell it.
    pub(crate) async fn change<'a>(
        &'a self,
        store: &'a Store,
        wake: &'a Notify,
        action: &'static str,
    ) -> Result<Change<'a>> {
        Ok(Change {
            op: self,
            action,
            store,
            write: store.write().await?,
            wake,
        })
    }
}

impl Change<'_> {
    pub(crate) fn tx(&self) -> &Tx {
        self.write.tx()
    }

    /// Makes the change permanent together with its audit event, and has it pushed. `target` is what a
    /// person calls the object.
    pub(crate) async fn commit(
        mut self,
        target: &str,
        detail: Detail,
        touched: Touched<'_>,
    ) -> Result<()> {
        let event = NewChange {
            at: self.op.now,
            request_id: self.op.request_id,
            actor: &self.op.actor,
            action: self.action,
            target,
            detail: detail.into_json(),
        };
        self.store.audit(&mut self.write, event).await?;
        let tx = self.write.tx();
        match touched {
            Touched::Nothing => {}
            Touched::Snapshot => store::revisions::snapshot_changed(tx).await?,
            Touched::Keys(keys) => store::revisions::keys_changed(tx, keys).await?,
        }
        self.write.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}
