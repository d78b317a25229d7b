//! What somebody types off a card or hears by voice.

use muster_protocol::digest::Digest;
use muster_protocol::words;

/// 32 bytes as 64 hexadecimal characters or as 32 words; `None` when it is neither.
#[must_use]
pub fn digest(text: &str) -> Option<Digest> {
    if let Ok(digest) = Digest::parse(text.trim()) {
        return Some(digest);
    }
    let raw: [u8; 32] = words::from_words(text)?.try_into().ok()?;
    Some(Digest(raw))
}

#[cfg(test)]
mod tests {
    use muster_protocol::digest::Digest;
    use muster_protocol::words;

    use super::digest;

    #[test]
    fn characters_and_words_are_the_same_and_nothing_else_is() {
        let card = Digest::of(b"a card");
        assert_eq!(digest(&format!(" {} ", card.to_hex())), Some(card));
        let said = words::words(card.as_bytes()).join("-");
        assert_eq!(digest(&said.to_uppercase()), Some(card));
        assert_eq!(digest(&said[..said.len() - 3]), None);
        assert_eq!(digest(""), None);
    }
}
