//! Which phones a command is for (§7): a tree whose leaves name device, enrolment and serial, so that an approval fits no
//! other handset and no other enrolment.

use std::collections::{BTreeSet, HashMap};

use crate::digest::Digest;
use crate::ids::{DeviceId, EnrolmentId, SerialNumber};
use crate::merkle::{self, Node, ProofError};
use crate::reason::{Reason, Refusal};

/// The most targets of one command.
pub const TARGETS_MAX: usize = 4_096;
/// The most hashes in a target proof.
pub const PROOF_MAX: usize = 12;

/// One phone. The phone builds it from its own state, never from what it was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leaf {
    /// The server's record.
    pub device: DeviceId,
    /// The enrolment: chosen by the phone.
    pub enrolment: EnrolmentId,
    /// The handset.
    pub serial: SerialNumber,
}

impl Leaf {
    /// The leaf's bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        format!(
            "muster-target/v1\n{}\n{}\n{}\n",
            self.device, self.enrolment, self.serial
        )
        .into_bytes()
    }

    /// The leaf's hash.
    #[must_use]
    pub fn hash(&self) -> Digest {
        merkle::leaf_hash(&self.bytes())
    }
}

/// What a command's payload says of its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets {
    /// How many, 1–4,096.
    pub count: u32,
    /// The root of their tree.
    pub root: Digest,
}

/// Why leaves make no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// None, or more than 4,096.
    #[error("a command has 1 to {TARGETS_MAX} targets")]
    Count,
    /// A device stands in it twice.
    #[error("a device is named twice")]
    SameDevice,
    /// An enrolment stands in it twice.
    #[error("an enrolment is named twice")]
    SameEnrolment,
}

/// The tree of all targets: what the server stores and the approver's program computes again.
#[derive(Debug, Clone)]
pub struct TargetTree {
    leaves: Vec<Leaf>,
    nodes: HashMap<(u32, u64), Digest>,
    root: Digest,
    count: u32,
}

impl TargetTree {
    /// Sorts the leaves by their bytes and hashes them.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn build(leaves: Vec<Leaf>) -> Result<Self, TargetError> {
        if leaves.is_empty() || leaves.len() > TARGETS_MAX {
            return Err(TargetError::Count);
        }
        let count = u32::try_from(leaves.len()).map_err(|_| TargetError::Count)?;
        let distinct = |count: usize| count == leaves.len();
        if !distinct(
            leaves
                .iter()
                .map(|leaf| &leaf.device)
                .collect::<BTreeSet<_>>()
                .len(),
        ) {
            return Err(TargetError::SameDevice);
        }
        if !distinct(
            leaves
                .iter()
                .map(|leaf| &leaf.enrolment)
                .collect::<BTreeSet<_>>()
                .len(),
        ) {
            return Err(TargetError::SameEnrolment);
        }
        let mut leaves = leaves;
        leaves.sort_by_cached_key(Leaf::bytes);
        let hashes: Vec<Digest> = leaves.iter().map(Leaf::hash).collect();
        // From an empty tree on, every left neighbour is among the new nodes.
        let nodes = merkle::append(0, &hashes, |_, _| None).map_err(|_| TargetError::Count)?;
        let nodes: HashMap<_, _> = nodes
            .into_iter()
            .map(|Node { level, index, hash }| ((level, index), hash))
            .collect();
        let root = merkle::root(u64::from(count), |level, index| {
            nodes.get(&(level, index)).copied()
        })
        .map_err(|_| TargetError::Count)?;
        Ok(Self {
            leaves,
            nodes,
            root,
            count,
        })
    }

    /// What goes into the payload.
    #[must_use]
    pub const fn targets(&self) -> Targets {
        Targets {
            count: self.count,
            root: self.root,
        }
    }

    /// The root.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// How many targets.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The leaves in the tree's order.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Where a leaf stands.
    #[must_use]
    pub fn position(&self, leaf: &Leaf) -> Option<u32> {
        let bytes = leaf.bytes();
        let at = self
            .leaves
            .binary_search_by(|other| other.bytes().cmp(&bytes))
            .ok()?;
        u32::try_from(at).ok()
    }

    /// The proof for the leaf at this position; none when there is no such position.
    #[must_use]
    pub fn proof(&self, position: u32) -> Option<TargetProof> {
        if position >= self.count {
            return None;
        }
        let node = |level, index| self.nodes.get(&(level, index)).copied();
        let hashes =
            merkle::inclusion_proof(u64::from(position), u64::from(self.count), node).ok()?;
        Some(TargetProof {
            index: u64::from(position),
            hashes,
        })
    }
}

/// The way from one leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetProof {
    /// The leaf's position.
    pub index: u64,
    /// The neighbours, from the leaf upwards.
    pub hashes: Vec<Digest>,
}

/// Whether the phone that `leaf` describes is among the targets (§12 step 5).
///
/// # Errors
/// `too_large` above [`PROOF_MAX`] hashes; `bad_proof` when index or number of hashes cannot belong to this count;
/// `not_target` when the proof leads to another root.
pub fn verify(leaf: &Leaf, proof: &TargetProof, targets: &Targets) -> Result<(), Refusal> {
    if proof.hashes.len() > PROOF_MAX {
        return Err(Refusal::not_authentic(Reason::TooLarge));
    }
    let count = u64::from(targets.count);
    merkle::verify_inclusion(
        &leaf.hash(),
        proof.index,
        count,
        &proof.hashes,
        &targets.root,
    )
    .map_err(|error| {
        Refusal::not_authentic(match error {
            ProofError::Malformed => Reason::BadProof,
            ProofError::Mismatch => Reason::NotTarget,
        })
    })
}
