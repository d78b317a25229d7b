//! Certificate serial numbers: 16 random octets, positive, always 32 hex digits.

use std::fmt;

use crate::Randomness;

/// A certificate's serial number, drawn before the certificate is signed so that the intent can be written down.
///
/// 126 random bits: the top bit is clear (positive) and the next one set (no leading zero octet), so the DER integer
/// has exactly 16 octets (RFC 5280 §4.1.2.2 allows 20) and its hex form never changes length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial([u8; 16]);

/// Why a text is no serial number of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a certificate serial number is 32 lower-case hex digits, the first of them 4 to 7")]
pub struct SerialError;

impl Serial {
    /// Draws a new serial number.
    pub fn draw(random: &mut Randomness<'_>) -> Self {
        let mut octets = [0u8; 16];
        random(&mut octets);
        octets[0] = (octets[0] & 0x3f) | 0x40;
        Self(octets)
    }

    /// Reads the form in which serial numbers are stored.
    ///
    /// # Errors
    /// Anything but what [`Serial::draw`] could have made.
    pub fn from_hex(text: &str) -> Result<Self, SerialError> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(SerialError);
        }
        let mut octets = [0u8; 16];
        hex::decode_to_slice(text, &mut octets).map_err(|_| SerialError)?;
        Self::from_octets(&octets)
    }

    /// Reads the value octets of a DER integer.
    ///
    /// # Errors
    /// Anything but what [`Serial::draw`] could have made.
    pub fn from_octets(octets: &[u8]) -> Result<Self, SerialError> {
        let octets: [u8; 16] = octets.try_into().map_err(|_| SerialError)?;
        if octets[0] & 0xc0 == 0x40 {
            Ok(Self(octets))
        } else {
            Err(SerialError)
        }
    }

    /// The value octets, big-endian.
    pub fn octets(&self) -> &[u8; 16] {
        &self.0
    }

    /// 32 lower-case hex digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_draw_is_positive_and_survives_its_hex_form(bytes in any::<[u8; 16]>()) {
            let serial = Serial::draw(&mut |out: &mut [u8]| out.copy_from_slice(&bytes));
            prop_assert!(serial.octets()[0] < 0x80);
            prop_assert_eq!(serial.to_hex().len(), 32);
            prop_assert_eq!(Serial::from_hex(&serial.to_hex()), Ok(serial));
        }
    }

    #[test]
    fn foreign_serials_are_refused() {
        for text in [
            "",
            "40",
            &"00".repeat(16),
            &"ff".repeat(16),
            &"4A".repeat(16),
            &"4z".repeat(16),
            &"40".repeat(17),
        ] {
            assert_eq!(Serial::from_hex(text), Err(SerialError), "{text}");
        }
    }
}
