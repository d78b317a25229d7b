//! Names of things, each its own type so that one cannot stand for another. A value of these types is well-formed.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;
use crate::field::FieldError;

/// Declares an id that is a checked text.
macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident, $field:literal, $check:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks the form.
            ///
            /// # Errors
            /// [`FieldError::Invalid`] for any other form.
            pub fn parse(text: &str) -> Result<Self, FieldError> {
                if $check(text) { Ok(Self(text.to_owned())) } else { Err(FieldError::Invalid($field)) }
            }

            /// The text as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        id_traits!($name);
    };
}

/// Declares an id that is a digest.
macro_rules! digest_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Digest);

        impl $name {
            /// Reads 64 lower-case hex digits.
            ///
            /// # Errors
            /// [`FieldError::Invalid`] for any other form.
            pub fn parse(text: &str) -> Result<Self, FieldError> {
                Digest::parse(text).map(Self)
            }

            /// The digest.
            #[must_use]
            pub const fn digest(&self) -> &Digest {
                &self.0
            }
        }

        id_traits!($name);
    };
}

/// What both have in common.
macro_rules! id_traits {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = FieldError;

            fn from_str(text: &str) -> Result<Self, FieldError> {
                Self::parse(text)
            }
        }
    };
}

text_id! {
    /// A fleet: 32 lower-case hex digits of randomness.
    FleetId, "fleet", is_hex_32
}
text_id! {
    /// A person, opaque on purpose: no names travel to phones. 32 lower-case hex digits.
    Person, "person", is_hex_32
}
text_id! {
    /// An organisation: a lower-case UUID.
    OrganisationId, "organisation", is_uuid
}
text_id! {
    /// A device record of the server: a lower-case UUID.
    DeviceId, "device", is_uuid
}
text_id! {
    /// A command: a lower-case UUID, chosen by whoever drafts it.
    CommandId, "id", is_uuid
}
text_id! {
    /// A handset's serial number: 1–64 of `[A-Za-z0-9._-]`.
    SerialNumber, "serial", is_serial
}
text_id! {
    /// The case that a legal hold belongs to: 1–64 of the serial alphabet.
    CaseNumber, "case", is_serial
}
digest_id! {
    /// The hash of the key that a phone made at one enrolment: chosen by the phone, new each time.
    EnrolmentId
}
digest_id! {
    /// The name of a public key: SHA-256 of `alg || 0x00 || raw key` (§2).
    KeyId
}

impl EnrolmentId {
    /// The enrolment id of a device key, given as its 65 raw bytes (§13).
    #[must_use]
    pub fn of_device_key(raw: &[u8; 65]) -> Self {
        Self(Digest::of(raw))
    }
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn is_hex_32(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(is_lower_hex)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => is_lower_hex(byte),
        })
}

fn is_serial(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
