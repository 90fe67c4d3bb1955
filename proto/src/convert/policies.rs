use super::{FieldError, uuid};
use crate::v1;
use ostia_domain::{
    glob::Glob,
    policy::{Policy, Rules},
};

impl From<Rules> for v1::Rules {
    fn from(rules: Rules) -> Self {
        let texts = |globs: Vec<Glob>| globs.into_iter().map(String::from).collect();
        Self {
            upstreams: texts(rules.upstreams),
            allow: texts(rules.allow),
            deny: texts(rules.deny),
            read_only: rules.read_only,
        }
    }
}

impl TryFrom<v1::Rules> for Rules {
    type Error = FieldError;
    fn try_from(rules: v1::Rules) -> Result<Self, FieldError> {
        let globs = |field, texts: Vec<String>| {
            texts
                .into_iter()
                .map(|text| Glob::new(text).map_err(|error| FieldError::new(field, error)))
                .collect::<Result<_, _>>()
        };
        Ok(Self {
            upstreams: globs("rules.upstreams", rules.upstreams)?,
            allow: globs("rules.allow", rules.allow)?,
            deny: globs("rules.deny", rules.deny)?,
            read_only: rules.read_only,
        })
    }
}

impl From<Policy> for v1::Policy {
    /// Without the times, which only control knows.
    fn from(policy: Policy) -> Self {
        Self {
            id: policy.id.to_string(),
            name: policy.name,
            rules: Some(policy.rules.into()),
            preset: policy.preset,
            created_at: None,
            updated_at: None,
        }
    }
}

impl TryFrom<v1::Policy> for Policy {
    type Error = FieldError;
    fn try_from(policy: v1::Policy) -> Result<Self, FieldError> {
        Ok(Self {
            id: uuid("id", &policy.id)?,
            name: policy.name,
            rules: policy
                .rules
                .ok_or(FieldError::missing("rules"))?
                .try_into()?,
            preset: policy.preset,
        })
    }
}
