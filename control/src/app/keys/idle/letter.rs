//! What somebody reads about keys that nobody uses.

use crate::store::keys::{StoredKey, idle_since};
use chrono::TimeDelta;
use ostia_domain::{clock::Timestamp, key::display};
use std::fmt::Write as _;

/// What is said at once, of one owner's keys.
pub(super) struct Letter<'a> {
    pub(super) to: &'a str,
    pub(super) keys: &'a [StoredKey],
    pub(super) max_idle: TimeDelta,
    pub(super) now: Timestamp,
    /// Of the page with their keys, if people can reach one.
    pub(super) page: Option<&'a str>,
}

impl Letter<'_> {
    pub(super) fn subject(&self) -> &'static str {
        match self.keys.len() {
            1 => "An API key that you do not use will be switched off",
            _ => "API keys that you do not use will be switched off",
        }
    }

    pub(super) fn text(&self) -> String {
        let keys: String = self.keys.iter().map(|key| self.about(key)).collect();
        let days = self.max_idle.num_days();
        let days = format!("{days} {}", if days == 1 { "day" } else { "days" });
        let place = match self.page {
            // On a line of its own, so that whatever shows it finds its end.
            Some(page) => format!("it on:\n\n  {page}\n"),
            None => "it on in the\ndashboard, or with `ostia keys activate`.\n".to_owned(),
        };
        format!(
            "Hello {},\n\n\
             API keys that nobody uses for {days} are switched off here. Of yours:\n\n\
             {keys}\
             Whoever still needs a key uses it before then: one call is enough. A key that is off\n\
             refuses calls, and works again when somebody switches {place}\n\
             Nobody reads answers to this mail.\n",
            on_one_line(self.to)
        )
    }

    fn about(&self, key: &StoredKey) -> String {
        let last_four = key.secrets.first().map_or("", |secret| &secret.last_four);
        let end = idle_since(key) + self.max_idle;
        let end = if end <= self.now {
            "now".to_owned()
        } else {
            moment(end)
        };
        let used = key.last_used.at.map_or("never".to_owned(), moment);
        let mut text = String::new();
        let _ = write!(
            text,
            "  {}\n    key:           {}\n    last used:     {used}\n    switched off:  {end}\n\n",
            on_one_line(&key.name),
            display(key.mode, &key.public_id, last_four),
        );
        text
    }
}

fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Names have no control characters, unless somebody wrote them into the database.
fn on_one_line(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys::LastUse;
    use ostia_domain::key::{Mode, PublicId, Restrictions};
    use uuid::Uuid;

    fn key(name: &str, created_at: Timestamp, used_at: Option<Timestamp>) -> StoredKey {
        StoredKey {
            id: Uuid::nil(),
            public_id: PublicId::parse("abcdefghijk1").unwrap(),
            name: name.to_owned(),
            mode: Mode::Live,
            owner_id: Uuid::nil(),
            policies: Vec::new(),
            plan: None,
            active: true,
            activated_at: None,
            idle_since: None,
            idle_told_at: None,
            created_at,
            expires_at: None,
            revoked_at: None,
            last_used: LastUse {
                at: used_at,
                ..LastUse::default()
            },
            restrictions: Restrictions::default(),
            secrets: Vec::new(),
        }
    }

    #[test]
    fn it_says_which_keys_and_when() {
        let now: Timestamp = "2026-11-21T10:30:00Z".parse().unwrap();
        let days = TimeDelta::days;
        let keys = [
            key("reports", now - days(60), Some(now - days(25))),
            // No such name can be given.
            key("a\n\nFrom: b", now - days(30), None),
        ];
        let letter = Letter {
            to: "Zoë\r\n",
            keys: &keys,
            max_idle: days(30),
            now,
            page: Some("https://ostia.example/keys"),
        };
        assert_eq!(
            letter.text(),
            "Hello Zoë,\n\
             \n\
             API keys that nobody uses for 30 days are switched off here. Of yours:\n\
             \n  \
               reports\n    \
                 key:           ost_live_abcdefghijk1…\n    \
                 last used:     2026-10-27 10:30 UTC\n    \
                 switched off:  2026-11-26 10:30 UTC\n\
             \n  \
               aFrom: b\n    \
                 key:           ost_live_abcdefghijk1…\n    \
                 last used:     never\n    \
                 switched off:  now\n\
             \n\
             Whoever still needs a key uses it before then: one call is enough. A key that is off\n\
             refuses calls, and works again when somebody switches it on:\n\
             \n  \
               https://ostia.example/keys\n\
             \n\
             Nobody reads answers to this mail.\n"
        );
        let one = Letter {
            keys: &keys[..1],
            page: None,
            max_idle: days(1),
            ..letter
        };
        assert!(one.subject().starts_with("An API key "));
        assert!(one.text().contains("for 1 day are"), "{}", one.text());
        assert!(one.text().contains("keys activate`.\n"), "{}", one.text());
    }
}
