//! Who sells what to whom in the demo: the operator to two resellers, Northwind Mobile to its customers. Made through the use
//! cases that the pages use.

use std::sync::Arc;

use jiff::Span;
use muster_domain::selling::zone::Zone;
use muster_store::organisations::Organisation;
use serde::{Deserialize, Serialize};

use super::seed::{allowed, told};
use crate::app::App;
use crate::features::selling::catalogue::add as plans;
use crate::features::selling::catalogue::plan::NewPlan;
use crate::features::selling::catalogue::price::{self, NewPrice};
use crate::features::selling::sellers::buyers::add::{self as buyers, NewBuyer};
use crate::features::selling::sellers::buyers::show;
use crate::features::selling::sellers::set_up::{self, HowWeSell};
use crate::features::selling::typed::Amounts;
use crate::web::actor::SetPrices;
use crate::web::fields::Fields;

/// Since how many days there have been prices: long enough for a history of half a year and a trial before it.
const PRICED_FOR: i64 = 400;

/// What was made, by id.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Trade {
    /// The operator's plan: handset and six months, wholesale.
    pub wholesale_plan: String,
    /// Northwind's plan: handset 1,000 EUR, 1,500 EUR for six months.
    pub six_months: String,
    /// Northwind's plan that is counted in days: 30 at a time.
    pub thirty_days: String,
    /// Lyre's plan.
    pub lyre_plan: String,
    /// The operator's account with Northwind.
    pub northwind: String,
    /// The operator's account with Lyre.
    pub lyre: String,
    /// Northwind's account with Tern Harbour Press.
    pub harbour: String,
    /// Northwind's account with Oakmere Legal, which pays in advance.
    pub oakmere: String,
}

/// The organisations that trade.
pub struct Traders<'a> {
    /// Sells to both resellers.
    pub operator: &'a Organisation,
    /// Sells to the two customers.
    pub northwind: &'a Organisation,
    /// Has nobody to sell to as yet.
    pub lyre: &'a Organisation,
    /// A publisher in the reseller's own country.
    pub harbour: &'a Organisation,
    /// Lawyers in another member state.
    pub oakmere: &'a Organisation,
}

/// Sets the trade up: sellers, buyers, plans and their prices.
///
/// # Errors
/// A sentence that says what went wrong.
pub async fn set_up(app: &Arc<App>, who: &Traders<'_>) -> Result<Trade, String> {
    sells(app, who.operator, &PALISADE, "PP").await?;
    sells(app, who.northwind, &NORTHWIND, "NM").await?;
    sells(app, who.lyre, &LYRE, "LT").await?;
    let trade = Trade {
        northwind: takes_on(app, who.operator, who.northwind, &NORTHWIND, "invoice").await?,
        lyre: takes_on(app, who.operator, who.lyre, &LYRE, "invoice").await?,
        harbour: takes_on(app, who.northwind, who.harbour, &HARBOUR, "invoice").await?,
        oakmere: takes_on(app, who.northwind, who.oakmere, &OAKMERE, "prepaid").await?,
        wholesale_plan: offers(
            app,
            who.operator,
            [
                ("name", "Wholesale, six months"),
                ("interval_unit", "months"),
                ("interval_count", "6"),
            ],
            ("900.00", "700.00"),
        )
        .await?,
        six_months: offers(
            app,
            who.northwind,
            [
                ("name", "Six months"),
                ("interval_unit", "months"),
                ("interval_count", "6"),
            ],
            ("1500.00", "1000.00"),
        )
        .await?,
        thirty_days: offers(
            app,
            who.northwind,
            [
                ("name", "Thirty days"),
                ("interval_unit", "days"),
                ("interval_count", "30"),
            ],
            ("270.00", "1000.00"),
        )
        .await?,
        lyre_plan: offers(
            app,
            who.lyre,
            [
                ("name", "Half a year"),
                ("interval_unit", "months"),
                ("interval_count", "6"),
            ],
            ("1450.00", "950.00"),
        )
        .await?,
    };
    // From ten phones on the wholesale price falls, and one customer was promised a better one.
    let wholesale = [("item", "recurring"), ("buyer_id", &who.northwind.id)];
    let steps = [("1", "880.00"), ("10", "820.00")];
    costs(app, who.operator, &trade.wholesale_plan, &wholesale, &steps).await?;
    let promised = [("item", "recurring"), ("buyer_id", &who.harbour.id)];
    costs(
        app,
        who.northwind,
        &trade.six_months,
        &promised,
        &[("1", "1400.00")],
    )
    .await?;
    Ok(trade)
}

/// Who stands on invoices, in the order of [`NAMES`].
type Party = [&'static str; 10];

const NAMES: [&str; 10] = [
    "legal_name",
    "street",
    "postcode",
    "city",
    "country",
    "vat_id",
    "registration",
    "email",
    "iban",
    "bic",
];

const PALISADE: Party = [
    "Palisade Platform GmbH",
    "Lagerstraße 3",
    "20357",
    "Hamburg",
    "DE",
    "DE784101224",
    "HRB 100001",
    "billing@palisade.example.org",
    "DE75512108001245126199",
    "",
];
const NORTHWIND: Party = [
    "Northwind Mobile SARL",
    "1 quai du Port",
    "44000",
    "Nantes",
    "FR",
    "FR19812345676",
    "812345676",
    "books@northwind.example.org",
    "FR1420041010050500013M02606",
    "",
];
const LYRE: Party = [
    "Lyre Telecom S.à r.l.",
    "9 rue du Nord",
    "2229",
    "Luxembourg",
    "LU",
    "LU28440045",
    "B100002",
    "books@lyre.example.org",
    "BE71096123456769",
    "",
];
const HARBOUR: Party = [
    "Tern Harbour Press SAS",
    "4 rue de la Mer",
    "29200",
    "Brest",
    "FR",
    "FR46908765431",
    "908765431",
    "accounts@harbour.example.org",
    "",
    "",
];
const OAKMERE: Party = [
    "Oakmere Legal Ltd",
    "12 Harbour Row",
    "D02 X285",
    "Dublin",
    "IE",
    "IE8515454H",
    "100003",
    "accounts@oakmere.example.org",
    "",
    "",
];

/// The zone in which somebody in this country counts days.
fn zone(country: &str) -> &'static str {
    match country {
        "DE" => "Europe/Berlin",
        "LU" => "Europe/Luxembourg",
        "IE" => "Europe/Dublin",
        _ => "Europe/Paris",
    }
}

fn fields(party: &Party) -> Vec<(&'static str, String)> {
    let mut fields: Vec<_> = NAMES
        .into_iter()
        .zip(party.iter().map(|value| (*value).to_owned()))
        .collect();
    fields.push(("zone", zone(party[4]).to_owned()));
    let language = if party[4] == "FR" { "fr" } else { "en" };
    fields.push(("language", language.to_owned()));
    fields
}

async fn sells(
    app: &Arc<App>,
    seller: &Organisation,
    party: &Party,
    letters: &str,
) -> Result<(), String> {
    let mut said = fields(party);
    said.extend([
        ("currency", "EUR".to_owned()),
        ("terms_days", "30".to_owned()),
        ("invoice_series", format!("{letters}-{{year}}-{{number:5}}")),
        (
            "credit_note_series",
            format!("{letters}C-{{year}}-{{number:5}}"),
        ),
    ]);
    let new = HowWeSell::read(&Fields::of(said)).map_err(told)?;
    set_up::put(app, &allowed::<SetPrices>(seller)?, new)
        .await
        .map_err(told)?;
    Ok(())
}

async fn takes_on(
    app: &Arc<App>,
    seller: &Organisation,
    buyer: &Organisation,
    party: &Party,
    payment: &str,
) -> Result<String, String> {
    let allowed = allowed::<SetPrices>(seller)?;
    let sells = show::seller(app, &allowed.actor).await.map_err(told)?;
    let mut said = fields(party);
    said.extend([
        ("organisation_id", buyer.id.clone()),
        ("payment", payment.to_owned()),
        ("terms_days", "14".to_owned()),
    ]);
    let new = NewBuyer::read(&Fields::of(said), Amounts::Minor, &sells).map_err(told)?;
    let account = buyers::add(app, &allowed, new).await.map_err(told)?;
    Ok(account.id)
}

async fn offers(
    app: &Arc<App>,
    seller: &Organisation,
    what: [(&'static str, &str); 3],
    (recurring, handset): (&str, &str),
) -> Result<String, String> {
    let allowed = allowed::<SetPrices>(seller)?;
    let sells = show::seller(app, &allowed.actor).await.map_err(told)?;
    let mut said: Vec<_> = what
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    said.extend([
        ("recurring", recurring.to_owned()),
        ("handset", handset.to_owned()),
        ("valid_from", since(app)?),
    ]);
    let new = NewPlan::read(&Fields::of(said), typed(), &sells).map_err(told)?;
    let plan = plans::add(app, &allowed, new).await.map_err(told)?;
    Ok(plan.id)
}

async fn costs(
    app: &Arc<App>,
    seller: &Organisation,
    plan: &str,
    whose: &[(&'static str, &str)],
    steps: &[(&str, &str)],
) -> Result<(), String> {
    let mut said: Vec<_> = whose
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    said.push(("valid_from", since(app)?));
    let steps: Vec<_> = steps
        .iter()
        .map(|(from, amount)| ((*from).to_owned(), (*amount).to_owned()))
        .collect();
    let euro = muster_domain::selling::currency::Currency::EUR;
    let new = NewPrice::read(&Fields::of(said), &steps, typed(), euro).map_err(told)?;
    let seller = allowed::<SetPrices>(seller)?;
    price::set(app, &seller, plan.to_owned(), new)
        .await
        .map_err(told)?;
    Ok(())
}

fn typed() -> Amounts {
    Amounts::Typed(muster_domain::selling::money::DecimalSign::Point)
}

/// The first day of the demo's prices.
fn since(app: &App) -> Result<String, String> {
    let today = Zone::utc().date_of(app.now());
    let first = today.checked_sub(Span::new().days(PRICED_FOR));
    first
        .map(|day| day.to_string())
        .map_err(|error| error.to_string())
}
