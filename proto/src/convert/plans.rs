use super::{FieldError, uuid};
use crate::v1;
use ostia_domain::{
    period::Period,
    plan::{Limits, Plan},
};
use std::num::{NonZeroU32, NonZeroU64};

impl From<Plan> for v1::Plan {
    /// Without the tag, which only control knows.
    fn from(plan: Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            name: plan.name,
            limits: Some(plan.limits.into()),
            etag: String::new(),
        }
    }
}

impl TryFrom<v1::Plan> for Plan {
    type Error = FieldError;
    fn try_from(plan: v1::Plan) -> Result<Self, FieldError> {
        Ok(Self {
            id: uuid("id", &plan.id)?,
            name: plan.name,
            limits: plan.limits.unwrap_or_default().try_into()?,
        })
    }
}

impl From<Limits> for v1::Limits {
    fn from(limits: Limits) -> Self {
        Self {
            calls_per_minute: limits.calls_per_minute.map(NonZeroU32::get),
            burst: limits.burst.map(NonZeroU32::get),
            max_in_flight: limits.max_in_flight.map(NonZeroU32::get),
            calls_per_month: limits.calls_per_month.map(NonZeroU64::get),
            calls_per_day: limits.calls_per_day.map(NonZeroU64::get),
        }
    }
}

impl TryFrom<v1::Limits> for Limits {
    type Error = FieldError;
    fn try_from(limits: v1::Limits) -> Result<Self, FieldError> {
        let zero = |field| FieldError::new(field, "must be at least 1");
        let positive = |field, value: Option<u32>| {
            let read = value.map(|n| NonZeroU32::new(n).ok_or_else(|| zero(field)));
            read.transpose()
        };
        let quota = |field, value: Option<u64>| {
            let read = value.map(|n| NonZeroU64::new(n).ok_or_else(|| zero(field)));
            read.transpose()
        };
        let read = Self {
            calls_per_minute: positive("calls_per_minute", limits.calls_per_minute)?,
            burst: positive("burst", limits.burst)?,
            max_in_flight: positive("max_in_flight", limits.max_in_flight)?,
            calls_per_day: quota("calls_per_day", limits.calls_per_day)?,
            calls_per_month: quota("calls_per_month", limits.calls_per_month)?,
        };
        match read.problem() {
            Some(problem) => Err(FieldError::new("limits", problem)),
            None => Ok(read),
        }
    }
}

impl From<Period> for v1::Period {
    fn from(period: Period) -> Self {
        match period {
            Period::Day => Self::Day,
            Period::Month => Self::Month,
        }
    }
}

/// As a message has it.
pub fn period(field: &'static str, value: i32) -> Result<Period, FieldError> {
    match v1::Period::try_from(value) {
        Ok(v1::Period::Day) => Ok(Period::Day),
        Ok(v1::Period::Month | v1::Period::Unspecified) => Ok(Period::Month),
        Err(_) => Err(FieldError::new(field, "is not known")),
    }
}
