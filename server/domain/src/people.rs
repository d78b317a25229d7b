//! What a login is made of: addresses and passwords as people type them.

use crate::text::Invalid;

/// An e-mail address, lower case: what a member types to sign in and where mail goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The address in what somebody typed. Only the shape is checked; that it exists is shown by mail that arrives.
    ///
    /// # Errors
    /// There is no single `@` with something on both sides, or the address is longer than 254 characters (RFC 5321
    /// §4.5.3.1.3) or holds white space or control characters.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let text = typed.trim().to_lowercase();
        let fits = text.len() <= 254
            && text
                .chars()
                .all(|c| !c.is_whitespace() && !c.is_control() && !"<>(),;:\\\"[]".contains(c))
            && matches!(text.split_once('@'), Some((name, host)) if !name.is_empty()
                && name.len() <= 64 && host.contains('.') && !host.contains('@')
                && host.split('.').all(|label| !label.is_empty()));
        if fits {
            Ok(Self(text))
        } else {
            Err(Invalid::new(
                "email",
                "email",
                "This is not an e-mail address. It needs the form name@example.org.",
            ))
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The least number of characters of a password (OWASP ASVS 5.0, 6.2.1 asks for 8 and recommends 15).
pub const PASSWORD_LEAST: usize = 12;
/// The most: enough for any passphrase, little enough that hashing stays bounded.
pub const PASSWORD_MOST: usize = 256;

/// A password that may be set: long enough, and not one of those everybody tries.
///
/// # Errors
/// It is shorter than [`PASSWORD_LEAST`] or longer than [`PASSWORD_MOST`] characters, is the address itself, or repeats
/// very few characters.
pub fn check_password(typed: &str, email: &str) -> Result<(), Invalid> {
    let count = typed.chars().count();
    if count < PASSWORD_LEAST {
        let message = format!(
            "This password is too short. Use at least {PASSWORD_LEAST} characters; a sentence is good."
        );
        return Err(Invalid::new("password", "password-short", message));
    }
    if count > PASSWORD_MOST {
        let message = format!("This password is too long. At most {PASSWORD_MOST} characters fit.");
        return Err(Invalid::new("password", "password-long", message));
    }
    let mut distinct: Vec<char> = typed.to_lowercase().chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 5 || typed.to_lowercase().contains(email) {
        let message =
            "This password is easy to guess. Use several words that do not belong together.";
        return Err(Invalid::new("password", "password-weak", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Email, check_password};

    #[test]
    fn addresses_are_lowered_and_nonsense_is_refused() {
        assert_eq!(
            Email::parse(" Dagny.Krol@Example.ORG ").unwrap().as_str(),
            "dagny.krol@example.org"
        );
        for wrong in [
            "",
            "a",
            "a@",
            "@b.c",
            "a b@c.d",
            "a@b",
            "a@b..c",
            "a@b@c.d",
            "a@b.c\r\nBcc: x@y.z",
        ] {
            assert!(Email::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_long_and_not_silly() {
        assert!(check_password("four tall ships sail", "a@example.org").is_ok());
        assert!(check_password("short", "a@example.org").is_err());
        assert!(check_password("aaaaaaaaaaaaaaaa", "a@example.org").is_err());
        assert!(check_password("dagny@example.org", "dagny@example.org").is_err());
        assert!(check_password(&"abcdefgh".repeat(40), "a@example.org").is_err());
    }
}
