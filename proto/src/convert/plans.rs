use super::{FieldError, uuid};
use crate::v1;
use ostia_domain::plan::Plan;
use std::num::NonZeroU32;

impl From<Plan> for v1::Plan {
    fn from(plan: Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            name: plan.name,
            calls_per_minute: plan.calls_per_minute.map(NonZeroU32::get),
            burst: plan.burst.map(NonZeroU32::get),
            max_in_flight: plan.max_in_flight.map(NonZeroU32::get),
        }
    }
}

impl TryFrom<v1::Plan> for Plan {
    type Error = FieldError;
    fn try_from(plan: v1::Plan) -> Result<Self, FieldError> {
        let positive = |field, value: Option<u32>| {
            value
                .map(|n| {
                    NonZeroU32::new(n).ok_or_else(|| FieldError::new(field, "must be at least 1"))
                })
                .transpose()
        };
        Ok(Self {
            id: uuid("id", &plan.id)?,
            name: plan.name,
            calls_per_minute: positive("calls_per_minute", plan.calls_per_minute)?,
            burst: positive("burst", plan.burst)?,
            max_in_flight: positive("max_in_flight", plan.max_in_flight)?,
        })
    }
}
