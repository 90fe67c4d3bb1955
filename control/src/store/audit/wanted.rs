//! Which events are asked for.
//!
//! What belongs to a key, a user or an upstream is found in several ways. Each is a question of its own that
//! an index answers in the order of the list, because one question with `OR` between them makes a database read
//! all that there is and sort it.

use crate::store::{
    chain::Kind,
    entity::audit_events::Column,
    narrow::{Narrow, OfKey, OfUser, begins_with},
};
use ostia_domain::usage::Outcome;
use sea_orm::{Condition, prelude::*};

#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) narrow: Narrow,
    /// All of it, or with `*` at the end what they begin with.
    pub(crate) action: Option<String>,
}

/// What is wanted is what one of these is true of, or several.
pub(super) fn conditions(wanted: &Wanted) -> Vec<Condition> {
    let narrow = &wanted.narrow;
    let every = Condition::all()
        .add_option(narrow.upstream.as_deref().map(of_upstream))
        .add_option(narrow.tool.as_deref().map(of_tool))
        .add_option(wanted.action.as_deref().map(of_action))
        .add_option(narrow.outcome.map(ended))
        .add(narrow.during.condition(Column::Id, Column::AtUs));
    let mut conditions = vec![every];
    // A change of an object is there because it was made: none of them went wrong.
    let changes = narrow.outcome.is_none_or(|outcome| outcome == Outcome::Ok);
    if let Some(key) = &narrow.key {
        conditions = both(&conditions, &of_key(key, changes));
    }
    if let Some(user) = &narrow.user {
        conditions = both(&conditions, &of_user(user, changes));
    }
    conditions
}

/// One of the first and one of the second.
fn both(first: &[Condition], second: &[Condition]) -> Vec<Condition> {
    let pairs = first
        .iter()
        .flat_map(|one| second.iter().map(move |other| (one, other)));
    let both = pairs.map(|(one, other)| Condition::all().add(one.clone()).add(other.clone()));
    both.collect()
}

/// What was done with it, and the changes made to it.
fn of_key(key: &OfKey, with_changes: bool) -> Vec<Condition> {
    let done = Condition::all()
        .add(Column::KeyId.eq(key.id))
        .add_option(key.owner.map(|owner| Column::UserId.eq(owner)));
    let mut conditions = vec![done];
    if with_changes {
        conditions.push(changes().add(Column::Target.eq(&key.target)));
    }
    conditions
}

/// What was done with their keys, what they changed, and the changes made to them.
fn of_user(user: &OfUser, with_changes: bool) -> Vec<Condition> {
    let mut conditions = vec![Condition::all().add(Column::UserId.eq(user.id))];
    if let Some(name) = user.name.as_ref().filter(|_| with_changes) {
        // In the words of the index that has no calls with keys.
        let changed = Condition::all()
            .add(Column::KeyId.is_null())
            .add(Column::Actor.eq(format!("user:{name}")));
        conditions.push(changed);
        let changed = changes()
            .add(begins_with(Column::Action, "identity."))
            .add(Column::Target.eq(name));
        conditions.push(changed);
    }
    conditions
}

/// In one question: where much is asked of an upstream the newest are near, and else there is little.
fn of_upstream(name: &str) -> Condition {
    let requests = requests().add(
        Condition::any()
            .add(Column::Target.eq(name))
            .add(begins_with(Column::Target, &format!("{name}."))),
    );
    let changes = changes()
        .add(begins_with(Column::Action, "upstreams."))
        .add(Column::Target.eq(name));
    Condition::any().add(requests).add(changes)
}

fn of_tool(tool: &str) -> Condition {
    requests().add(Column::Target.eq(tool))
}

/// Changes have a dot and no slash.
fn of_action(action: &str) -> Condition {
    let kind = match action {
        method if method.contains('/') => requests(),
        // In the words of the index that has only these.
        change if change.contains('.') => Condition::all().add(Expr::cust("kind = 1")),
        _ => Condition::all(),
    };
    kind.add(match action.strip_suffix('*') {
        Some(prefix) => begins_with(Column::Action, prefix),
        None => Column::Action.eq(action),
    })
}

fn ended(outcome: Outcome) -> Condition {
    // In the words of the index that has only what did not go well.
    let rare = (outcome != Outcome::Ok).then(|| Expr::cust("outcome <> 'ok'"));
    Condition::all()
        .add(Column::Outcome.eq(outcome.as_str()))
        .add_option(rare)
}

fn requests() -> Condition {
    Condition::all().add(Column::Kind.eq(Kind::Call.number()))
}

fn changes() -> Condition {
    Condition::all().add(Column::Kind.eq(Kind::Change.number()))
}
