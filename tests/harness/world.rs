//! Who is there in most tests: an operator, two resellers, their customers, and somebody of every role in each.

use std::sync::Arc;

use muster::app::App;
use muster::features::organisations::add;
use muster::features::people::tokens::{self, NewToken};
use muster::features::people::{self, NewMember};
use muster::features::record::write::By;
use muster_domain::people::Email;
use muster_domain::permission::Role;
use muster_store::organisations::Organisation;

use crate::api::{Api, text};
use crate::app::TestApp;
use crate::browser::Browser;
use crate::fleet::Fleet;
use crate::phone::TestPhone;

/// Everybody's password.
pub const PASSWORD: &str = "a lantern over quiet water";

/// The operator, Northwind Mobile with two customers, Lyre Telecom with one.
#[derive(Clone)]
pub struct World {
    app: Arc<App>,
    /// Harbour Light, the operator.
    pub operator: Place,
    /// Northwind Mobile, a reseller.
    pub northwind: Place,
    /// Its customer.
    pub press: Place,
    /// Its other customer.
    pub chambers: Place,
    /// Lyre Telecom, the other reseller.
    pub lyre: Place,
    /// Lyre's customer.
    pub bakery: Place,
    /// Northwind's fleet.
    pub fleet: Fleet,
    /// Lyre's fleet.
    pub lyre_fleet: Fleet,
}

/// An organisation with an owner's token.
#[derive(Clone)]
pub struct Place {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The API as its owner's program uses it.
    pub api: Api,
    row: Organisation,
}

impl World {
    pub(crate) async fn make(t: &TestApp) -> Self {
        let app = t.app().clone();
        let making = app.clone();
        let rows = t.write(move |tx| {
            let by = By::system();
            let operator = add::operator(tx, &making, &by, "Harbour Light")?;
            let northwind = add::reseller(tx, &making, &by, &operator, "Northwind Mobile")?;
            let press = add::customer(tx, &making, &by, &northwind, "The Evening Press")?;
            let chambers = add::customer(tx, &making, &by, &northwind, "Quay Chambers")?;
            let lyre = add::reseller(tx, &making, &by, &operator, "Lyre Telecom")?;
            let bakery = add::customer(tx, &making, &by, &lyre, "Old Mill Bakery")?;
            Ok([operator, northwind, press, chambers, lyre, bakery])
        });
        let mut places = Vec::new();
        for row in rows.await {
            let secret = token(&app, &row, Role::Owner).await;
            let api = Api::new(&app.portal_url, Some(secret));
            places.push(Place {
                id: row.id.clone(),
                name: row.name.clone(),
                api,
                row,
            });
        }
        let [operator, northwind, press, chambers, lyre, bakery] = places
            .try_into()
            .unwrap_or_else(|_| unreachable!("six were made"));
        let fleet = Fleet::make(&northwind.api, &northwind.id, 1, t.now()).await;
        let lyre_fleet = Fleet::make(&lyre.api, &lyre.id, 2, t.now()).await;
        Self {
            app,
            operator,
            northwind,
            press,
            chambers,
            lyre,
            bakery,
            fleet,
            lyre_fleet,
        }
    }

    /// The same people and fleets as a node knows them that was restored from this one's backup: their tokens work there too.
    pub(crate) fn at(&self, app: &Arc<App>) -> Self {
        let mut there = self.clone();
        there.app = app.clone();
        for place in [
            &mut there.operator,
            &mut there.northwind,
            &mut there.press,
            &mut there.chambers,
            &mut there.lyre,
            &mut there.bakery,
        ] {
            place.api = place.api.at(&app.portal_url);
        }
        there
    }

    /// Every organisation.
    #[must_use]
    pub fn places(&self) -> [&Place; 6] {
        [
            &self.operator,
            &self.northwind,
            &self.press,
            &self.chambers,
            &self.lyre,
            &self.bakery,
        ]
    }

    /// The API as a program with this role there.
    pub async fn api(&self, place: &Place, role: Role) -> Api {
        Api::new(
            &self.app.portal_url,
            Some(token(&self.app, &place.row, role).await),
        )
    }

    /// A member with this role there; answers the address to sign in with.
    pub async fn member(&self, place: &Place, role: Role) -> String {
        let name = place.name.to_lowercase().replace(' ', "-");
        let email = format!(
            "{role}-{}@{name}.example.org",
            &self.app.random.secret()[..8]
        );
        let hash = self
            .app
            .passwords
            .hash(PASSWORD, [7; 16])
            .await
            .expect("a password is hashed");
        let new = NewMember {
            organisation: place.row.clone(),
            email: Email::parse(&email).expect("an address"),
            name: format!("Robin the {role}"),
            role,
            password_hash: Some(hash),
        };
        let app = self.app.clone();
        let made = self
            .app
            .store
            .write(move |tx| people::create_member(tx, &app, &By::system(), &new));
        made.await.expect("the member is made");
        email
    }

    /// A browser in which somebody with this role there is signed in.
    pub async fn browser(&self, place: &Place, role: Role) -> Browser {
        let email = self.member(place, role).await;
        let mut browser = Browser::new(&self.app.portal_url);
        browser.sign_in(&email, PASSWORD).await;
        browser
    }

    /// A phone of Northwind's, registered and enrolled by the real agent; its first check-in is still to come.
    pub async fn phone(&self, t: &TestApp, serial: &str) -> TestPhone {
        self.phone_of(t, &self.northwind, &self.fleet, serial).await
    }

    /// The same for any organisation.
    pub async fn phone_of(
        &self,
        t: &TestApp,
        place: &Place,
        fleet: &Fleet,
        serial: &str,
    ) -> TestPhone {
        let device = text(&place.api.register(serial, &place.id).await["id"]);
        let code = place.api.code(&device).await;
        TestPhone::enrol(t, fleet, serial, &code).await
    }
}

async fn token(app: &Arc<App>, organisation: &Organisation, role: Role) -> String {
    let (secret, making, organisation) =
        (tokens::new_secret(app), app.clone(), organisation.clone());
    let given = secret.clone();
    let new = NewToken {
        name: format!("suite {role}"),
        role,
    };
    let made = app
        .store
        .write(move |tx| tokens::make_in(tx, &making, &By::system(), &organisation, &new, &given));
    made.await.expect("the token is made");
    secret
}
