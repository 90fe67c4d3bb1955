//! The statements of a step, in the words of a database.

use sea_orm::DbBackend;

/// `@uuid7@`, `@bytes0aff@` and `@time3@` in the words of a database; `@@` is an `@`.
pub(super) fn filled_in(statements: &str, backend: DbBackend) -> String {
    let postgres = backend == DbBackend::Postgres;
    let mut parts = statements.split('@');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    while let (Some(name), Some(rest)) = (parts.next(), parts.next()) {
        let value = if name.is_empty() {
            "@".to_owned()
        } else if let Some(number) = name.strip_prefix("uuid") {
            let number: u128 = number.parse().expect("a number");
            let id = uuid::Uuid::from_u128(number);
            if postgres {
                format!("'{id}'")
            } else {
                format!("X'{}'", id.simple())
            }
        } else if let Some(bytes) = name.strip_prefix("bytes") {
            if postgres {
                format!("'\\x{bytes}'")
            } else {
                format!("X'{bytes}'")
            }
        } else if let Some(day) = name.strip_prefix("time") {
            format!("'2026-11-0{day}T10:00:00.123456+00:00'")
        } else {
            panic!("there is no @{name}@");
        };
        filled.push_str(&value);
        filled.push_str(rest);
    }
    filled
}
