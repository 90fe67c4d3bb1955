//! How long calls took, from how many there were in each class.

use crate::components::number;

/// What a part of all calls did not take longer than; in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantile {
    /// There were no calls.
    OfNothing,
    /// More than `above`, `at_most` at most, and `about` if the calls of a class lie evenly in it.
    About {
        about: u64,
        above: u64,
        at_most: u64,
    },
    /// In the last class, which has no end.
    Above(u64),
}

impl Quantile {
    /// Of so many percent of the calls. `counts` is by class, `bounds` has the upper ends of all but the last.
    pub(crate) fn of(percent: u64, counts: &[u64], bounds: &[u64]) -> Self {
        let all: u64 = counts.iter().sum();
        if all == 0 {
            return Self::OfNothing;
        }
        let rank = all.saturating_mul(percent).div_ceil(100).max(1);
        let (mut before, mut above) = (0, 0);
        for (count, at_most) in counts.iter().zip(bounds) {
            if before + count >= rank {
                let width = u128::from(at_most.saturating_sub(above));
                let within = width * u128::from(rank - before) / u128::from(*count);
                return Self::About {
                    about: above + u64::try_from(within).unwrap_or(0),
                    above,
                    at_most: *at_most,
                };
            }
            before += count;
            above = *at_most;
        }
        Self::Above(above)
    }

    /// For people, with what is certain about it.
    pub(crate) fn said(self) -> (String, String) {
        match self {
            Self::OfNothing => ("–".to_owned(), "there were no calls".to_owned()),
            Self::About {
                about,
                above: 0,
                at_most,
            } => (
                format!("≈ {}", number::duration(about)),
                format!("{} at most", number::duration(at_most)),
            ),
            Self::About {
                about,
                above,
                at_most,
            } => {
                let (above, at_most) = (number::duration(above), number::duration(at_most));
                let about = number::duration(about);
                (
                    format!("≈ {about}"),
                    format!("between {above} and {at_most}"),
                )
            }
            Self::Above(above) => (
                format!("> {}", number::duration(above)),
                "longer than is counted apart".to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [u64; 3] = [1_000, 3_000, 10_000];

    fn about(about: u64, above: u64, at_most: u64) -> Quantile {
        Quantile::About {
            about,
            above,
            at_most,
        }
    }

    #[test]
    fn it_lies_in_the_class_that_has_its_call() {
        let counts = [50, 40, 9, 1];
        assert_eq!(Quantile::of(50, &counts, &BOUNDS), about(1_000, 0, 1_000));
        assert_eq!(
            Quantile::of(70, &counts, &BOUNDS),
            about(2_000, 1_000, 3_000)
        );
        assert_eq!(
            Quantile::of(99, &counts, &BOUNDS),
            about(10_000, 3_000, 10_000)
        );
        assert_eq!(Quantile::of(100, &counts, &BOUNDS), Quantile::Above(10_000));
    }

    #[test]
    fn few_calls_and_none_have_one_too() {
        assert_eq!(Quantile::of(50, &[0; 4], &BOUNDS), Quantile::OfNothing);
        assert_eq!(
            Quantile::of(95, &[0, 1, 0, 0], &BOUNDS),
            about(3_000, 1_000, 3_000)
        );
        assert_eq!(
            Quantile::of(1, &[0, 0, 0, 7], &BOUNDS),
            Quantile::Above(10_000)
        );
        assert_eq!(Quantile::of(50, &[], &[]), Quantile::OfNothing);
    }

    #[test]
    fn what_is_certain_is_said_beside_what_is_not() {
        let said = Quantile::of(70, &[50, 40, 9, 1], &BOUNDS).said();
        assert_eq!(
            said,
            (
                "≈ 2.0 ms".to_owned(),
                "between 1.0 ms and 3.0 ms".to_owned()
            )
        );
    }
}
