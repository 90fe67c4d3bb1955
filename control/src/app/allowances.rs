//! What limits somebody, and how much of their quotas is gone.

use super::{
    App,
    authenticate::{Owner, limits_of_key},
    identity, keys,
};
use crate::{
    error::{Error, Result},
    op::Op,
    store::{self, quotas::Counted},
};
use ostia_domain::{
    clock::Timestamp,
    period::{Current, Period},
    plan::{Limits, Plan},
    principal::{Limited, LimitedBy},
};
use uuid::Uuid;

/// A page of keys.
const MAX_KEYS: usize = 100;

pub(crate) struct Allowance {
    /// A key, or a user with all keys.
    pub(crate) subject: Uuid,
    /// Unset: the key's own limits.
    pub(crate) plan: Option<String>,
    pub(crate) limits: Limits,
    /// One for each that the limits have.
    pub(crate) quotas: Vec<Quota>,
}

/// How much of a quota is gone.
pub(crate) struct Quota {
    pub(crate) period: Period,
    /// What the limits allow.
    pub(crate) calls: u64,
    pub(crate) taken: u64,
    pub(crate) renews_at: Timestamp,
}

impl App {
    pub(crate) async fn list_allowances(
        &self,
        op: &Op,
        user: Option<&str>,
        keys: &[String],
    ) -> Result<Vec<Allowance>> {
        if keys.len() > MAX_KEYS {
            let problem = format!("are more than {MAX_KEYS}");
            return Err(Error::invalid("keys", problem));
        }
        let read = self.store.read().await?;
        let mut limited = Vec::new();
        for key in keys::all_named(&read, op, keys).await? {
            limited.extend(limits_of_key(&key));
        }
        if let Some(reference) = user {
            let user = identity::reached(&read, op, reference).await?.user;
            let owner = Owner::of(&read, user.id).await?;
            limited.extend(owner.iter().flat_map(Owner::limits));
        }
        let now = Period::ALL.map(|period| (period, period.at(op.now)));
        let all = limited
            .iter()
            .flat_map(|limited| now.map(|(_, current)| counted(limited, current)));
        let taken = store::quotas::taken(&read, all).await?;
        let plans = store::plans::list(&read).await?;
        let mut allowances = Vec::new();
        for limited in limited {
            let Some((plan, limits)) = named(&plans, &limited) else {
                continue;
            };
            let quotas = now.into_iter().filter_map(|(period, current)| {
                let taken = taken.get(&counted(&limited, current));
                Some(Quota {
                    period,
                    calls: limits.quota(period)?.get(),
                    taken: taken.copied().unwrap_or_default(),
                    renews_at: current.ends_at,
                })
            });
            allowances.push(Allowance {
                subject: limited.subject,
                plan,
                limits,
                quotas: quotas.collect(),
            });
        }
        Ok(allowances)
    }
}

fn counted(limited: &Limited, current: Current) -> Counted {
    let subject = limited.subject;
    Counted {
        subject,
        limit: match limited.by {
            LimitedBy::Plan(plan) => plan,
            LimitedBy::Own(_) => subject,
        },
        period: current.number,
    }
}

/// `None`: the plan was deleted in this moment.
fn named(plans: &[Plan], limited: &Limited) -> Option<(Option<String>, Limits)> {
    match limited.by {
        LimitedBy::Own(limits) => Some((None, limits)),
        LimitedBy::Plan(id) => {
            let plan = plans.iter().find(|plan| plan.id == id)?;
            Some((Some(plan.name.clone()), plan.limits))
        }
    }
}
