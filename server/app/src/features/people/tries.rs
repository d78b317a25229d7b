//! How often a password or a passkey may be tried.

use std::net::IpAddr;

use muster_store::{Conn, StoreResult, rate_limits};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::web::problem::{Answer, Problem};
use crate::web::route::neighbourhood;

/// The window in which tries are counted, microseconds: 15 minutes.
pub const WINDOW: i64 = 15 * 60 * 1_000_000;
/// Tries for one account in a window.
const OF_ACCOUNT: i64 = 10;
/// Tries from one address in a window: an office shares one.
const OF_ADDRESS: i64 = 50;
/// Passkey ceremonies begun from one address in a window. A sign-in page begins one when it opens, and another every four
/// minutes.
const OF_CEREMONIES: i64 = 300;

/// What a try counts against.
#[derive(Debug, Clone)]
pub struct Bucket {
    name: String,
    most: i64,
}

impl Bucket {
    /// The account that was typed, whether there is one or not. Its hash only: the table holds no addresses of people.
    #[must_use]
    pub fn of_account(email: &str) -> Self {
        let hash = hex::encode(Sha256::digest(email.as_bytes()));
        Self {
            name: format!("sign-in:account:{hash}"),
            most: OF_ACCOUNT,
        }
    }

    /// A signed-in member who types their password again. Its own, so that strangers who try to sign in as somebody
    /// cannot hold off what that person does meanwhile.
    #[must_use]
    pub fn of_member(id: &str) -> Self {
        Self {
            name: format!("confirm:member:{id}"),
            most: OF_ACCOUNT,
        }
    }

    /// The passkey that an answer names, whether there is one or not. Its own: strangers who guess somebody's password do
    /// not hold off their passkey.
    #[must_use]
    pub fn of_passkey(credential: &[u8]) -> Self {
        let hash = hex::encode(Sha256::digest(credential));
        Self {
            name: format!("sign-in:passkey:{hash}"),
            most: OF_ACCOUNT,
        }
    }

    /// Passkey ceremonies that are begun from there.
    #[must_use]
    pub fn of_ceremonies(address: IpAddr) -> Self {
        Self {
            name: format!("ceremonies:address:{}", neighbourhood(address)),
            most: OF_CEREMONIES,
        }
    }

    /// Where the try came from.
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        Self {
            name: format!("sign-in:address:{}", neighbourhood(address)),
            most: OF_ADDRESS,
        }
    }
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It may go on.
    Within,
    /// There were too many. `first` for the one that is the first too many, which alone is worth an entry on the record.
    TooMany {
        /// Seconds until the window ends.
        wait: u32,
        /// Whether it is the first beyond the limit.
        first: bool,
    },
}

/// Counts a try at `now` (microseconds) against every bucket.
pub fn count(tx: &mut Conn, buckets: &[Bucket], now: i64) -> StoreResult<Counted> {
    let start = now - now.rem_euclid(WINDOW);
    let mut counted = Counted::Within;
    for bucket in buckets {
        let used = rate_limits::hit(tx, &bucket.name, start)?;
        if used > bucket.most {
            let wait = u32::try_from((start + WINDOW - now) / 1_000_000)
                .unwrap_or(0)
                .max(1);
            let first = used == bucket.most + 1;
            counted = match counted {
                Counted::TooMany { first: true, .. } => counted,
                Counted::TooMany { .. } | Counted::Within => Counted::TooMany { wait, first },
            };
        }
    }
    Ok(counted)
}

/// Counts a try now.
///
/// # Errors
/// The database does not answer.
pub async fn count_now(app: &App, buckets: Vec<Bucket>) -> Answer<Counted> {
    let now = app.now_micros();
    Ok(app.store.write(move |tx| count(tx, &buckets, now)).await?)
}

/// Counts a try now, and refuses one too many.
///
/// # Errors
/// It is one too many.
pub async fn within(app: &App, buckets: Vec<Bucket>) -> Answer<()> {
    match count_now(app, buckets).await? {
        Counted::Within => Ok(()),
        Counted::TooMany { wait, .. } => Err(Problem::too_many(wait)),
    }
}

/// Forgets the tries against a bucket: the password was typed right.
pub fn forgive(tx: &mut Conn, bucket: &Bucket) -> StoreResult<()> {
    rate_limits::reset(tx, &bucket.name)
}

#[cfg(test)]
mod tests {
    use super::Bucket;

    #[test]
    fn one_household_is_one_address_and_no_mail_address_is_kept() {
        let name = |text: &str| Bucket::of_address(text.parse().unwrap()).name;
        assert_eq!(name("2001:db8:1:2::7"), name("2001:db8:1:2:ffff::1"));
        assert_ne!(name("2001:db8:1:2::7"), name("2001:db8:1:3::7"));
        assert_ne!(name("198.51.100.7"), name("198.51.100.8"));
        assert!(
            !Bucket::of_account("dagny@example.org")
                .name
                .contains("dagny")
        );
    }
}
