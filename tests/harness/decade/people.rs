//! Who sells there and who buys: rows written straight through the store.

use jiff::civil::Date;
use muster::app::App;
use muster::features::organisations::add;
use muster::features::record::write::By;
use muster_domain::selling::dunning;
use muster_store::selling::{accounts, parties, plans, sellers};
use muster_store::{Conn, StoreError, StoreResult, organisations};

use super::calendar::{Every, plus_days};
use super::chance::Chance;
use super::model::{Account, Model, Plan, Price, Seller};
use super::shapes::{BUYERS, OWN_PRICE, PLANS, RISE, SELLERS, ZONES};
use super::world::World;

impl World {
    /// Writes sellers, their plans and `buyers` buyers, and answers what was written.
    ///
    /// # Errors
    /// A sentence.
    pub fn people(&self, buyers: usize) -> Result<Model, String> {
        let (app, seed) = (&self.nodes[0].app, self.seed);
        self.write(|tx| {
            let mut making = Making {
                tx,
                app,
                chance: Chance::new(seed, 11),
                model: Model::default(),
            };
            making.sellers()?;
            for seller in 0..SELLERS.len() {
                for shape in 0..PLANS.len() {
                    making.plan(seller, shape)?;
                }
            }
            for number in 0..buyers {
                making.buyer(number)?;
            }
            making.own_prices()?;
            Ok(making.model)
        })
    }
}

struct Making<'a> {
    tx: &'a mut Conn,
    app: &'a App,
    chance: Chance,
    model: Model,
}

/// Prices hold since then.
const LONG_AGO: Date = jiff::civil::date(2020, 1, 1);

impl Making<'_> {
    fn sellers(&mut self) -> StoreResult<()> {
        let by = By::system();
        let operator = add::operator(self.tx, self.app, &by, SELLERS[0].name)?;
        for (place, shape) in SELLERS.iter().enumerate() {
            let organisation = if place == 0 {
                operator.clone()
            } else {
                add::reseller(self.tx, self.app, &by, &operator, shape.name)?
            };
            let id = organisation.id;
            let party = self.party(&id, shape.name, (shape.country, Some(shape.vat_id)))?;
            let series = [
                format!("{place}-{{year}}-{{number:5}}"),
                format!("{place}C-{{year}}-{{number:5}}"),
            ];
            let row = sellers::Seller {
                organisation_id: id.clone(),
                party_id: party,
                currency: shape.currency.to_owned(),
                zone: shape.zone.to_owned(),
                language: "en".to_owned(),
                vat_exempt: i64::from(shape.exempt),
                terms_days: 14,
                invoice_series: series[0].clone(),
                credit_note_series: series[1].clone(),
                created_at: self.app.now_micros(),
            };
            sellers::put(self.tx, &row)?;
            self.model.seller_places.insert(id.clone(), place);
            self.model.sellers.push(Seller {
                id,
                zone: shape.zone,
                currency: shape.currency,
                series,
                name: shape.name,
            });
        }
        Ok(())
    }

    fn plan(&mut self, seller: usize, shape: usize) -> StoreResult<()> {
        let (sold_by, shape) = (&SELLERS[seller], &PLANS[shape]);
        let row = plans::Plan {
            id: self.app.new_id(),
            seller_id: self.model.sellers[seller].id.clone(),
            name: format!("{} {} at {}", shape.count, shape.unit, shape.price),
            interval_unit: shape.unit.to_owned(),
            interval_count: shape.count,
            currency: sold_by.currency.to_owned(),
            trial_days: shape.trial,
            terms_days: 14,
            rate: sold_by.rate_words[shape.rate].to_owned(),
            cancellation: shape.cancellation.to_owned(),
            paused_time: shape.paused.to_owned(),
            dunning: serde_json::to_string(&dunning::Plan::default()).map_err(unwritten)?,
            created_at: self.app.now_micros(),
            retired_at: None,
        };
        plans::insert(self.tx, &row)?;
        let mut prices = Vec::new();
        let items = [
            ("recurring", 1, Some(shape.price)),
            ("recurring", 10, shape.from_ten),
            ("handset", 1, shape.handset),
        ];
        let rise: Date = RISE.0.parse().map_err(unwritten)?;
        for (item, from_quantity, amount) in items {
            let Some(amount) = amount else { continue };
            for (from, until, amount) in [
                (LONG_AGO, Some(rise), amount),
                (rise, None, amount * RISE.1 / 1_000),
            ] {
                prices.push(Price {
                    item,
                    buyer: None,
                    from_quantity,
                    amount,
                    from,
                    until,
                });
            }
        }
        for price in &prices {
            self.price(&row.id, price)?;
        }
        self.model
            .plan_places
            .insert(row.id.clone(), self.model.plans.len());
        self.model.plans.push(Plan {
            id: row.id,
            seller,
            every: Every {
                months: shape.unit == "months",
                count: shape.count,
            },
            prices,
            rate: sold_by.rates[shape.rate],
            cancellation: shape.cancellation,
            paused: shape.paused,
        });
        Ok(())
    }

    fn price(&mut self, plan: &str, price: &Price) -> StoreResult<()> {
        let row = plans::Price {
            id: self.app.new_id(),
            plan_id: plan.to_owned(),
            item: price.item.to_owned(),
            buyer_id: price.buyer.clone(),
            from_quantity: price.from_quantity,
            amount: price.amount,
            valid_from: price.from.to_string(),
            valid_until: price.until.map(|until| until.to_string()),
            created_at: self.app.now_micros(),
        };
        plans::insert_price(self.tx, &row)
    }

    fn buyer(&mut self, number: usize) -> StoreResult<()> {
        // The operator sells to resellers: a few. Most buyers are the resellers' customers.
        let seller = [1, 1, 2, 1, 0, 2, 1][number % 7];
        let shape = self.chance.pick(&BUYERS);
        let name = format!("Buyer {number}");
        let scope = muster_domain::scope::Scope::Platform;
        let Some(above) = organisations::find(self.tx, &scope, &self.model.sellers[seller].id)?
        else {
            return Err(StoreError::Query("a seller is gone".to_owned()));
        };
        let buyer = match seller {
            0 => add::reseller(self.tx, self.app, &By::system(), &above, &name)?,
            _ => add::customer(self.tx, self.app, &By::system(), &above, &name)?,
        };
        let party = self.party(&buyer.id, &name, (shape.country, shape.vat_id))?;
        let prepaid = self.chance.one_in(5);
        let limit = if prepaid {
            self.chance.between(0, 1) * 400_000
        } else {
            0
        };
        let row = accounts::Account {
            id: self.app.new_id(),
            seller_id: self.model.sellers[seller].id.clone(),
            buyer_id: buyer.id.clone(),
            party_id: party,
            business: i64::from(shape.business),
            currency: SELLERS[seller].currency.to_owned(),
            zone: (*self.chance.pick(&ZONES)).to_owned(),
            language: ["en", "fr"][number % 2].to_owned(),
            terms_days: *self.chance.pick(&[0, 14, 14, 30, 60]),
            payment: if prepaid { "prepaid" } else { "invoice" }.to_owned(),
            credit: 0,
            credit_limit: limit,
            live_subscriptions: 0,
            created_at: self.app.now_micros(),
        };
        accounts::insert(self.tx, &row)?;
        let zone = ZONES.iter().find(|zone| **zone == row.zone);
        self.model
            .account_places
            .insert(row.id.clone(), self.model.accounts.len());
        self.model.accounts.push(Account {
            id: row.id,
            seller,
            buyer: buyer.id,
            zone: zone.copied().unwrap_or(ZONES[0]),
            prepaid,
            bears_vat: shape.bears_vat(&SELLERS[seller]),
            terms: row.terms_days,
            credit: 0,
            limit,
            count: 0,
            live: (0, 0),
            habit: self.chance.below(10),
        });
        Ok(())
    }

    /// One buyer of each seller was promised a price of its own.
    fn own_prices(&mut self) -> StoreResult<()> {
        for seller in 0..SELLERS.len() {
            let buyer = self
                .model
                .accounts
                .iter()
                .find(|account| account.seller == seller);
            let Some(buyer) = buyer.map(|account| account.buyer.clone()) else {
                continue;
            };
            let place = seller * PLANS.len() + OWN_PRICE.0;
            let own = Price {
                item: "recurring",
                buyer: Some(buyer),
                from_quantity: 1,
                amount: PLANS[OWN_PRICE.0].price * OWN_PRICE.1 / 1_000,
                from: LONG_AGO,
                until: Some(plus_days(LONG_AGO, 365 * 12)),
            };
            let plan = self.model.plans[place].id.clone();
            self.price(&plan, &own)?;
            self.model.plans[place].prices.push(own);
        }
        Ok(())
    }

    fn party(
        &mut self,
        organisation: &str,
        name: &str,
        (country, vat_id): (&str, Option<&str>),
    ) -> StoreResult<String> {
        let row = parties::Party {
            id: self.app.new_id(),
            organisation_id: organisation.to_owned(),
            legal_name: format!("{name} Ltd"),
            street: "1 Quay Street".to_owned(),
            postcode: "44000".to_owned(),
            city: "Harbour".to_owned(),
            country: country.to_owned(),
            vat_id: vat_id.map(str::to_owned),
            registration: None,
            email: "books@example.org".to_owned(),
            iban: None,
            bic: None,
            created_at: self.app.now_micros(),
        };
        parties::insert(self.tx, &row)?;
        Ok(row.id)
    }
}

fn unwritten(error: impl std::fmt::Display) -> StoreError {
    StoreError::Query(error.to_string())
}
