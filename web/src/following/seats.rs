//! How many may follow at once: each asks control every second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

const OF_A_USER: usize = 4;
const OF_ALL: usize = 64;

/// Who has how many.
#[derive(Clone, Default)]
pub(crate) struct Seats(Arc<Mutex<HashMap<Uuid, usize>>>);

/// Given back when it is dropped.
pub(super) struct Seat {
    of: Uuid,
    seats: Seats,
}

impl Seats {
    /// `None`: there is none left.
    pub(super) fn take(&self, user: Uuid) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= OF_ALL {
            return None;
        }
        let own = taken.entry(user).or_default();
        if *own >= OF_A_USER {
            return None;
        }
        *own += 1;
        Some(Seat {
            of: user,
            seats: self.clone(),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.of) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_than_some_and_all_not_more_than_there_are() {
        let seats = Seats::default();
        let mut taken: Vec<_> = (0..OF_ALL as u128 / OF_A_USER as u128)
            .flat_map(|user| {
                let user = Uuid::from_u128(user);
                let own: Vec<_> = (0..OF_A_USER).map(|_| seats.take(user).unwrap()).collect();
                assert!(seats.take(user).is_none());
                own
            })
            .collect();
        let late = Uuid::from_u128(1_000);
        assert!(seats.take(late).is_none());
        taken.pop();
        let seat = seats.take(late);
        assert!(seat.is_some());
        drop((seat, taken));
        assert!(seats.0.lock().unwrap().is_empty());
    }
}
