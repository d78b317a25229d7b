//! Payments for programs.

pub mod bank;
pub mod books;
pub mod buyer;
pub mod payments;
pub mod provider;

use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::find::Shown;
use crate::web::json;

/// What this feature adds to the API's description.
pub struct Api;

impl Api {
    /// The parts, merged.
    #[must_use]
    pub fn openapi() -> utoipa::openapi::OpenApi {
        let mut whole = payments::Api::openapi();
        for part in [
            bank::Api::openapi(),
            buyer::Api::openapi(),
            provider::Api::openapi(),
            books::Api::openapi(),
        ] {
            whole.merge(part);
        }
        whole
    }
}

/// A payment, a refund or a write-off.
#[derive(Debug, Serialize, ToSchema)]
pub struct Payment {
    /// Its id.
    id: String,
    /// `payment`, `refund` or `write-off`.
    kind: String,
    /// `hand`, `statement` or `provider`.
    source: String,
    /// What its source calls it.
    key: String,
    /// The buyer's account.
    account_id: String,
    /// The buyer.
    buyer_id: String,
    /// Minor units, above zero.
    amount: i64,
    /// ISO 4217.
    currency: String,
    /// The day it came, or was entered: `YYYY-MM-DD`.
    received_on: String,
    /// What it says.
    note: String,
    /// It looks like one that is there already, and nobody has looked at it.
    doubtful: bool,
    /// The day on which it was taken back; null while it holds.
    returned_on: Option<String>,
    /// The day on which a refund left the bank.
    paid_back_on: Option<String>,
    /// Who entered it.
    recorded_by: String,
    /// When, RFC 3339.
    created_at: String,
}

impl From<Shown> for Payment {
    fn from(shown: Shown) -> Self {
        let turn = |name| shown.turn(name).map(|turn| turn.on_date.clone());
        Self {
            doubtful: shown.is_doubtful(),
            returned_on: turn("returned"),
            paid_back_on: turn("paid-back"),
            buyer_id: shown.buyer_id,
            id: shown.payment.id,
            kind: shown.payment.kind,
            source: shown.payment.source,
            key: shown.payment.source_key,
            account_id: shown.payment.billing_account_id,
            amount: shown.payment.amount,
            currency: shown.payment.currency,
            received_on: shown.payment.received_on,
            note: shown.payment.note,
            recorded_by: shown.payment.recorded_by_name,
            created_at: json::time(shown.payment.created_at),
        }
    }
}

/// A payment with what it settled.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholePayment {
    /// The payment.
    #[serde(flatten)]
    payment: Payment,
    /// The invoices that it settled when it was entered.
    settled: Vec<Settled>,
    /// What was left over and became credit, minor units.
    to_credit: i64,
}

/// A part of an invoice that was settled.
#[derive(Debug, Serialize, ToSchema)]
pub struct Settled {
    /// The invoice.
    invoice_id: String,
    /// Its number.
    number: String,
    /// Minor units.
    amount: i64,
}

impl From<super::find::Whole> for WholePayment {
    fn from(whole: super::find::Whole) -> Self {
        let settled = whole.settled.into_iter();
        Self {
            payment: whole.shown.into(),
            settled: settled
                .map(|(invoice_id, number, amount)| Settled {
                    invoice_id,
                    number,
                    amount,
                })
                .collect(),
            to_credit: whole.to_credit,
        }
    }
}
