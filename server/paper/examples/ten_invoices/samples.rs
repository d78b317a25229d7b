//! Ten kinds of documents of invented companies, for the tests and for the eye. Amounts are reckoned by `finished`; the
//! check in `tests/paper` reckons them once more by itself.

use jiff::civil::date;

use super::invoice::{
    Account, Address, Allowance, Category, Currency, Delivery, Endpoint, Exemption, French,
    HomeVat, Invoice, Kind, Language, Line, Look, Nature, Note, Party, Payment, Registration,
    TaxTotal, Totals, Unit, Vat,
};

/// Every document with the name of its files.
pub(crate) fn all() -> Vec<(&'static str, Invoice)> {
    vec![
        ("01-domestic", domestic()),
        ("02-reverse-charge", reverse_charge()),
        ("03-export", export()),
        ("04-credit-note", credit_note()),
        ("05-two-rates", two_rates()),
        ("06-prorated", prorated()),
        ("07-zero", zero()),
        ("08-many-lines", many_lines()),
        ("09-french", french()),
        ("10-long-names", long_names()),
    ]
}

/// What else the rules know: the other categories, a currency without decimals, more paid than is due.
pub(crate) fn further() -> Vec<(&'static str, Invoice)> {
    vec![
        ("11-not-subject", not_subject()),
        ("12-intra-community", intra_community()),
        ("13-exempt-overpaid", exempt_overpaid()),
        ("14-yen-credit-note", yen_credit_note()),
    ]
}

/// Services to a business outside the Union: not subject to VAT here, so the document carries no VAT id.
pub(crate) fn not_subject() -> Invoice {
    let service = line(
        "Fleet service, yearly",
        2,
        Unit::Year,
        58_800,
        vat(Category::O, 0),
    );
    let mut made = invoice("NM-2026-000123", northwind(), alpine(), vec![service]);
    made.period = Some((date(2026, 11, 1), date(2027, 10, 31)));
    made.supplied = None;
    finished(made)
}

/// Goods to a business in another member state.
pub(crate) fn intra_community() -> Invoice {
    let handsets = line(
        "Handset N7, 256 GB",
        3,
        Unit::Piece,
        100_000,
        vat(Category::K, 0),
    );
    let mut made = invoice("NM-2026-000124", northwind(), press(), vec![handsets]);
    made.delivery = Some(Delivery {
        name: None,
        address: made.buyer.address.clone(),
    });
    finished(made)
}

/// An exempt supply of which more was paid than is due.
pub(crate) fn exempt_overpaid() -> Invoice {
    let course = line(
        "Course for newcomers, one day",
        1,
        Unit::Day,
        45_000,
        vat(Category::E, 0),
    );
    let mut made = invoice("NM-2026-000125", northwind(), harbour(), vec![course]);
    made.totals.prepaid = 50_000;
    finished(made)
}

/// Money back in a currency without decimals, in French, with its VAT in euro and a part that is taxed at zero.
pub(crate) fn yen_credit_note() -> Invoice {
    let service = line(
        "Service de flotte, non utilisé",
        1,
        Unit::Month,
        150_000,
        S20,
    );
    let stamps = line("Timbres", 1, Unit::Piece, 2_000, vat(Category::Z, 0));
    let mut made = invoice("LT-A-2026-00003", lyre(), alpine(), vec![service, stamps]);
    made.home_vat = Some(HomeVat {
        currency: made.currency.clone(),
        amount: 18_420,
    });
    made.kind = Kind::CreditNote {
        corrects: "LT-2026-00031".to_owned(),
        issued: date(2026, 10, 1),
    };
    made.language = Language::Fr;
    made.currency = Currency {
        code: "JPY".to_owned(),
        decimals: 0,
    };
    made.payment.terms = None;
    made.payment.account = None;
    made.french = Some(French::usual(Nature::Services, false, Language::Fr));
    finished(made)
}

/// A German seller, a German buyer, a handset and half a year of service.
pub(crate) fn domestic() -> Invoice {
    let mut handset = line("Handset N7, 256 GB", 1, Unit::Piece, 100_000, S19);
    handset.description = Some("Serial number NM-7Q2K-0412, sealed".to_owned());
    let mut service = line("Fleet service, six months", 1, Unit::Piece, 150_000, S19);
    service.period = Some((date(2026, 11, 23), date(2027, 5, 22)));
    finished(invoice(
        "NM-2026-000117",
        northwind(),
        harbour(),
        vec![handset, service],
    ))
}

/// Services from France to a business in Germany.
pub(crate) fn reverse_charge() -> Invoice {
    let mut service = line("Fleet service, monthly", 40, Unit::Month, 4_900, AE);
    service.period = Some((date(2026, 11, 1), date(2026, 11, 30)));
    let mut made = invoice("LT-2026-00042", lyre(), harbour(), vec![service]);
    made.french = Some(French::usual(Nature::Services, true, Language::En));
    made.payment.account = Some(french_account());
    made.notes = Vec::new();
    finished(made)
}

/// Goods that leave the Union, billed in francs.
pub(crate) fn export() -> Invoice {
    let handsets = line("Handset N7, 256 GB", 12, Unit::Piece, 98_000, G);
    let mut made = invoice("NM-2026-000118", northwind(), alpine(), vec![handsets]);
    made.currency.code = "CHF".to_owned();
    made.delivery = Some(Delivery {
        name: Some("Alpine Desk AG, Lager".to_owned()),
        address: address(&["Rampe 4"], "8004", "Zürich", "CH", "Switzerland"),
    });
    finished(made)
}

/// Money back: positive amounts, and the invoice that it corrects.
pub(crate) fn credit_note() -> Invoice {
    let mut service = line("Fleet service, cancelled", 5, Unit::Month, 152_250, S19);
    service.period = Some((date(2026, 12, 1), date(2027, 4, 30)));
    let mut made = invoice("NM-C-2026-000009", northwind(), harbour(), vec![service]);
    made.kind = Kind::CreditNote {
        corrects: "NM-2026-000093".to_owned(),
        issued: date(2026, 10, 1),
    };
    made.due = None;
    made.payment.terms = None;
    made.payment.account = None;
    made.payment.reference = None;
    finished(made)
}

/// Two rates and something taken off the whole; a part was paid before.
pub(crate) fn two_rates() -> Invoice {
    let mut made = invoice(
        "LT-2026-00043",
        lyre(),
        press(),
        vec![
            line("Fleet service, yearly", 3, Unit::Year, 58_800, S20),
            line(
                "Handbook for newsrooms, printed",
                7,
                Unit::Piece,
                1_890,
                S55,
            ),
            line("Charging cable", 10, Unit::Piece, 1_290, S20),
        ],
    );
    made.allowances = vec![Allowance {
        reason: "Loyalty discount".to_owned(),
        amount: 5_000,
        vat: S20,
    }];
    made.totals.prepaid = 50_000;
    made.french = Some(French::usual(Nature::Mixed, false, Language::En));
    made.payment.account = Some(french_account());
    made.supplied = Some(date(2026, 11, 20));
    finished(made)
}

/// An upgrade in the middle of a period: the rest of the old plan is taken back in the same document.
pub(crate) fn prorated() -> Invoice {
    let rest = Some((date(2026, 11, 12), date(2026, 11, 30)));
    let mut old = line("Plan Field, rest taken back", -1, Unit::Piece, 1_837, S19);
    old.period = rest;
    let mut new = line(
        "Plan Desk, to the end of the month",
        19,
        Unit::Day,
        230,
        S19,
    );
    new.period = rest;
    let mut extra = line("Second handset on one contract", 1, Unit::Month, 2_900, S19);
    extra.period = rest;
    extra.discount = 1_063;
    extra.discount_reason = Some("11 of 30 days not used".to_owned());
    finished(invoice(
        "NM-2026-000119",
        northwind(),
        harbour(),
        vec![old, new, extra],
    ))
}

/// A first month for nothing.
pub(crate) fn zero() -> Invoice {
    let mut trial = line("Fleet service, first month", 1, Unit::Month, 4_900, S19);
    trial.period = Some((date(2026, 11, 23), date(2026, 12, 22)));
    trial.discount = 4_900;
    trial.discount_reason = Some("Trial".to_owned());
    let mut made = invoice("NM-2026-000120", northwind(), harbour(), vec![trial]);
    made.due = None;
    made.payment.terms = None;
    finished(made)
}

/// A reseller's month: a line for each phone, over several pages.
pub(crate) fn many_lines() -> Invoice {
    let lines = (1..=74)
        .map(|number| {
            let mut phone = line(
                &format!("Wholesale service, phone NM-7Q2K-{number:04}"),
                1,
                Unit::Month,
                3_175,
                S19,
            );
            phone.period = Some((date(2026, 11, 1), date(2026, 11, 30)));
            if number % 5 == 0 {
                phone.description = Some("Two months of grace end with this period".to_owned());
            }
            phone
        })
        .collect();
    finished(invoice("NM-2026-000121", northwind(), harbour(), lines))
}

/// French seller, French buyer, everything that French law wants.
pub(crate) fn french() -> Invoice {
    let mut service = line("Abonnement flotte, six mois", 4, Unit::Piece, 150_000, S20);
    service.period = Some((date(2026, 12, 1), date(2027, 5, 31)));
    service.discount = 30_000;
    service.discount_reason = Some("Remise de 5 %".to_owned());
    let mut made = invoice("LT-2026-00044", lyre(), press(), vec![service]);
    made.language = Language::Fr;
    made.french = Some(French::usual(Nature::Services, true, Language::Fr));
    made.payment.account = Some(french_account());
    made.payment.terms = Some("Paiement par virement à 30 jours, date de facture.".to_owned());
    made.notes = vec![Note {
        subject: Some("BAR".to_owned()),
        text: "B2B".to_owned(),
    }];
    made.delivery = Some(Delivery {
        name: Some("Rédaction de Lille".to_owned()),
        address: address(&["14, rue du Marché"], "59000", "Lille", "FR", "France"),
    });
    finished(made)
}

/// Names and texts that are longer than any line.
pub(crate) fn long_names() -> Invoice {
    let mut seller = northwind();
    seller.name = "Northwind Mobile Gesellschaft für vertrauenswürdige Kommunikationsausstattung und Flottenbetrieb mit \
                   beschränkter Haftung"
        .to_owned();
    let mut buyer = harbour();
    buyer.name = "Anwaltsgemeinschaft Hafenkante Rechtsanwältinnen Steuerberaterinnen Wirtschaftsprüferinnen \
                  Partnerschaftsgesellschaft mbB"
        .to_owned();
    buyer.address.lines = vec![
        "Abteilung für Informationssicherheit und Beschaffung".to_owned(),
        "z. Hd. Εὐαγγελία Παπαδοπούλου-Жуковская".to_owned(),
        "Kaiser-Wilhelm-und-Auguste-Viktoria-Promenade 1234 b".to_owned(),
    ];
    let mut service = line(
        "Fleet service for handsets with extended warranty, replacement within one working day, and a telephone line to \
         people who know the product",
        1_250,
        Unit::Month,
        1_234_567,
        S19,
    );
    service.description = Some(
        "Contract_number_without_any_space_0123456789_0123456789_0123456789_0123456789_0123456789, signed by both sides"
            .to_owned(),
    );
    service.period = Some((date(2026, 11, 1), date(2026, 11, 30)));
    let mut made = invoice("NM-2026-000122", seller, buyer, vec![service]);
    made.buyer_reference = Some("04011000-1234512345-35".to_owned());
    made.order = Some("PO-2026-11-000000000000123456789".to_owned());
    made.notes = vec![Note {
        subject: None,
        text: "Thank you. This invoice replaces nothing and needs no signature; questions reach us at the address above \
               on every working day between nine and five."
            .to_owned(),
    }];
    made.look.footer = vec![
        "Managing directors: Ada Example, Ben Example · Court of registration: Example".to_owned(),
    ];
    finished(made)
}

const S19: Vat = vat(Category::S, 1_900);
const S20: Vat = vat(Category::S, 2_000);
const S55: Vat = vat(Category::S, 550);
const AE: Vat = vat(Category::AE, 0);
const G: Vat = vat(Category::G, 0);

const fn vat(category: Category, rate: u32) -> Vat {
    Vat { category, rate }
}

fn line(text: &str, quantity: i64, unit: Unit, unit_price: i64, vat: Vat) -> Line {
    Line {
        text: text.to_owned(),
        description: None,
        quantity,
        unit,
        unit_price,
        discount: 0,
        discount_reason: None,
        net: 0,
        vat,
        period: None,
    }
}

fn invoice(number: &str, seller: Party, buyer: Party, lines: Vec<Line>) -> Invoice {
    Invoice {
        kind: Kind::Invoice,
        number: number.to_owned(),
        issued: date(2026, 11, 23),
        due: Some(date(2026, 12, 23)),
        supplied: Some(date(2026, 11, 23)),
        period: None,
        language: Language::En,
        currency: Currency {
            code: "EUR".to_owned(),
            decimals: 2,
        },
        home_vat: None,
        payment: Payment {
            terms: Some("30 days net by bank transfer.".to_owned()),
            account: Some(Account {
                iban: "DE02120300000000202051".to_owned(),
                bic: Some("BYLADEM1001".to_owned()),
                holder: "Northwind Mobile GmbH".to_owned(),
            }),
            reference: Some("RF18539007547034".to_owned()),
        },
        look: Look {
            logo: (seller.address.country == "FR").then(|| "Lyre Telecom".to_owned()),
            ..Look::default()
        },
        seller,
        buyer,
        delivery: None,
        buyer_reference: None,
        order: None,
        lines,
        allowances: Vec::new(),
        taxes: Vec::new(),
        totals: Totals {
            lines: 0,
            allowances: 0,
            without_vat: 0,
            vat: 0,
            with_vat: 0,
            prepaid: 0,
            due: 0,
        },
        notes: Vec::new(),
        french: None,
    }
}

/// Reckons every sum.
fn finished(mut invoice: Invoice) -> Invoice {
    for line in &mut invoice.lines {
        line.net = line.unit_price * line.quantity - line.discount;
    }
    let mut used: Vec<Vat> = Vec::new();
    for line in &invoice.lines {
        if !used.contains(&line.vat) {
            used.push(line.vat);
        }
    }
    invoice.taxes = used.into_iter().map(|vat| tax(&invoice, vat)).collect();
    let totals = &mut invoice.totals;
    totals.lines = invoice.lines.iter().map(|line| line.net).sum();
    totals.allowances = invoice.allowances.iter().map(|off| off.amount).sum();
    totals.without_vat = totals.lines - totals.allowances;
    totals.vat = invoice.taxes.iter().map(|tax| tax.amount).sum();
    totals.with_vat = totals.without_vat + totals.vat;
    totals.due = totals.with_vat - totals.prepaid;
    invoice
}

fn tax(invoice: &Invoice, vat: Vat) -> TaxTotal {
    let lines: i64 = invoice
        .lines
        .iter()
        .filter(|line| line.vat == vat)
        .map(|line| line.net)
        .sum();
    let off: i64 = invoice
        .allowances
        .iter()
        .filter(|off| off.vat == vat)
        .map(|off| off.amount)
        .sum();
    let base = lines - off;
    let reason = |code: &str, text: &str| {
        Some(Exemption {
            code: Some(code.to_owned()),
            text: text.to_owned(),
        })
    };
    TaxTotal {
        vat,
        base,
        amount: (base * i64::from(vat.rate) + 5_000) / 10_000,
        exemption: match vat.category {
            Category::AE => reason(
                "VATEX-EU-AE",
                "Reverse charge: the buyer owes the VAT (art. 196, directive 2006/112/EC)",
            ),
            Category::G => reason(
                "VATEX-EU-G",
                "Export outside the European Union, exempt from VAT",
            ),
            Category::K => reason("VATEX-EU-IC", "Intra-Community supply, exempt from VAT"),
            Category::E => reason(
                "VATEX-EU-132-1I",
                "Exempt from VAT: education (art. 132, directive 2006/112/EC)",
            ),
            Category::O => reason("VATEX-EU-O", "Not subject to VAT in Germany"),
            Category::S | Category::Z => None,
        },
    }
}

fn address(
    lines: &[&str],
    postcode: &str,
    city: &str,
    country: &str,
    country_name: &str,
) -> Address {
    Address {
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        postcode: postcode.to_owned(),
        city: city.to_owned(),
        region: None,
        country: country.to_owned(),
        country_name: country_name.to_owned(),
    }
}

fn party(
    name: &str,
    address: Address,
    vat_id: &str,
    registration: Option<Registration>,
    endpoint: Endpoint,
) -> Party {
    Party {
        name: name.to_owned(),
        address,
        vat_id: Some(vat_id.to_owned()),
        registration,
        endpoint: Some(endpoint),
        legal: None,
    }
}

fn siren(id: &str) -> Option<Registration> {
    Some(Registration {
        scheme: Some("0002".to_owned()),
        label: "SIREN".to_owned(),
        id: id.to_owned(),
    })
}

fn northwind() -> Party {
    let address = address(&["Speicherstraße 7"], "20457", "Hamburg", "DE", "Germany");
    let mail = Endpoint::mail("billing@northwind.example.org");
    let entry = Registration {
        scheme: None,
        label: "HRB".to_owned(),
        id: "000117".to_owned(),
    };
    let mut party = party(
        "Northwind Mobile GmbH",
        address,
        "DE136695976",
        Some(entry),
        mail,
    );
    party.legal = Some("Amtsgericht Hamburg".to_owned());
    party
}

fn harbour() -> Party {
    let address = address(&["Am Kai 12"], "28195", "Bremen", "DE", "Germany");
    let mail = Endpoint::mail("office@harbour.example.org");
    party("Harbour Law Partners", address, "DE129274202", None, mail)
}

fn alpine() -> Party {
    let address = address(&["Seestrasse 21"], "8002", "Zürich", "CH", "Switzerland");
    let mail = Endpoint::mail("desk@alpine.example.org");
    let mut party = party("Alpine Desk AG", address, "", None, mail);
    party.vat_id = None;
    party
}

fn lyre() -> Party {
    let address = address(&["3, quai des Ormes"], "69002", "Lyon", "FR", "France");
    let directory = Endpoint {
        scheme: "0225".to_owned(),
        id: "123456782".to_owned(),
    };
    let mut party = party(
        "Lyre Telecom SAS",
        address,
        "FR11123456782",
        siren("123456782"),
        directory,
    );
    party.legal = Some("SAS au capital de 50 000 €".to_owned());
    party
}

fn press() -> Party {
    let address = address(
        &["Maison de la presse", "27, avenue des Tilleuls"],
        "75011",
        "Paris",
        "FR",
        "France",
    );
    let directory = Endpoint {
        scheme: "0225".to_owned(),
        id: "987654324".to_owned(),
    };
    party(
        "Les Nouvelles du Canal SARL",
        address,
        "FR14987654324",
        siren("987654324"),
        directory,
    )
}

fn french_account() -> Account {
    Account {
        iban: "FR7630006000011234567890189".to_owned(),
        bic: Some("AGRIFRPP".to_owned()),
        holder: "Lyre Telecom SAS".to_owned(),
    }
}
