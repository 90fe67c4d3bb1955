//! A change that a form asks for: made, refused beside a field of the form, or not possible at all.

use crate::{
    components::form::Posted,
    load::{Failure, load, load_within},
};
use ostia_proto::status::field_of;
use std::time::Duration;
use tonic::{Code, Response, Status};

/// What requests wrap the fields of a form in.
const AROUND: [&str; 9] = [
    "rules",
    "selection",
    "limits",
    "plan",
    "definition",
    "stdio",
    "http",
    "sse",
    "pool",
];
/// No field of a form has such a name: what is said about one of them is about the form.
const WHOLE: [&str; 2] = ["definition", "stdio"];

/// `None`: control refused it, and why is in `posted`.
pub(crate) async fn save<T>(
    posted: &mut Posted,
    change: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<Option<T>, Failure> {
    saved(posted, load(change).await)
}

/// The same for what people know to take longer.
pub(crate) async fn save_within<T>(
    deadline: Duration,
    posted: &mut Posted,
    change: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<Option<T>, Failure> {
    saved(posted, load_within(deadline, change).await)
}

fn saved<T>(
    posted: &mut Posted,
    saved: Result<Response<T>, Failure>,
) -> Result<Option<T>, Failure> {
    match saved {
        Ok(saved) => Ok(Some(saved.into_inner())),
        Err(Failure::Refused(status)) if is_about_what_was_typed(&status) => {
            refuse(posted, &status);
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn is_about_what_was_typed(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument | Code::AlreadyExists | Code::FailedPrecondition
    )
}

fn refuse(posted: &mut Posted, status: &Status) {
    let (said, field) = (status.message(), field_of(status));
    let said = field
        .and_then(|field| said.strip_prefix(field)?.strip_prefix(": "))
        .unwrap_or(said);
    let place = match (status.code(), field) {
        (Code::AlreadyExists, _) => "name",
        (_, field) => field.map_or("", on_the_page),
    };
    posted.refuse(place, said);
}

/// `rules.arguments.regex` is on the page among `arguments`.
fn on_the_page(field: &str) -> &str {
    let inside = match field.split_once('.') {
        Some((first, rest)) if AROUND.contains(&first) => return on_the_page(rest),
        Some((first, _)) => first,
        None => field,
    };
    if WHOLE.contains(&inside) { "" } else { inside }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostia_proto::status::with_field;

    #[test]
    fn what_is_wrong_stands_beside_its_field() {
        for (field, place) in [
            ("rules.allow", "allow"),
            ("rules.arguments.regex", "arguments"),
            ("limits.burst", "burst"),
            ("name", "name"),
            ("plan", "plan"),
            ("definition.http.url", "url"),
            ("definition.credential", "credential"),
            ("stdio.program", "program"),
            ("pool.min_idle", "min_idle"),
            ("definition", ""),
        ] {
            let mut posted = Posted::default();
            let said = format!("{field}: is not so");
            refuse(
                &mut posted,
                &with_field(Status::invalid_argument(said), field),
            );
            assert_eq!(posted.problem(place).as_deref(), Some("is not so"));
        }
    }
}
