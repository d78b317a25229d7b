//! Who sells what to whom in the simulation. Each table is of the things that went wrong elsewhere: long months, days of clock
//! changes at midnight, zones a day apart, currencies without decimals, credit and prepayment.

/// A seller.
pub struct SellerShape {
    /// Its name.
    pub name: &'static str,
    /// ISO 3166-1.
    pub country: &'static str,
    /// Its VAT id.
    pub vat_id: &'static str,
    /// Where its days begin.
    pub zone: &'static str,
    /// What it sells in.
    pub currency: &'static str,
    /// Charges no VAT.
    pub exempt: bool,
    /// What domestic buyers bear under a plan's three choices of rate, hundredths of a percent.
    pub rates: [i64; 3],
    /// How a plan names these three.
    pub rate_words: [&'static str; 3],
}

/// The operator and two resellers.
pub const SELLERS: [SellerShape; 3] = [
    SellerShape {
        name: "Harbour Light",
        country: "DE",
        vat_id: "DE136695976",
        zone: "Europe/Berlin",
        currency: "EUR",
        exempt: false,
        rates: [1900, 700, 0],
        rate_words: ["standard", "700", "zero"],
    },
    SellerShape {
        name: "Northwind Mobile",
        country: "FR",
        vat_id: "FR40303265045",
        zone: "Europe/Paris",
        currency: "EUR",
        exempt: false,
        rates: [2000, 1000, 0],
        rate_words: ["standard", "1000", "zero"],
    },
    SellerShape {
        name: "Lyre Telecom",
        country: "FR",
        vat_id: "FR83404833048",
        zone: "Asia/Tokyo",
        currency: "JPY",
        exempt: true,
        rates: [0, 0, 0],
        rate_words: ["standard", "1000", "zero"],
    },
];

/// A kind of buyer.
pub struct BuyerShape {
    /// ISO 3166-1.
    pub country: &'static str,
    /// Its VAT id.
    pub vat_id: Option<&'static str>,
    /// A taxable person.
    pub business: bool,
}

/// The kinds of buyer.
pub const BUYERS: [BuyerShape; 5] = [
    BuyerShape {
        country: "FR",
        vat_id: Some("FR46908765431"),
        business: true,
    },
    BuyerShape {
        country: "DE",
        vat_id: Some("DE136695976"),
        business: true,
    },
    BuyerShape {
        country: "US",
        vat_id: None,
        business: true,
    },
    BuyerShape {
        country: "FR",
        vat_id: None,
        business: false,
    },
    BuyerShape {
        country: "DE",
        vat_id: None,
        business: false,
    },
];

impl BuyerShape {
    /// Whether the seller's own VAT is charged. Written down from the law, not reckoned: between member states a business owes
    /// the tax itself and a consumer pays the seller's; who is outside of the Union pays none.
    #[must_use]
    pub fn bears_vat(&self, seller: &SellerShape) -> bool {
        if seller.exempt || self.country == "US" {
            return false;
        }
        self.country == seller.country || !self.business
    }
}

/// Where buyers count their days. Clocks change at midnight, by half an hour, or not at all; some of them lie a day apart.
pub const ZONES: [&str; 14] = [
    "Europe/Paris",
    "Europe/Berlin",
    "America/Los_Angeles",
    "America/Santiago",
    "America/Havana",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Atlantic/Azores",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "Pacific/Apia",
];

/// A plan.
pub struct PlanShape {
    /// `months` or `days`.
    pub unit: &'static str,
    /// How many.
    pub count: i64,
    /// The price until the price list changes, minor units.
    pub price: i64,
    /// The same for whoever has ten live subscriptions.
    pub from_ten: Option<i64>,
    /// The price of the handset.
    pub handset: Option<i64>,
    /// Days of trial.
    pub trial: i64,
    /// What a cancellation does.
    pub cancellation: &'static str,
    /// What becomes of paused time.
    pub paused: &'static str,
    /// Which of the seller's rates.
    pub rate: usize,
    /// How often it is drawn.
    pub weight: u64,
}

const fn plan(
    unit: &'static str,
    count: i64,
    price: i64,
    rules: [&'static str; 2],
    rate: usize,
    weight: u64,
) -> PlanShape {
    PlanShape {
        unit,
        count,
        price,
        from_ten: None,
        handset: None,
        trial: 0,
        cancellation: rules[0],
        paused: rules[1],
        rate,
        weight,
    }
}

const END: &str = "at-period-end";
const LOST: &str = "now-without-credit";
const CREDIT: &str = "now-with-credit";
const LAPSES: &str = "lapses";
const EXTENDS: &str = "extends";

/// The plans of every seller.
pub const PLANS: [PlanShape; 10] = [
    PlanShape {
        from_ten: Some(2_791),
        ..plan("months", 1, 2_990, [CREDIT, LAPSES], 0, 4)
    },
    plan("months", 3, 8_333, [CREDIT, EXTENDS], 1, 10),
    PlanShape {
        handset: Some(100_000),
        ..plan("months", 6, 150_000, [CREDIT, LAPSES], 0, 24)
    },
    PlanShape {
        from_ten: Some(250_001),
        ..plan("months", 12, 270_007, [LOST, EXTENDS], 0, 24)
    },
    plan("months", 24, 499_999, [CREDIT, LAPSES], 2, 12),
    PlanShape {
        trial: 30,
        ..plan("months", 6, 149_995, [CREDIT, EXTENDS], 0, 8)
    },
    plan("days", 30, 2_887, [END, LAPSES], 0, 3),
    plan("days", 90, 8_765, [CREDIT, LAPSES], 1, 6),
    plan("days", 365, 265_003, [CREDIT, EXTENDS], 0, 8),
    PlanShape {
        trial: 14,
        ..plan("months", 1, 0, [END, LAPSES], 0, 1)
    },
];

/// The day from which every price is another, and by how much it rises, thousandths.
pub const RISE: (&str, i64) = ("2030-07-01", 1_031);

/// What every buyer of this kind's own pays instead, thousandths of the price; on plan 2 alone.
pub const OWN_PRICE: (usize, i64) = (2, 880);
