//! Hours of the week, such as `mon-fri 08:00-18:00`; always in UTC.

use crate::clock::Timestamp;
use chrono::{Datelike as _, Timelike as _, Weekday};
use serde::{Deserialize, Serialize};
use std::fmt;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES: u32 = 24 * 60;

/// The same hours on some days of the week. Hours that end before they begin go on after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    /// By day, Monday first.
    days: [bool; 7],
    /// Minutes of the day; the second is not in it any more.
    from: u32,
    until: u32,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no time window: write it as mon-fri 08:00-18:00, in UTC")]
pub struct WindowError(String);

impl Window {
    pub fn parse(text: &str) -> Result<Self, WindowError> {
        let wrong = || WindowError(text.to_owned());
        let (days, hours) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (from, until) = hours.trim().split_once('-').ok_or_else(wrong)?;
        let window = Self {
            days: parse_days(days).ok_or_else(wrong)?,
            from: parse_minute(from).ok_or_else(wrong)?,
            until: parse_minute(until).ok_or_else(wrong)?,
        };
        if window.from == window.until || window.from == MINUTES {
            return Err(wrong());
        }
        Ok(window)
    }

    pub fn contains(&self, at: Timestamp) -> bool {
        let today = at.weekday();
        let minute = at.hour() * 60 + at.minute();
        let on = |day: Weekday| self.days[day.num_days_from_monday() as usize];
        if self.from < self.until {
            return on(today) && (self.from..self.until).contains(&minute);
        }
        // The part after midnight belongs to the day before.
        (on(today) && minute >= self.from) || (on(today.pred()) && minute < self.until)
    }
}

fn parse_days(text: &str) -> Option<[bool; 7]> {
    let at = |name: &str| DAYS.iter().position(|day| *day == name);
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (at(first)?, at(last)?);
        let mut day = first;
        days[day] = true;
        while day != last {
            day = (day + 1) % 7;
            days[day] = true;
        }
    }
    Some(days)
}

fn parse_minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= MINUTES).then_some(at)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<_> = DAYS
            .iter()
            .zip(self.days)
            .filter_map(|(name, on)| on.then_some(*name))
            .collect();
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(
            f,
            "{} {}-{}",
            days.join(","),
            time(self.from),
            time(self.until)
        )
    }
}

impl TryFrom<String> for Window {
    type Error = WindowError;
    fn try_from(text: String) -> Result<Self, WindowError> {
        Self::parse(&text)
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(window: &str, at: &str) -> bool {
        let at: Timestamp = at.parse().unwrap();
        Window::parse(window).unwrap().contains(at)
    }

    #[test]
    fn hours_hold_on_their_days() {
        // A Friday.
        assert!(within("mon-fri 08:00-18:00", "2026-11-20T08:00:00Z"));
        assert!(!within("mon-fri 08:00-18:00", "2026-11-20T18:00:00Z"));
        assert!(!within("mon-fri 08:00-18:00", "2026-11-21T12:00:00Z"));
        assert!(within("sat,sun 00:00-24:00", "2026-11-21T23:59:59Z"));
        assert!(within("sat-mon 00:00-24:00", "2026-11-23T00:00:00Z"));
    }

    #[test]
    fn a_night_goes_on_after_midnight() {
        let night = "fri 22:00-06:00";
        assert!(within(night, "2026-11-20T23:00:00Z"));
        assert!(within(night, "2026-11-21T05:59:00Z"));
        assert!(!within(night, "2026-11-20T05:00:00Z"));
        assert!(!within(night, "2026-11-21T22:00:00Z"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "mon",
            "mon 8:00-9:00",
            "foo 08:00-09:00",
            "mon 08:00-08:00",
            "mon 24:00-06:00",
            "mon 08:60-09:00",
            "mon 08:00-25:00",
        ] {
            assert!(Window::parse(text).is_err(), "{text}");
        }
        let written = Window::parse("fri-sun 08:00-24:00").unwrap().to_string();
        assert_eq!(written, "fri,sat,sun 08:00-24:00");
        assert!(Window::parse(&written).is_ok());
    }
}
