//! The stable codes with which a phone refuses, and what a refusal means for the command (§12). New codes are added; none
//! changes its meaning.

use std::fmt;

wire_names! {
    /// Why a command or a document was refused.
    pub enum Reason as "reason" {
        /// Step 1: over a size or count of §4.
        TooLarge = "too_large",
        /// Steps 2 and 3: not the one canonical encoding, or an unknown member.
        BadEncoding = "bad_encoding",
        /// Step 2: a document of another type stands in this slot.
        WrongType = "wrong_type",
        /// Step 3: a version that this program does not speak.
        UnsupportedVersion = "unsupported_version",
        /// Step 3: a kind that this program does not know.
        UnknownKind = "unknown_kind",
        /// Step 3: a member is missing or outside its bounds.
        BadField = "bad_field",
        /// Step 4: for another fleet.
        WrongFleet = "wrong_fleet",
        /// Step 4: for another organisation.
        WrongOrganisation = "wrong_organisation",
        /// Step 5: the target proof is malformed.
        BadProof = "bad_proof",
        /// Step 5: the proof does not lead from this phone to the approved targets.
        NotTarget = "not_target",
        /// Step 6 and 14: a newer keyring is needed first.
        KeyringBehind = "keyring_behind",
        /// Step 7: a known key's signature does not verify.
        BadSignature = "bad_signature",
        /// Step 7: authenticator or client data of the wrong length.
        WaLength = "wa_length",
        /// Step 7: client data of another ceremony, challenge, origin or frame.
        WaClientData = "wa_client_data",
        /// Step 7: another RP ID.
        WaRpId = "wa_rp_id",
        /// Step 7: user presence, verification or backup flags are not as required.
        WaFlags = "wa_flags",
        /// Step 7: no known signer, or none with a grant.
        NotAuthorised = "not_authorised",
        /// Step 7: too few people.
        Threshold = "threshold",
        /// Step 7: too few people with an independent key.
        NeedsIndependent = "needs_independent",
        /// Step 7: more targets than the grant allows.
        TooManyTargets = "too_many_targets",
        /// Step 8: the id was used by another command.
        IdReused = "id_reused",
        /// Step 8: a cancel named it.
        Cancelled = "cancelled",
        /// Step 9: the phone has left the fleet.
        Ended = "ended",
        /// Step 11: the held keyring has expired.
        KeyringExpired = "keyring_expired",
        /// Step 11: the command has expired.
        Expired = "expired",
        /// Step 11: it is too early.
        NotYet = "not_yet",
        /// Step 11: the clock cannot be believed and nothing else tells the time.
        ClockUntrusted = "clock_untrusted",
        /// Step 12: a legal hold is active.
        Held = "held",
        /// Step 13: no verified checkpoint includes it.
        NotLogged = "not_logged",
        /// Step 13 and §14: the phone has seen two logs.
        LogForked = "log_forked",
        /// Step 14: a witness's clearance is missing.
        NoClearance = "no_clearance",
        /// Step 15: more of this kind than a day allows.
        RateLimited = "rate_limited",
        /// Step 15: battery, journal or phone cannot now.
        Busy = "busy",
        /// §3: the descriptor is not the pinned one.
        PinMismatch = "pin_mismatch",
        /// §5: an older keyring than the one held.
        KeyringRollback = "keyring_rollback",
        /// §5: a step of the chain is missing.
        KeyringGap = "keyring_gap",
        /// §5: the keyring breaks a rule or lacks signatures.
        KeyringInvalid = "keyring_invalid",
        /// §9: an older policy than the one held.
        PolicyRollback = "policy_rollback",
        /// §9: out of bounds or badly signed.
        PolicyInvalid = "policy_invalid",
        /// §14: the note is malformed or lacks signatures.
        CheckpointInvalid = "checkpoint_invalid",
        /// §14: smaller than the one held.
        CheckpointOld = "checkpoint_old",
        /// §14: the held checkpoint is not proven to be a prefix.
        LogInconsistent = "log_inconsistent",
        /// §13: the certificate is not for this phone's key and ids.
        CertificateMismatch = "certificate_mismatch",
        /// §16: a program release breaks a rule.
        ProgramInvalid = "program_invalid",
        /// §16: a program older than the one running.
        ProgramRollback = "program_rollback",
        /// §11: the phone's own state is damaged or another handset's.
        StateDamaged = "state_damaged",
    }
}

/// What a refusal means for the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// X: never journalled, so that nobody can burn an id in advance.
    NotAuthentic,
    /// F: journalled as refused, for good.
    Final,
    /// D: not journalled; may succeed later.
    Deferred,
}

/// A refusal: the code and its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The stable code.
    pub reason: Reason,
    /// What becomes of the command.
    pub class: Class,
}

impl Refusal {
    /// Class X.
    #[must_use]
    pub const fn not_authentic(reason: Reason) -> Self {
        Self {
            reason,
            class: Class::NotAuthentic,
        }
    }

    /// Class F.
    #[must_use]
    pub const fn terminal(reason: Reason) -> Self {
        Self {
            reason,
            class: Class::Final,
        }
    }

    /// Class D.
    #[must_use]
    pub const fn deferred(reason: Reason) -> Self {
        Self {
            reason,
            class: Class::Deferred,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Refusal {}
