//! The verifier's engine for signatures: a history has hundreds of thousands, and this is several times as fast as the portable
//! one. What a signature must look like is judged by the protocol crate before this is asked (PROTOCOL §8).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey};
use muster_protocol::curves::Curves;
use muster_protocol::keys::{Ed25519Key, P256Key};

/// AWS-LC.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fast;

impl Curves for Fast {
    fn ed25519(&self, key: &Ed25519Key, message: &[u8], signature: &[u8; 64]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, key.raw());
        key.verify(message, signature).is_ok()
    }

    fn es256(&self, key: &P256Key, message: &[u8], der: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.raw());
        key.verify(message, der).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::curves::{Curves, Portable};
    use muster_protocol::keys::{Ed25519Key, Ed25519Signer, P256Signer};

    use super::Fast;

    fn engines() -> [&'static dyn Curves; 2] {
        [&Portable, &Fast]
    }

    #[test]
    fn both_engines_take_and_refuse_the_same() {
        let (one, other) = (
            Ed25519Signer::from_seed([1; 32]),
            P256Signer::from_bytes([2; 32]).unwrap(),
        );
        let (ed25519, es256) = (one.sign(b"message"), other.sign(b"message"));
        for curves in engines() {
            let (key, device) = (one.verifying_key(), other.verifying_key());
            assert!(key.verify_by(curves, b"message", &ed25519));
            assert!(device.verify_by(curves, b"message", &es256));
            assert!(!key.verify_by(curves, b"Message", &ed25519));
            assert!(!device.verify_by(curves, b"Message", &es256));
            for at in 0..ed25519.len() {
                let mut wrong = ed25519.clone();
                wrong[at] ^= 1;
                assert!(!key.verify_by(curves, b"message", &wrong), "byte {at}");
            }
            for at in 0..es256.len() {
                let mut wrong = es256.clone();
                wrong[at] ^= 1;
                assert!(!device.verify_by(curves, b"message", &wrong), "byte {at}");
            }
            for length in 0..ed25519.len() {
                assert!(!key.verify_by(curves, b"message", &ed25519[..length]));
            }
        }
    }

    #[test]
    fn no_engine_takes_an_s_of_l_or_more() {
        let signer = Ed25519Signer::from_seed([1; 32]);
        let order = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut signature = signer.sign(b"message");
        let mut carry = 0_u16;
        for (byte, more) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + more + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        for curves in engines() {
            assert!(
                !signer
                    .verifying_key()
                    .verify_by(curves, b"message", &signature)
            );
        }
    }

    #[test]
    fn no_engine_takes_der_in_another_form() {
        let signer = P256Signer::from_bytes([2; 32]).unwrap();
        let key = signer.verifying_key();
        // A signature whose r is short enough that a zero before it is one too many.
        let der = (0_u32..)
            .map(|n| signer.sign(&n.to_be_bytes()))
            .position(|der| der[4] < 0x80)
            .map(|n| u32::try_from(n).unwrap())
            .unwrap();
        let message = der.to_be_bytes();
        let der = signer.sign(&message);
        let mut padded = der.clone();
        padded[1] += 1;
        padded[3] += 1;
        padded.insert(4, 0);
        let mut trailing = der.clone();
        trailing.push(0);
        // The length in its long form.
        let mut long = der.clone();
        long.insert(1, 0x81);
        for curves in engines() {
            assert!(key.verify_by(curves, &message, &der));
            for wrong in [&padded, &trailing, &long] {
                assert!(!key.verify_by(curves, &message, wrong), "{wrong:?}");
            }
        }
    }

    #[test]
    fn keys_of_small_order_never_reach_an_engine() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(Ed25519Key::from_raw(&identity).is_err());
        assert!(Ed25519Key::from_raw(&[0; 32]).is_err());
    }
}
