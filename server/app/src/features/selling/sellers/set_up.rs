//! An organisation says how it sells, and changes it.

use std::sync::Arc;

use muster_domain::selling::currency::Currency;
use muster_domain::selling::number::{Pattern, Place};
use muster_domain::selling::price::TERMS_MOST;
use muster_domain::selling::reference::Reference;
use muster_domain::selling::zone::Zone;
use muster_domain::text::Invalid;
use muster_store::selling::parties::{self, Party};
use muster_store::selling::sellers::{self, Seller};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::of::may_sell;
use super::party::Details;
use crate::app::App;
use crate::features::record::write::{self as record, By, Entry, Place as Where, Weight};
use crate::features::selling::typed::{Faults, LANGUAGES, at, whole, word, yes};
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Problem};

/// How an organisation wants to sell.
#[derive(Debug, Clone)]
pub struct HowWeSell {
    party: Details,
    currency: Currency,
    zone: Zone,
    language: String,
    vat_exempt: bool,
    terms_days: u16,
    invoices: Pattern,
    credit_notes: Pattern,
}

impl HowWeSell {
    /// Reads a party's fields and `currency`, `zone`, `language`, `vat_exempt`, `terms_days`, `invoice_series`,
    /// `credit_note_series`.
    ///
    /// # Errors
    /// Every field that does not fit; or the two series could make the same number.
    pub fn read(fields: &Fields) -> Answer<Self> {
        let mut faults = Faults::default();
        let party = Details::read(fields)
            .map_err(|theirs| faults.add(theirs))
            .ok();
        let currency = faults.take(Currency::parse(fields.one("currency")));
        let zone = faults.take(Zone::parse(fields.one("zone")));
        let language = faults.take(word("language", fields.one("language"), &LANGUAGES));
        let terms_days = faults.take(whole("terms_days", fields.one("terms_days"), TERMS_MOST));
        let mut series =
            |field| faults.take_at(field, Pattern::parse(fields.one(field)).and_then(with_room));
        let (invoices, credit_notes) = (series("invoice_series"), series("credit_note_series"));
        if let (Some(one), Some(other)) = (&invoices, &credit_notes) {
            faults.take(apart(one, other));
        }
        match (
            party,
            currency,
            zone,
            language,
            terms_days,
            invoices,
            credit_notes,
        ) {
            (
                Some(party),
                Some(currency),
                Some(zone),
                Some(language),
                Some(terms_days),
                Some(invoices),
                Some(credit_notes),
            ) if faults.is_empty() => Ok(Self {
                party,
                currency,
                zone,
                language,
                vat_exempt: yes(fields.one("vat_exempt")),
                terms_days,
                invoices,
                credit_notes,
            }),
            _ => Err(faults.problem()),
        }
    }
}

/// A number is also a payment reference (ISO 11649), which has less room.
fn with_room(pattern: Pattern) -> Result<Pattern, Invalid> {
    let last = Place {
        year: 2026,
        sequence: u32::MAX,
    };
    Reference::of_number(&pattern.format(last)).map_err(|_| {
        let message = "Numbers of this series grow too long for a payment reference. Leave out some letters or digits.";
        Invalid::new("invoice_series", "number-long", message)
    })?;
    Ok(pattern)
}

fn apart(invoices: &Pattern, credit_notes: &Pattern) -> Result<(), Invalid> {
    if !invoices.meets(credit_notes) {
        return Ok(());
    }
    let message = "A credit note of this series could have the number of an invoice. Let it begin with other letters.";
    Err(Invalid::new("credit_note_series", "series-same", message))
}

/// How the actor's organisation sells and who stands on its invoices; `None` until it was said.
///
/// # Errors
/// It is a customer, or the database did not answer.
pub async fn find(app: &App, allowed: &Allowed<ReadBooks>) -> Answer<Option<(Seller, Party)>> {
    may_sell(&allowed.actor.organisation)?;
    let home = allowed.actor.organisation.id.clone();
    Ok(app.store.read(move |c| with_party(c, &home)).await?)
}

fn with_party(c: &mut Conn, organisation: &str) -> StoreResult<Option<(Seller, Party)>> {
    let Some(seller) = sellers::find(c, organisation)? else {
        return Ok(None);
    };
    let party = parties::find(c, &seller.party_id)?;
    Ok(party.map(|party| (seller, party)))
}

/// Says how the actor's organisation sells from now on. What was issued keeps what it says.
///
/// # Errors
/// It is a customer; or a series could make a number that another series of the organisation has made.
pub async fn put(
    app: &Arc<App>,
    allowed: &Allowed<SetPrices>,
    new: HowWeSell,
) -> Answer<(Seller, Party)> {
    may_sell(&allowed.actor.organisation)?;
    let (putting, actor) = (app.clone(), allowed.actor.clone());
    app.store
        .write_or_refuse(move |tx| {
            let home = &actor.organisation;
            let known = sellers::find(tx, &home.id)?;
            if let Err(fault) = beside_older(tx, &home.id, &new)? {
                return Ok(Err(fault.into()));
            }
            let party = known.as_ref().map(|seller| seller.party_id.as_str());
            let seller = Seller {
                organisation_id: home.id.clone(),
                party_id: new.party.keep(tx, &putting, &home.id, party)?,
                currency: new.currency.to_string(),
                zone: new.zone.to_string(),
                language: new.language.clone(),
                vat_exempt: i64::from(new.vat_exempt),
                terms_days: i64::from(new.terms_days),
                invoice_series: new.invoices.to_string(),
                credit_note_series: new.credit_notes.to_string(),
                created_at: known
                    .as_ref()
                    .map_or_else(|| putting.now_micros(), |seller| seller.created_at),
            };
            if known.as_ref() != Some(&seller) {
                sellers::put(tx, &seller)?;
                let entry = Entry {
                    kind: if known.is_none() { "selling.set-up" } else { "selling.changed" },
                    weight: Weight::Major,
                    place: Where::of_actor(&actor),
                    device: None,
                    command: None,
                    facts: json!({ "name": home.name, "invoices": seller.invoice_series, "credit_notes": seller.credit_note_series }),
                };
                record::write(tx, &putting, &By::actor(&actor), &entry)?;
            }
            Ok(with_party(tx, &home.id)?.ok_or_else(|| Problem::not_found("seller")))
        })
        .await?
}

/// Whether the series keep apart from every one that made numbers before; going back to one of them continues it.
fn beside_older(
    tx: &mut Conn,
    organisation: &str,
    new: &HowWeSell,
) -> StoreResult<Result<(), Invalid>> {
    for (older, _, _) in sellers::series(tx, organisation)? {
        let Ok(pattern) = Pattern::parse(&older) else {
            continue;
        };
        for (field, series) in [
            ("invoice_series", &new.invoices),
            ("credit_note_series", &new.credit_notes),
        ] {
            if *series != pattern && series.meets(&pattern) {
                let message = format!(
                    "Documents of the series {older} have such numbers already. Take other letters, or that series again."
                );
                return Ok(Err(at(field, Invalid::new(field, "series-used", message))));
            }
        }
    }
    Ok(Ok(()))
}
