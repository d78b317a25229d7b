//! The pages of payments.

pub mod bank;
pub mod buyer;
pub mod credit;
pub mod payments;
pub mod provider;

use jiff::civil::Date;
use muster_domain::selling::money::Money;
use muster_store::StoreError;
use muster_store::selling::accounts::Account;

use super::books;
use super::find::Shown;
use crate::app::App;
use crate::web::money_words;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::text::Texts;
use crate::web::time_words;
use crate::web::view::payments::State;
use crate::web::view::{Choice, Frame};

/// An amount of a row, in the page's words.
fn amount(t: &Texts, minor: i64, currency: &str) -> Answer<String> {
    let money = books::money(minor, currency).map_err(Problem::from)?;
    Ok(money_words::amount(t, money))
}

/// A day of a row, in the page's words; itself where it is none.
fn day(t: &Texts, stored: &str) -> String {
    stored
        .parse::<Date>()
        .map_or_else(|_| stored.to_owned(), |day| time_words::date(t, day))
}

/// An amount that somebody typed, in an account's currency.
fn typed(t: &Texts, account: &Account, text: &str) -> Answer<Money> {
    let nothing = books::money(0, &account.currency).map_err(Problem::from)?;
    let sign = money_words::decimal_sign(t.language());
    let money = Money::parse(text, nothing.currency(), sign)?;
    Ok(super::input::above_zero(money)?)
}

/// How a payment stands.
fn state(shown: &Shown) -> State {
    let took = |name| shown.turn(name).is_some();
    match shown.payment.kind.as_str() {
        _ if took("returned") => State::Returned,
        "refund" if took("paid-back") => State::PaidBack,
        "refund" => State::ToPayBack,
        "write-off" => State::WrittenOff,
        _ if shown.is_doubtful() => State::Doubtful,
        _ => State::Booked,
    }
}

/// Buyers as choices: by name and currency.
fn choices(buyers: &[(Account, String)]) -> Vec<Choice> {
    buyers
        .iter()
        .map(|(account, name)| Choice {
            value: account.id.clone(),
            label: format!("{name} · {}", account.currency),
        })
        .collect()
}

/// A refusal that a form shows; other failures are pages of their own.
fn told(frame: &Frame, problem: Problem) -> Answer<String> {
    match problem.kind {
        Kind::Invalid | Kind::Conflict | Kind::TooLarge | Kind::WrongType => Ok(
            crate::web::frame::words(&frame.t, problem.code, &problem.detail),
        ),
        Kind::SignedOut
        | Kind::SignInFirst
        | Kind::ConfirmFirst
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::TooMany
        | Kind::Unavailable
        | Kind::Internal => Err(problem),
    }
}

/// Today where the seller is, as a field has it.
async fn today(app: &App, seller: &str) -> Answer<String> {
    let (zone, now) = (seller.to_owned(), app.now());
    let day = app.store.read(move |c| {
        let row = muster_store::selling::sellers::find(c, &zone)?;
        let zone = row.and_then(|row| muster_domain::selling::zone::Zone::parse(&row.zone).ok());
        Ok::<_, StoreError>(
            zone.unwrap_or_else(muster_domain::selling::zone::Zone::utc)
                .date_of(now),
        )
    });
    Ok(day.await?.to_string())
}
