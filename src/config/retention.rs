//! How long what happened is kept.

use super::file::Keep as File;
use crate::{args::KeepArgs, cli::span, failure::Failure};
use ostia_control::Retention;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
/// What is removed was there for days; nobody waits for it to the minute.
const EVERY: Duration = Duration::from_secs(3_600);
const FOR_EVER: &str = "forever";

pub(super) fn settings(flags: &KeepArgs, file: &File) -> Result<Retention, Failure> {
    let age = |name: &str, flag: &Option<String>, file: &Option<String>, days: u32| {
        let text = flag.as_ref().or(file.as_ref());
        text.map_or(Ok(Some(days * DAY)), |text| read(name, text))
    };
    Ok(Retention {
        audit_calls: age("audit-calls", &flags.audit_calls, &file.audit_calls, 90)?,
        audit_changes: age(
            "audit-changes",
            &flags.audit_changes,
            &file.audit_changes,
            730,
        )?,
        usage_records: age(
            "usage-records",
            &flags.usage_records,
            &file.usage_records,
            90,
        )?,
        usage_hours: age("usage-hours", &flags.usage_hours, &file.usage_hours, 180)?,
        usage_days: age("usage-days", &flags.usage_days, &file.usage_days, 1_095)?,
        every: EVERY,
    })
}

/// An hour is no age that anybody means, and what is lost cannot be had again.
fn read(name: &str, text: &str) -> Result<Option<Duration>, Failure> {
    if text == FOR_EVER {
        return Ok(None);
    }
    let what = format!("--keep-{name} (keep.{}) {text:?}", name.replace('-', "_"));
    let age = span::parse(text).map_err(|problem| Failure::usage(format!("{what}: {problem}")))?;
    if age < DAY {
        return Err(Failure::usage(format!("{what} is less than a day"))
            .hint(format!("write a number of days as 90d, or {FOR_EVER}")));
    }
    Ok(Some(age))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_both_over_the_defaults() {
        let text = |text: &str| Some(text.to_owned());
        let flags = KeepArgs {
            audit_calls: text("30d"),
            ..KeepArgs::default()
        };
        let file = File {
            audit_calls: text("40d"),
            audit_changes: text(FOR_EVER),
            ..File::default()
        };
        let kept = settings(&flags, &file).unwrap();
        assert_eq!(kept.audit_calls, Some(30 * DAY));
        assert_eq!(kept.audit_changes, None);
        assert_eq!(kept.usage_records, Some(90 * DAY));
        for wrong in ["90", "1h", "never", ""] {
            let flags = KeepArgs {
                usage_days: text(wrong),
                ..KeepArgs::default()
            };
            let failure = settings(&flags, &File::default()).unwrap_err();
            assert!(failure.message.contains("keep.usage_days"), "{failure:?}");
        }
    }
}
