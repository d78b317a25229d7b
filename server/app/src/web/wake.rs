//! Which phones wait for a wake-up at this node, and how they are woken.

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::Notify;

/// The phones that are parked on `GET /v1/wake`, by device id. A wake-up carries nothing: commands travel by check-in.
#[derive(Debug, Default)]
pub struct Wakeups {
    parked: DashMap<String, Arc<Notify>>,
}

/// A place among the parked; it is given up when dropped.
#[derive(Debug)]
pub struct Parked<'a> {
    wakeups: &'a Wakeups,
    device: String,
    bell: Arc<Notify>,
}

impl Wakeups {
    /// Parks a phone. Look for work *after* parking, or a wake-up between the look and the wait is missed.
    pub fn park(&self, device: &str) -> Parked<'_> {
        let bell = self.parked.entry(device.to_owned()).or_default().clone();
        Parked {
            wakeups: self,
            device: device.to_owned(),
            bell,
        }
    }

    /// Wakes a phone, if it waits here.
    pub fn wake(&self, device: &str) {
        if let Some(bell) = self.parked.get(device) {
            bell.notify_waiters();
        }
    }

    /// Wakes everybody: the server is closing.
    pub fn wake_all(&self) {
        for bell in &self.parked {
            bell.notify_waiters();
        }
    }

    /// The phones that wait here.
    #[must_use]
    pub fn parked(&self) -> Vec<String> {
        self.parked
            .iter()
            .map(|place| place.key().clone())
            .collect()
    }

    /// How many phones wait here.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parked.len()
    }
}

impl Parked<'_> {
    /// The bell to wait for. Take its `notified()` future before looking for work.
    #[must_use]
    pub fn bell(&self) -> Arc<Notify> {
        self.bell.clone()
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        // Two are left when nobody else waits for this device: the map's and ours.
        self.wakeups
            .parked
            .remove_if(&self.device, |_, bell| Arc::strong_count(bell) <= 2);
    }
}
