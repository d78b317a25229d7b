//! Who stands on an invoice, as somebody types it. What stood on one is kept: details that change become a new row.

use muster_domain::people::Email;
use muster_domain::selling::bic::Bic;
use muster_domain::selling::country::Country;
use muster_domain::selling::iban::Iban;
use muster_domain::selling::vat_id::VatId;
use muster_domain::text::{Invalid, line};
use muster_store::selling::parties::{self, Party};
use muster_store::{Conn, StoreResult};

use crate::app::App;
use crate::features::selling::typed::Faults;
use crate::web::fields::Fields;

/// The most characters of a line of an address.
const LINE_MOST: usize = 120;
/// The most characters of a postcode or an entry in a register.
const SHORT_MOST: usize = 40;

/// The fields of a party, as forms call them.
pub const FIELDS: [&str; 10] = [
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

/// Details that fit.
#[derive(Debug, Clone)]
pub struct Details {
    legal_name: String,
    street: String,
    postcode: String,
    city: String,
    country: Country,
    vat_id: Option<VatId>,
    registration: Option<String>,
    email: Email,
    iban: Option<Iban>,
    bic: Option<Bic>,
}

impl Details {
    /// Reads the fields of [`FIELDS`].
    ///
    /// # Errors
    /// Every one that does not fit; or the VAT id is of another country than the address, where both are in the Union.
    pub fn read(fields: &Fields) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let text = |name: &'static str, most| line(name, fields.one(name), most);
        let legal_name = faults.take(text("legal_name", LINE_MOST));
        let street = faults.take(text("street", LINE_MOST));
        let postcode = faults.take(text("postcode", SHORT_MOST));
        let city = faults.take(text("city", LINE_MOST));
        let country = faults.take(Country::parse(fields.one("country")));
        let vat_id = faults.take(fields.some("vat_id").map(VatId::parse).transpose());
        let registration = fields.some("registration");
        let registration = faults.take(
            registration
                .map(|typed| line("registration", typed, SHORT_MOST))
                .transpose(),
        );
        let email = faults.take(Email::parse(fields.one("email")));
        let iban = faults.take(fields.some("iban").map(Iban::parse).transpose());
        let bic = faults.take(fields.some("bic").map(Bic::parse).transpose());
        if let (Some(country), Some(Some(vat_id))) = (country, &vat_id) {
            faults.take(of_one_country(country, vat_id));
        }
        match (legal_name, street, postcode, city, country) {
            (Some(legal_name), Some(street), Some(postcode), Some(city), Some(country))
                if faults.is_empty() =>
            {
                match (vat_id, registration, email, iban, bic) {
                    (Some(vat_id), Some(registration), Some(email), Some(iban), Some(bic)) => {
                        Ok(Self {
                            legal_name,
                            street,
                            postcode,
                            city,
                            country,
                            vat_id,
                            registration,
                            email,
                            iban,
                            bic,
                        })
                    }
                    _ => Err(faults),
                }
            }
            _ => Err(faults),
        }
    }

    /// The country of the address.
    #[must_use]
    pub fn country(&self) -> Country {
        self.country
    }

    /// The VAT id.
    #[must_use]
    pub fn vat_id(&self) -> Option<&VatId> {
        self.vat_id.as_ref()
    }

    /// The row that holds these details of an organisation: `known` while it says the same, a new one otherwise. Answers its
    /// id.
    ///
    /// # Errors
    /// The database refused.
    pub fn keep(
        &self,
        tx: &mut Conn,
        app: &App,
        organisation: &str,
        known: Option<&str>,
    ) -> StoreResult<String> {
        let new = Party {
            id: app.new_id(),
            organisation_id: organisation.to_owned(),
            legal_name: self.legal_name.clone(),
            street: self.street.clone(),
            postcode: self.postcode.clone(),
            city: self.city.clone(),
            country: self.country.to_string(),
            vat_id: self.vat_id.as_ref().map(ToString::to_string),
            registration: self.registration.clone(),
            email: self.email.as_str().to_owned(),
            iban: self.iban.as_ref().map(|iban| iban.as_str().to_owned()),
            bic: self.bic.as_ref().map(ToString::to_string),
            created_at: app.now_micros(),
        };
        if let Some(known) = known
            && let Some(old) = parties::find(tx, known)?
        {
            let same = Party {
                id: old.id.clone(),
                created_at: old.created_at,
                ..new.clone()
            };
            if same == old {
                return Ok(old.id);
            }
        }
        parties::insert(tx, &new)?;
        Ok(new.id)
    }
}

/// A row as the fields of a form.
#[must_use]
pub fn fields(party: &Party) -> Vec<(&'static str, String)> {
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        ("legal_name", party.legal_name.clone()),
        ("street", party.street.clone()),
        ("postcode", party.postcode.clone()),
        ("city", party.city.clone()),
        ("country", party.country.clone()),
        ("vat_id", or_nothing(&party.vat_id)),
        ("registration", or_nothing(&party.registration)),
        ("email", party.email.clone()),
        ("iban", or_nothing(&party.iban)),
        ("bic", or_nothing(&party.bic)),
    ]
}

/// An address in one member state with the VAT id of another is a mistake in one of the two: no invoice could be made with it.
fn of_one_country(country: Country, vat_id: &VatId) -> Result<(), Invalid> {
    let theirs = vat_id.country();
    if theirs == country || !theirs.is_member() || !country.is_member() {
        return Ok(());
    }
    let message = format!(
        "This VAT id is of {theirs}, and the address is in {country}. Correct one of the two."
    );
    Err(Invalid::new("vat_id", "vat-id-elsewhere", message))
}
