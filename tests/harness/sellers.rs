//! Organisations that sell, set up as programs do it: over the API.

use serde_json::{Value, json};

use crate::api::{Answered, Api, text};

use crate::world::Place;

/// Who stands on an invoice: a French company with ids that fit.
#[must_use]
pub fn party(name: &str) -> Value {
    json!({
        "legal_name": name, "street": "1 quai du Port", "postcode": "44000", "city": "Nantes", "country": "FR",
        "vat_id": "FR19812345676", "registration": "812345676", "email": "books@example.org",
        "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP",
    })
}

/// How an organisation of this name sells: in euros, in Paris.
#[must_use]
pub fn selling(name: &str) -> Value {
    json!({
        "party": party(name), "currency": "EUR", "zone": "Europe/Paris", "language": "en", "vat_exempt": false, "terms_days": 30,
        "invoice_series": "INV-{year}-{number:5}", "credit_note_series": "CN-{year}-{number:5}",
    })
}

/// A plan of six months: 1,500.00 EUR, and 1,000.00 EUR for the handset.
#[must_use]
pub fn six_months() -> Value {
    json!({
        "name": "Six months", "interval_unit": "months", "interval_count": 6, "recurring": 150_000, "handset": 100_000,
    })
}

/// PUT with a JSON body.
pub async fn put(api: &Api, path: &str, body: &Value) -> Answered {
    api.send(api.request(reqwest::Method::PUT, path).json(body))
        .await
}

/// Says how a place sells.
pub async fn sells(place: &Place) {
    put(&place.api, "/api/v1/selling", &selling(&place.name))
        .await
        .expect(200);
}

/// Lets a seller take a buyer on; answers the account.
pub async fn takes_on(seller: &Place, buyer: &Place) -> String {
    let body = json!({ "organisation_id": buyer.id, "terms": { "party": party(&buyer.name) } });
    text(&seller.api.post("/api/v1/buyers", &body).await.expect(201)["id"])
}

/// Lets a seller offer [`six_months`]; answers the plan.
pub async fn offers(seller: &Place) -> String {
    text(
        &seller
            .api
            .post("/api/v1/plans", &six_months())
            .await
            .expect(201)["id"],
    )
}
