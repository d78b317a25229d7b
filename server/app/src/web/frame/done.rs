//! What just happened, told in passing by the page that follows.

use actix_web::HttpRequest;

use crate::web::fields::Fields;
use crate::web::text::Key;

/// What just happened, for the toast of the page that follows. It travels in the address as a word of this table, so
/// that nobody can put words of their own on our pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says itself")]
pub enum Done {
    PasswordChanged,
    ThemeChosen,
    SessionEnded,
    PasskeyAdded,
    PasskeyRemoved,
    MemberDisabled,
    TokenRevoked,
    OrganisationAdded,
    CommandSent,
    CommandCancelled,
    CertificateRevoked,
    DeviceChanged,
    ApprovingPasskeyAdded,
    ApprovingPasskeyRemoved,
    CommandSigned,
    CommandSealed,
    RenewalUnparked,
}

impl Done {
    const ALL: [(Self, &'static str, Key); 17] = [
        (
            Self::PasswordChanged,
            "password-changed",
            Key("done-password-changed"),
        ),
        (Self::ThemeChosen, "theme-chosen", Key("done-theme-chosen")),
        (
            Self::SessionEnded,
            "session-ended",
            Key("done-session-ended"),
        ),
        (
            Self::PasskeyAdded,
            "passkey-added",
            Key("done-passkey-added"),
        ),
        (
            Self::PasskeyRemoved,
            "passkey-removed",
            Key("done-passkey-removed"),
        ),
        (
            Self::MemberDisabled,
            "member-disabled",
            Key("done-member-disabled"),
        ),
        (
            Self::TokenRevoked,
            "token-revoked",
            Key("done-token-revoked"),
        ),
        (
            Self::OrganisationAdded,
            "organisation-added",
            Key("done-organisation-added"),
        ),
        (Self::CommandSent, "command-sent", Key("done-command-sent")),
        (
            Self::CommandCancelled,
            "command-cancelled",
            Key("done-command-cancelled"),
        ),
        (
            Self::CertificateRevoked,
            "certificate-revoked",
            Key("done-certificate-revoked"),
        ),
        (
            Self::DeviceChanged,
            "device-changed",
            Key("done-device-changed"),
        ),
        (
            Self::ApprovingPasskeyAdded,
            "approving-passkey-added",
            Key("done-approving-passkey-added"),
        ),
        (
            Self::ApprovingPasskeyRemoved,
            "approving-passkey-removed",
            Key("done-approving-passkey-removed"),
        ),
        (
            Self::CommandSigned,
            "command-signed",
            Key("done-command-signed"),
        ),
        (
            Self::CommandSealed,
            "command-sealed",
            Key("done-command-sealed"),
        ),
        (
            Self::RenewalUnparked,
            "renewal-unparked",
            Key("done-renewal-unparked"),
        ),
    ];

    /// The word that travels.
    pub(super) fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(done, _, _)| *done == self)
            .map_or("", |(_, word, _)| word)
    }

    /// What a request's address says was done.
    pub(super) fn of(request: &HttpRequest) -> Option<Key> {
        let query = Fields::parse(request.query_string().as_bytes());
        let said = query.some("done")?;
        Self::ALL
            .iter()
            .find(|(_, word, _)| *word == said)
            .map(|(_, _, key)| *key)
    }
}
