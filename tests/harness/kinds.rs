//! Every kind of document that a seller issues, issued by the program itself: what the suite downloads, and what
//! `cargo run -p muster-tests --example issued_invoices` writes for the rules of others to judge (`tests/paper`).

use std::sync::Arc;

use jiff::civil::{Date, date};
use muster::app::App;
use muster::features::invoicing::documents::{frozen, paper};
use muster::features::invoicing::issue::{Issuing, issue};
use muster::features::selling::charge::{self, Item};
use muster_domain::selling::credit_note::{self, Original};
use muster_domain::selling::invoice::{Draft, Line};
use muster_domain::selling::money::Money;
use muster_store::selling::accounts::{self, Account, Terms};
use muster_store::selling::invoices::Invoice;
use muster_store::selling::parties::{self, Party};
use muster_store::selling::plans::Plan;
use muster_store::selling::sellers::{self, Seller};
use muster_store::{Conn, StoreResult};

use crate::app::TestApp;
use crate::trade::{Deal, id};

/// A line to be billed: what it is, its words, quantity, price of one, what is taken off, and its time.
#[derive(Debug, Clone)]
pub struct Sold {
    item: Item,
    /// The plan's rate, as its row has it.
    rate: &'static str,
    text: String,
    quantity: i64,
    price: i64,
    discount: i64,
    period: Option<(Date, Date)>,
}

/// One kind of document.
#[derive(Debug, Clone)]
pub struct Kind {
    /// The name of its files.
    pub name: &'static str,
    seller: Party,
    buyer: Party,
    small: bool,
    business: bool,
    language: &'static str,
    currency: &'static str,
    /// What stands in the buyer's credit before.
    credit: i64,
    lines: Vec<Sold>,
    /// Whether it is the credit note over the whole.
    credited: bool,
}

/// Ten kinds, and what the rules know besides.
#[must_use]
pub fn all() -> Vec<Kind> {
    let half_year = Some((date(2026, 9, 21), date(2027, 3, 20)));
    let month = Some((date(2026, 9, 1), date(2026, 9, 30)));
    let rest = Some((date(2026, 9, 21), date(2026, 9, 30)));
    let service = |text: &str, quantity, price| Sold {
        item: Item::Recurring,
        rate: "standard",
        text: text.to_owned(),
        quantity,
        price,
        discount: 0,
        period: month,
    };
    let handset = |quantity, price| Sold {
        item: Item::Handset,
        period: None,
        ..service("Handset N7, serial number HX7-30418-K2", quantity, price)
    };
    let plain = |name, seller: &Party, buyer: &Party, lines| Kind {
        name,
        seller: seller.clone(),
        buyer: buyer.clone(),
        small: false,
        business: true,
        language: "en",
        currency: "EUR",
        credit: 0,
        lines,
        credited: false,
    };
    let (north, lyre, harbour, press, alpine) = (north(), lyre(), harbour(), press(), alpine());
    vec![
        plain(
            "01-domestic",
            &north,
            &harbour,
            vec![
                handset(1, 100_000),
                Sold {
                    period: half_year,
                    ..service("Subscription Six months, phone HX7-30418-K2", 1, 150_000)
                },
            ],
        ),
        plain(
            "02-reverse-charge",
            &lyre,
            &harbour,
            vec![service("Subscription Field", 40, 4_900)],
        ),
        Kind {
            currency: "CHF",
            ..plain("03-export", &north, &alpine, vec![handset(12, 98_000)])
        },
        Kind {
            credited: true,
            ..plain(
                "04-credit-note",
                &north,
                &harbour,
                vec![service("Subscription Field, five months", 5, 152_250)],
            )
        },
        plain(
            "05-two-rates",
            &lyre,
            &press,
            vec![
                service("Subscription Field", 3, 58_801),
                Sold {
                    item: Item::Other,
                    rate: "550",
                    period: None,
                    ..service("Handbook for newsrooms, printed", 7, 1_893)
                },
            ],
        ),
        plain(
            "06-prorated",
            &north,
            &harbour,
            vec![
                Sold {
                    item: Item::Proration,
                    period: rest,
                    ..service("Plan Field, rest taken back", -1, 1_837)
                },
                Sold {
                    item: Item::Proration,
                    period: rest,
                    ..service("Plan Desk, to the end of the month", 10, 437)
                },
            ],
        ),
        plain(
            "07-zero",
            &north,
            &harbour,
            vec![Sold {
                discount: 4_900,
                ..service("Subscription Field, first month", 1, 4_900)
            }],
        ),
        plain(
            "08-many-lines",
            &north,
            &harbour,
            (1..=74)
                .map(|n| {
                    service(
                        &format!("Subscription Wholesale, phone NM-7Q2K-{n:04}"),
                        1,
                        3_175,
                    )
                })
                .collect(),
        ),
        Kind {
            language: "fr",
            ..plain(
                "09-french",
                &lyre,
                &press,
                vec![Sold {
                    discount: 30_000,
                    period: half_year,
                    ..service("Abonnement Six mois, téléphone HX7-30418-K2", 4, 150_000)
                }],
            )
        },
        plain(
            "10-long-names",
            &Party {
                legal_name: "Northwind Mobile Gesellschaft für vertrauenswürdige Kommunikationsausstattung und \
                             Flottenbetrieb mit beschränkter Haftung"
                    .to_owned(),
                ..north.clone()
            },
            &Party {
                legal_name: "Anwaltsgemeinschaft Hafenkante Rechtsanwältinnen Steuerberaterinnen Wirtschaftsprüferinnen \
                             Partnerschaftsgesellschaft mbB"
                    .to_owned(),
                street: "Abteilung für Informationssicherheit und Beschaffung\nz. Hd. Εὐαγγελία Παπαδοπούλου-Жуковская\n\
                         Kaiser-Wilhelm-und-Auguste-Viktoria-Promenade 1234 b"
                    .to_owned(),
                ..harbour.clone()
            },
            vec![service(
                "Subscription with extended warranty, replacement within one working day, and a telephone line to people who \
                 know the product, phone Contract_number_without_any_space_0123456789_0123456789_0123456789_0123456789",
                1_250,
                1_234_567,
            )],
        ),
        plain(
            "11-not-subject",
            &north,
            &alpine,
            vec![service("Subscription Field, yearly", 2, 58_800)],
        ),
        plain(
            "12-intra-community",
            &lyre,
            &harbour,
            vec![handset(3, 100_000)],
        ),
        Kind {
            small: true,
            language: "fr",
            ..plain(
                "13-small-enterprise",
                &lyre,
                &press,
                vec![service("Abonnement Terrain", 2, 4_900)],
            )
        },
        Kind {
            credit: 50_000,
            ..plain(
                "14-partly-prepaid",
                &lyre,
                &press,
                vec![service("Subscription Field", 3, 58_800)],
            )
        },
        Kind {
            business: false,
            language: "fr",
            ..plain(
                "15-consumer",
                &lyre,
                &Party {
                    legal_name: "Camille Exemple".to_owned(),
                    vat_id: None,
                    registration: None,
                    ..press.clone()
                },
                vec![service("Abonnement Terrain", 1, 4_900)],
            )
        },
    ]
}

/// Issues every kind, as `deal`'s seller to its buyer; answers each document's name and row.
///
/// # Panics
/// One of them is refused.
pub async fn issue_all(t: &TestApp, deal: &Deal) -> Vec<(&'static str, Invoice)> {
    let mut issued = Vec::new();
    for (number, kind) in (0..).zip(all()) {
        issued.push((kind.name, issue_one(t, deal, kind, number).await));
    }
    issued
}

/// Issues one kind; `number` tells its parties from others'.
///
/// # Panics
/// It is refused.
pub async fn issue_one(t: &TestApp, deal: &Deal, kind: Kind, number: u64) -> Invoice {
    let (app, deal) = (t.app().clone(), deal.clone());
    t.write(move |tx| issue_in(tx, &app, &deal, &kind, number))
        .await
}

fn issue_in(
    tx: &mut Conn,
    app: &Arc<App>,
    deal: &Deal,
    kind: &Kind,
    number: u64,
) -> StoreResult<Invoice> {
    let party = |row: &Party, place: u64, organisation: &str| Party {
        id: id(0x300, number * 2 + place),
        organisation_id: organisation.to_owned(),
        ..row.clone()
    };
    let seller_party = party(&kind.seller, 0, &deal.seller.organisation_id);
    let buyer_party = party(&kind.buyer, 1, &deal.account.buyer_id);
    parties::insert(tx, &seller_party)?;
    parties::insert(tx, &buyer_party)?;
    let seller = Seller {
        party_id: seller_party.id.clone(),
        vat_exempt: i64::from(kind.small),
        ..deal.seller.clone()
    };
    sellers::put(tx, &seller)?;
    let account = account(tx, deal, kind, &buyer_party.id)?;
    let draft = draft(
        deal,
        kind,
        (&seller, &seller_party),
        (&account, &buyer_party),
    );
    let nobody = vec![None; draft.lines.len()];
    let it = Issuing {
        seller: &seller,
        account: &account,
        draft: &draft,
        subscriptions: &nobody,
        corrects: None,
        terms_days: 30,
    };
    let invoice = issue(tx, app, &it)?.expect("the document is issued");
    if !kind.credited {
        return Ok(invoice);
    }
    let rows = frozen::Frozen::of(tx, invoice.clone())?;
    let original = paper::draft(&rows)?;
    let note = credit_note::whole(&Original {
        draft: &original,
        number: &frozen::number(&invoice),
        issued: frozen::date(&invoice.issue_date)?,
        credited: &[],
    })
    .expect("the invoice can be credited");
    let it = Issuing {
        draft: &note,
        corrects: Some(&invoice),
        ..it
    };
    Ok(issue(tx, app, &it)?.expect("the credit note is issued"))
}

/// The buyer's account in the kind's currency, as this kind wants it.
fn account(tx: &mut Conn, deal: &Deal, kind: &Kind, party: &str) -> StoreResult<Account> {
    let wanted = Account {
        id: match kind.currency {
            "EUR" => deal.account.id.clone(),
            _ => id(0x301, 1),
        },
        party_id: party.to_owned(),
        business: i64::from(kind.business),
        currency: kind.currency.to_owned(),
        language: kind.language.to_owned(),
        ..deal.account.clone()
    };
    if accounts::many_for_job(tx, &[&wanted.id])?.is_empty() {
        accounts::insert(tx, &wanted)?;
    }
    let terms = Terms {
        party_id: wanted.party_id.clone(),
        business: wanted.business,
        zone: wanted.zone.clone(),
        language: wanted.language.clone(),
        terms_days: wanted.terms_days,
        payment: wanted.payment.clone(),
        credit_limit: wanted.credit_limit,
    };
    accounts::change(tx, &wanted.seller_id, &wanted.id, &terms)?;
    // What an earlier kind left is taken out, so that each begins with its own.
    accounts::draw(tx, &wanted.id, i64::MAX)?;
    accounts::put_in(tx, &wanted.id, kind.credit)?;
    Ok(Account {
        credit: kind.credit,
        ..wanted
    })
}

fn draft(deal: &Deal, kind: &Kind, seller: (&Seller, &Party), buyer: (&Account, &Party)) -> Draft {
    let trade = charge::Trade::of(seller, buyer).expect("parties that trade");
    let currency = frozen::currency(kind.currency).expect("a currency");
    let day = date(2026, 9, 21);
    let lines = kind.lines.iter().map(|sold| Line {
        product: sold.item.as_str().to_owned(),
        text: sold.text.clone(),
        quantity: sold.quantity,
        unit_price: Money::new(sold.price, currency),
        discount: Money::new(sold.discount, currency),
        treatment: trade
            .treatment(
                &Plan {
                    rate: sold.rate.to_owned(),
                    ..deal.plan.clone()
                },
                sold.item,
                day,
            )
            .expect("a rate"),
        period: sold.period,
    });
    Draft::invoice(currency, lines.collect())
}

fn party(name: &str, address: [&str; 4], vat_id: Option<&str>, registration: &str) -> Party {
    let [street, postcode, city, country] = address;
    Party {
        id: String::new(),
        organisation_id: String::new(),
        legal_name: name.to_owned(),
        street: street.to_owned(),
        postcode: postcode.to_owned(),
        city: city.to_owned(),
        country: country.to_owned(),
        vat_id: vat_id.map(str::to_owned),
        registration: Some(registration.to_owned()),
        email: "books@example.org".to_owned(),
        iban: None,
        bic: None,
        created_at: 0,
    }
}

fn north() -> Party {
    Party {
        iban: Some("DE02120300000000202051".to_owned()),
        bic: Some("BYLADEM1001".to_owned()),
        ..party(
            "Northwind Mobile GmbH",
            ["Speicherstraße 7", "20457", "Hamburg", "DE"],
            Some("DE136695976"),
            "HRB 000117, Hamburg",
        )
    }
}

fn lyre() -> Party {
    Party {
        iban: Some("FR7630006000011234567890189".to_owned()),
        ..party(
            "Lyre Telecom SAS",
            ["3, quai des Ormes", "69002", "Lyon", "FR"],
            Some("FR11123456782"),
            "123 456 782",
        )
    }
}

fn harbour() -> Party {
    party(
        "Harbour Light Law",
        ["Am Kai 12", "28195", "Bremen", "DE"],
        Some("DE136695976"),
        "PR 000042",
    )
}

fn press() -> Party {
    party(
        "Les Nouvelles du Canal SARL",
        [
            "Maison de la presse\n27, avenue des Tilleuls",
            "75011",
            "Paris",
            "FR",
        ],
        Some("FR14987654324"),
        "98765432400017",
    )
}

fn alpine() -> Party {
    party(
        "Alpine Desk AG",
        ["Uferweg 9", "8001", "Zürich", "CH"],
        None,
        "CHE-123.456.788",
    )
}
