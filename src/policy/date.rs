//! A calendar date. A pure stage has no clock, so today is always passed in.

use std::fmt;
use std::str::FromStr;

/// A day of the proleptic Gregorian calendar, as ISO 8601 writes it: `2027-06-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form 2027-06-30")]
pub struct DateError;

impl Date {
    /// The date, unless there is no such day. Months and days count from 1, years end at 9999.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_day = year <= 9999 && (1..=days_of(year, month)).contains(&day);
        is_day.then_some(Self { year, month, day })
    }

    /// The date in UTC at a number of seconds since 1970-01-01.
    ///
    /// A time past the year 9999 is the last day of it.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Self {
        const LAST: Date = Date { year: 9999, month: 12, day: 31 };
        let mut days = seconds / 86_400;
        for year in 1970..=9999 {
            for month in 1..=12 {
                let length = days_of(year, month);
                match days.checked_sub(u64::from(length)) {
                    Some(rest) => days = rest,
                    None => {
                        let day = u8::try_from(days).unwrap_or(length).saturating_add(1);
                        return Self { year, month, day };
                    }
                }
            }
        }
        LAST
    }
}

/// How many days a month has; 0 for a month that there is not.
fn days_of(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let mut parts = text.splitn(3, '-');
        let mut number = |digits: usize| -> Option<u16> {
            let part = parts.next()?;
            let is_number = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| part.parse().ok())?
        };
        let (year, month, day) = (number(4), number(2), number(2));
        let date = year.zip(month).zip(day).and_then(|((year, month), day)| {
            Self::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
        });
        date.ok_or(DateError)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_that_exist() {
        for text in ["2027-06-30", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2027",
            "2027-06",
            "2027-6-30",
            "2027-06-31",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "2023-02-29",
            "1900-02-29",
            "27-06-30",
            "2027-06-30T00:00",
            "+027-06-30",
            "2027/06/30",
            "tomorrow",
        ] {
            assert_eq!(text.parse::<Date>(), Err(DateError), "{text}");
        }
    }

    #[test]
    fn dates_are_ordered_by_time() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        assert!(date("2026-12-31") < date("2027-01-01"));
        assert!(date("2027-01-31") < date("2027-02-01"));
    }

    /// Expected values are from `date -u -d @SECONDS +%F` of GNU coreutils.
    #[test]
    fn seconds_become_dates() {
        let date = |seconds| Date::from_unix_seconds(seconds).to_string();
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(86_399), "1970-01-01");
        assert_eq!(date(951_782_400), "2000-02-29");
        assert_eq!(date(1_798_761_599), "2026-12-31");
        assert_eq!(date(1_798_761_600), "2027-01-01");
        assert_eq!(date(u64::MAX), "9999-12-31");
    }
}
