//! What whoever has the machine may do: a member's new password, a token, the database's tables.

use super::say::say;
use std::path::Path;
use std::sync::Arc;

use muster_domain::people::Email;
use muster_domain::permission::Role;
use muster_domain::scope::Scope;
use muster_store::{DatabaseUrl, Store, StoreOptions, organisations};

use crate::app::{App, Surroundings};
use crate::clock::SystemClock;
use crate::config::{self, Config};
use crate::features::people::{links, tokens};
use crate::features::record::write::By;
use crate::features::trust::former_ca;
use crate::random::SystemRandom;

/// The application without its listeners; a server may run on the same data meanwhile.
async fn open(config: Config) -> Result<Arc<App>, String> {
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        portal_url: config
            .portal
            .url
            .clone()
            .or_else(|| config::by_name(config.portal.listen))
            .unwrap_or_else(|| format!("http://{}", config.portal.listen)),
        device_url: config
            .device
            .url
            .clone()
            .unwrap_or_else(|| format!("https://{}", config.device.listen)),
    };
    let opened = tokio::task::spawn_blocking(move || App::open(config, surroundings)).await;
    opened
        .map_err(|error| format!("the start failed: {error}"))?
        .map(Arc::new)
}

/// Makes a link by which a member sets a new password.
///
/// # Errors
/// A sentence: nobody has this address.
pub async fn reset_password(config: Config, email: &str) -> Result<(), String> {
    let email = Email::parse(email).map_err(|fault| fault.message)?;
    let app = open(config).await?;
    let link = links::reset(&app, &email)
        .await
        .map_err(|problem| match problem.code {
            "not-found" => format!("Nobody signs in as {}.", email.as_str()),
            _ => problem.detail,
        })?;
    say!(
        "{} sets a new password with this link, once, until {}:\n\n  {}",
        email.as_str(),
        link.expires_at,
        link.url
    );
    Ok(())
}

/// Hears the phones of a former server's CA from the next start on. On the record first: whoever may come in is no secret.
///
/// # Errors
/// A sentence: the file is no CA's certificate.
pub async fn trust_former_ca(config: Config, certificate: &Path) -> Result<(), String> {
    let app = open(config).await?;
    let fingerprint = former_ca::trust(&app, certificate).await?;
    say!("Fingerprint      {fingerprint}");
    say!("Its phones are heard from the next start of muster serve on.");
    Ok(())
}

/// Makes a token and prints it.
///
/// # Errors
/// A sentence: there is no such organisation or role.
pub async fn create_token(
    config: Config,
    name: &str,
    role: &str,
    organisation: Option<&str>,
) -> Result<(), String> {
    let role = Role::parse(role).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!(
            "There is no role {role:?}. Use one of {}.",
            known.join(", ")
        )
    })?;
    let app = open(config).await?;
    let (name, organisation) = (name.to_owned(), organisation.map(str::to_owned));
    let new = tokens::NewToken { name, role };
    let secret = tokens::new_secret(&app);
    let (app2, shown) = (app.clone(), secret.clone());
    let made = app.store.write(move |tx| {
        let home = match &organisation {
            Some(id) => organisations::find(tx, &Scope::Platform, id)?,
            None => organisations::operator(tx)?,
        };
        let Some(home) = home else { return Ok(None) };
        tokens::make_in(tx, &app2, &By::system(), &home, &new, &secret)?;
        Ok(Some(home.name))
    });
    match made.await.map_err(|error| error.to_string())? {
        Some(home) => {
            say!("{shown}");
            eprintln!("It acts as {role} in {home}. It is shown this once.");
            Ok(())
        }
        None => Err("There is no such organisation. Without --organisation it is the operator, once there is one.".to_owned()),
    }
}

/// Brings the database's tables up to date.
///
/// # Errors
/// A sentence: the database does not answer, or is from a newer version.
pub fn migrate(config: &Config) -> Result<(), String> {
    let url: DatabaseUrl = config
        .database_url
        .parse()
        .map_err(|error: muster_store::BadDatabaseUrl| error.to_string())?;
    std::fs::create_dir_all(&config.data_dir).map_err(|error| {
        format!(
            "The data folder {} cannot be made: {error}.",
            config.data_dir.display()
        )
    })?;
    let store =
        Store::open(&url, StoreOptions::default()).map_err(|error| format!("{url}: {error}."))?;
    let done = store.migrate().map_err(|error| format!("{url}: {error}"))?;
    if done.is_empty() {
        say!("{url} is up to date.");
    }
    for name in done {
        say!("{name}");
    }
    Ok(())
}
