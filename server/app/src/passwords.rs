//! Passwords at rest: Argon2id (RFC 9106), on a thread where it may take its time.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::config::PasswordCost;
use crate::web::problem::{Answer, Kind, Problem};

/// Passwords looked at in the same moment. Each takes 19 MiB: a crowd at the door waits in a queue and not in the memory.
const AT_ONCE: usize = 4;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    /// The hash of nobody's password, so that an unknown address takes as long as a wrong password.
    nobody: String,
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// A hasher of this cost.
    ///
    /// # Errors
    /// Argon2 does not take the parameters.
    pub fn new(cost: PasswordCost) -> Result<Self, String> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)
            .map_err(|error| error.to_string())?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = argon
            .hash_password_with_salt(b"nobody's password", b"nobody's own salt")
            .map_err(|error| error.to_string())?
            .to_string();
        Ok(Self {
            argon,
            nobody,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// The PHC string of `password`.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn hash(&self, password: &str, salt: [u8; 16]) -> Answer<String> {
        let (argon, password) = (self.argon.clone(), password.to_owned());
        // The turn ends with the work, also when whoever asked has gone.
        let turn = self.turns.clone().acquire_owned().await;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            argon
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map(|hash| hash.to_string())
        })
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| {
            Problem::new(
                Kind::Internal,
                "internal",
                "The password could not be hashed. Try again.",
            )
        })
    }

    /// Whether `password` is the one behind `hash`. Without a hash it takes as long and says no.
    pub async fn is(&self, password: &str, hash: Option<&str>) -> bool {
        let known = hash.is_some();
        let (argon, password) = (self.argon.clone(), password.to_owned());
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let turn = self.turns.clone().acquire_owned().await;
        let fits = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            PasswordHash::new(&hash)
                .is_ok_and(|hash| argon.verify_password(password.as_bytes(), &hash).is_ok())
        });
        fits.await.unwrap_or(false) && known
    }
}
