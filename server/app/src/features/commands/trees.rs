//! Target trees of sealed commands, kept while they are delivered: a command for 4,096 phones is hashed once, not once a phone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use muster_protocol::ids::{DeviceId, EnrolmentId, SerialNumber};
use muster_protocol::target::{Leaf, TargetTree};
use muster_store::targets::{self, TargetLeaf};
use muster_store::{Conn, StoreError, StoreResult};

/// Trees kept. The largest takes about a megabyte.
const KEPT: usize = 32;

/// The trees used last.
#[derive(Default)]
pub struct TargetTrees(Mutex<VecDeque<(String, Arc<TargetTree>)>>);

impl TargetTrees {
    /// The tree of a command.
    ///
    /// # Errors
    /// The database did not answer, or its rows make no tree.
    pub fn of(&self, c: &mut Conn, command: &str) -> StoreResult<Arc<TargetTree>> {
        if let Some((_, tree)) = self.lock().iter().find(|(id, _)| id == command) {
            return Ok(tree.clone());
        }
        let damaged =
            |_| StoreError::Corrupt(format!("the targets of command {command} do not read"));
        let leaves: Result<Vec<Leaf>, _> = targets::leaves(c, command)?.iter().map(leaf).collect();
        let tree = Arc::new(
            TargetTree::build(leaves.map_err(damaged)?)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?,
        );
        let mut kept = self.lock();
        kept.push_front((command.to_owned(), tree.clone()));
        kept.truncate(KEPT);
        Ok(tree)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(String, Arc<TargetTree>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The protocol's leaf of a row.
///
/// # Errors
/// The row holds what is no id or serial number.
pub fn leaf(row: &TargetLeaf) -> Result<Leaf, muster_protocol::field::FieldError> {
    Ok(Leaf {
        device: DeviceId::parse(&row.device_id)?,
        enrolment: EnrolmentId::parse(&row.enrolment_id)?,
        serial: SerialNumber::parse(&row.serial_number)?,
    })
}
