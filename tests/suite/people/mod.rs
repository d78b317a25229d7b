//! How people come in and what holds them: sign-in, set-up, passwords, sessions, roles, tokens.

mod forgery;
mod members;
mod passkeys;
mod passwords;
mod sessions;
mod set_up;
mod sign_in;
mod step_up;
mod tokens;

use muster_tests::TestApp;

pub const NEW: &str = "seven grey herons at noon";

pub fn path_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    rest[rest.find('/').unwrap()..].to_owned()
}

pub async fn id_of(t: &TestApp, email: &str) -> String {
    let email = email.to_owned();
    t.read(move |c| muster_store::members::find_by_email(c, &email))
        .await
        .unwrap()
        .0
        .id
}
