//! Crashes: a node's writes are cut off at one of their ends, and from then on it is dead until it is started again.

use std::sync::{Arc, Mutex, PoisonError};

use muster_store::{Boundary, Faults};

/// Where one node dies.
#[derive(Debug, Clone, Default)]
pub struct Blade(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// How many ends of writes it passes before it dies.
    left: Option<u32>,
    /// How many it has passed since it was armed.
    passed: u32,
    dead: bool,
}

impl Blade {
    /// What the node's store is opened with.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let state = self.0.clone();
        Faults::new(move |boundary| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.fall(boundary)
        })
    }

    /// It dies at the end of a write that comes after `ends` others: two to each write, before and after the commit.
    pub fn arm(&self, ends: u32) {
        *self.state() = State {
            left: Some(ends),
            ..State::default()
        };
    }

    /// It is started again, and dies nowhere; answers whether it had died, and how many ends it passed.
    pub fn lift(&self) -> (bool, u32) {
        let state = std::mem::take(&mut *self.state());
        (state.dead, state.passed)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fall(&mut self, boundary: Boundary) -> bool {
        if self.dead {
            // Whoever is dead writes nothing; what is committed already it can no longer take back.
            return boundary == Boundary::BeforeCommit;
        }
        match &mut self.left {
            Some(0) => {
                self.dead = true;
                true
            }
            Some(left) => {
                *left -= 1;
                self.passed += 1;
                false
            }
            None => false,
        }
    }
}
