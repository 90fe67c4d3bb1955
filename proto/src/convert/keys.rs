use super::{FieldError, from_timestamp, timestamp, uuid};
use crate::v1;
use ostia_domain::{
    key::{Mode, Restrictions},
    network::Network,
    policy::{Grant, Scope},
    principal::{Limited, LimitedBy, Principal},
    window::Window,
};

fn texts(networks: Vec<Network>) -> Vec<String> {
    networks.into_iter().map(Into::into).collect()
}

fn networks(texts: &[String]) -> Result<Vec<Network>, FieldError> {
    let read = texts.iter().map(|text| Network::parse(text));
    read.collect::<Result<_, _>>()
        .map_err(|error| FieldError::new("networks", error))
}

fn window(text: &str) -> Result<Window, FieldError> {
    Window::parse(text).map_err(|error| FieldError::new("window", error))
}

impl From<Restrictions> for v1::KeyRestrictions {
    fn from(restrictions: Restrictions) -> Self {
        Self {
            rules: restrictions.rules.map(Into::into),
            limits: Some(restrictions.limits.into()),
            networks: texts(restrictions.networks),
            window: restrictions.window.map(Into::into),
        }
    }
}

impl TryFrom<v1::KeyRestrictions> for Restrictions {
    type Error = FieldError;
    fn try_from(restrictions: v1::KeyRestrictions) -> Result<Self, FieldError> {
        Ok(Self {
            rules: restrictions.rules.map(TryInto::try_into).transpose()?,
            limits: restrictions.limits.unwrap_or_default().try_into()?,
            networks: networks(&restrictions.networks)?,
            window: restrictions.window.as_deref().map(window).transpose()?,
        })
    }
}

impl From<Limited> for v1::Limited {
    fn from(limited: Limited) -> Self {
        Self {
            subject_id: limited.subject.to_string(),
            by: Some(match limited.by {
                LimitedBy::Plan(id) => v1::limited::By::PlanId(id.to_string()),
                LimitedBy::Own(limits) => v1::limited::By::Own(limits.into()),
            }),
        }
    }
}

impl TryFrom<v1::Limited> for Limited {
    type Error = FieldError;
    fn try_from(limited: v1::Limited) -> Result<Self, FieldError> {
        Ok(Self {
            subject: uuid("subject_id", &limited.subject_id)?,
            by: match limited.by.ok_or(FieldError::missing("by"))? {
                v1::limited::By::PlanId(id) => LimitedBy::Plan(uuid("plan_id", &id)?),
                v1::limited::By::Own(limits) => LimitedBy::Own(limits.try_into()?),
            },
        })
    }
}

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
            secret_id: principal.secret_id.map(|id| id.to_string()),
            mode: v1::KeyMode::from(principal.mode).into(),
            owner_id: principal.owner_id.to_string(),
            owner_name: principal.owner_name,
            owner_scope: Some(principal.grant.owner.into()),
            key_scope: Some(principal.grant.key.into()),
            key_rules: principal.grant.rules.map(Into::into),
            limits: principal.limits.into_iter().map(Into::into).collect(),
            networks: texts(principal.networks),
            window: principal.window.map(Into::into),
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
            secret_id: principal
                .secret_id
                .map(|id| uuid("secret_id", &id))
                .transpose()?,
            mode,
            owner_id: uuid("owner_id", &principal.owner_id)?,
            owner_name: principal.owner_name,
            grant: Grant {
                // Unset is nothing, never everything.
                owner: principal.owner_scope.unwrap_or_default().try_into()?,
                key: principal.key_scope.unwrap_or_default().try_into()?,
                rules: principal.key_rules.map(TryInto::try_into).transpose()?,
            },
            limits: principal
                .limits
                .into_iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?,
            networks: networks(&principal.networks)?,
            window: principal.window.as_deref().map(window).transpose()?,
            expires_at: principal
                .expires_at
                .map(|at| from_timestamp("expires_at", at))
                .transpose()?,
        })
    }
}
