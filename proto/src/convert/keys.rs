use super::{FieldError, from_timestamp, timestamp, uuid};
use crate::v1;
use ostia_domain::{
    key::Mode,
    policy::{Grant, Scope},
    principal::Principal,
};

impl From<Mode> for v1::KeyMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Live => Self::Live,
            Mode::Test => Self::Test,
        }
    }
}

impl From<Scope> for v1::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Unlimited => Self {
                unlimited: true,
                policy_ids: Vec::new(),
            },
            Scope::Policies(ids) => Self {
                unlimited: false,
                policy_ids: ids.iter().map(ToString::to_string).collect(),
            },
        }
    }
}

impl TryFrom<v1::Scope> for Scope {
    type Error = FieldError;
    fn try_from(scope: v1::Scope) -> Result<Self, FieldError> {
        if scope.unlimited {
            return Ok(Self::Unlimited);
        }
        let ids = scope.policy_ids.iter().map(|id| uuid("policy_ids", id));
        Ok(Self::Policies(ids.collect::<Result<_, _>>()?))
    }
}

impl From<Principal> for v1::Principal {
    fn from(principal: Principal) -> Self {
        Self {
            key_id: principal.key_id.to_string(),
            key_name: principal.key_name,
            mode: v1::KeyMode::from(principal.mode).into(),
            owner_id: principal.owner_id.to_string(),
            owner_name: principal.owner_name,
            owner_scope: Some(principal.grant.owner.into()),
            key_scope: Some(principal.grant.key.into()),
            key_rules: principal.grant.rules.map(Into::into),
            plan_id: principal.plan.map(|id| id.to_string()),
            expires_at: principal.expires_at.map(timestamp),
        }
    }
}

impl TryFrom<v1::Principal> for Principal {
    type Error = FieldError;
    fn try_from(principal: v1::Principal) -> Result<Self, FieldError> {
        let mode = match principal.mode() {
            v1::KeyMode::Live => Mode::Live,
            v1::KeyMode::Test => Mode::Test,
            v1::KeyMode::Unspecified => return Err(FieldError::missing("mode")),
        };
        Ok(Self {
            key_id: uuid("key_id", &principal.key_id)?,
            key_name: principal.key_name,
            mode,
            owner_id: uuid("owner_id", &principal.owner_id)?,
            owner_name: principal.owner_name,
            grant: Grant {
                // Unset is nothing, never everything.
                owner: principal.owner_scope.unwrap_or_default().try_into()?,
                key: principal.key_scope.unwrap_or_default().try_into()?,
                rules: principal.key_rules.map(TryInto::try_into).transpose()?,
            },
            plan: principal
                .plan_id
                .map(|id| uuid("plan_id", &id))
                .transpose()?,
            expires_at: principal
                .expires_at
                .map(|at| from_timestamp("expires_at", at))
                .transpose()?,
        })
    }
}
