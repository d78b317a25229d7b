//! Named places at which a test may make the program die, to show that nothing is lost or doubled.
//!
//! Compiled in with the feature `crash-points` only; without it [`CrashPoints::reach`] is nothing.

/// Every crash point, in the order in which a phone's life meets them. The suite iterates over this list.
pub const CRASH_POINTS: &[&str] = &[
    "enrolment.intent-recorded",
    "enrolment.certificate-signed",
    "enrolment.certificate-stored",
    "renewal.intent-recorded",
    "renewal.certificate-signed",
    "check-in.recorded",
    "command.drafted",
    "command.approved",
    "command.sealed",
    "receipts.stored",
    "log.numbered",
    "revocation.recorded",
    "crl.signed",
    "renewals.batch-written",
    "renewals.poison-found",
    "mail.claimed",
    "mail.sent",
];

/// Which of [`CRASH_POINTS`] is armed, if any.
#[derive(Debug, Clone, Default)]
pub struct CrashPoints {
    #[cfg(feature = "crash-points")]
    armed: Option<String>,
}

impl CrashPoints {
    /// No point armed.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The point `name` armed: the program aborts when it gets there.
    ///
    /// # Errors
    /// There is no such point.
    #[cfg(feature = "crash-points")]
    pub fn arm(name: &str) -> Result<Self, String> {
        if CRASH_POINTS.contains(&name) {
            Ok(Self {
                armed: Some(name.to_owned()),
            })
        } else {
            Err(format!(
                "there is no crash point {name}; there are {}",
                CRASH_POINTS.join(", ")
            ))
        }
    }

    /// Dies here when `name` is armed, as if the machine had lost its power: no destructor runs, nothing is flushed.
    #[cfg_attr(
        not(feature = "crash-points"),
        expect(clippy::unused_self, reason = "one signature with and without")
    )]
    pub fn reach(&self, name: &'static str) {
        debug_assert!(
            CRASH_POINTS.contains(&name),
            "{name} is missing from CRASH_POINTS"
        );
        #[cfg(feature = "crash-points")]
        if self.armed.as_deref() == Some(name) {
            tracing::error!(point = name, "dying at a crash point");
            std::process::abort();
        }
    }
}
