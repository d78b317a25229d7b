//! Who is charged what: the cases of the directive, one by one.

use jiff::civil::{Date, date};

use super::{Buyer, Category, Nature, RateChoice, Reason, Seller, Treatment, treatment};
use crate::selling::country::Country;
use crate::selling::tax_rates::Rate;
use crate::selling::vat_id::VatId;

const DAY: Date = date(2026, 6, 1);

fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

fn german() -> Seller {
    Seller {
        country: country("DE"),
        vat_id: Some(VatId::parse("DE123456788").unwrap()),
        small_enterprise: false,
        one_stop_shop: false,
    }
}

fn business(code: &str, id: Option<&str>) -> Buyer {
    Buyer {
        country: country(code),
        is_business: true,
        vat_id: id.map(|id| VatId::parse(id).unwrap()),
    }
}

fn consumer(code: &str) -> Buyer {
    Buyer {
        is_business: false,
        ..business(code, None)
    }
}

fn service(seller: &Seller, buyer: &Buyer) -> Treatment {
    treatment(seller, buyer, Nature::Services, RateChoice::Standard, DAY).unwrap()
}

fn goods(seller: &Seller, buyer: &Buyer) -> Treatment {
    treatment(seller, buyer, Nature::Goods, RateChoice::Standard, DAY).unwrap()
}

#[test]
fn at_home_everybody_pays_the_rate() {
    for buyer in [business("DE", Some("DE123456788")), consumer("DE")] {
        let found = service(&german(), &buyer);
        assert_eq!(
            (found.category, found.rate.hundredths()),
            (Category::S, 1900)
        );
        assert_eq!(found.reason, None);
        assert_eq!(goods(&german(), &buyer), found);
    }
}

#[test]
fn a_business_in_another_member_state_owes_the_tax_itself() {
    let buyer = business("AT", Some("ATU12345675"));
    let found = service(&german(), &buyer);
    assert_eq!((found.category, found.rate), (Category::AE, Rate::ZERO));
    assert_eq!(found.reason, Some(Reason::ReverseCharge));
    assert_eq!(
        Reason::ReverseCharge.code(country("DE")),
        Some("VATEX-EU-AE")
    );
    assert_eq!(goods(&german(), &buyer).category, Category::K);
}

#[test]
fn reverse_charge_needs_both_ids() {
    let buyer = business("AT", Some("ATU12345675"));
    let nameless = Seller {
        vat_id: None,
        ..german()
    };
    let code = |seller: &Seller, buyer: &Buyer| {
        treatment(seller, buyer, Nature::Services, RateChoice::Standard, DAY)
            .unwrap_err()
            .code
    };
    assert_eq!(code(&nameless, &buyer), "vat-id-seller");
    assert_eq!(
        code(&german(), &business("FR", Some("ATU12345675"))),
        "vat-id-elsewhere"
    );
    // Without an id of its own the buyer is charged like a consumer.
    assert_eq!(
        service(&german(), &business("AT", None)).category,
        Category::S
    );
}

#[test]
fn a_consumer_elsewhere_in_the_union_pays_by_the_shop() {
    let found = service(&german(), &consumer("FI"));
    assert_eq!(
        (found.rate.hundredths(), found.country),
        (1900, country("DE"))
    );
    let shop = Seller {
        one_stop_shop: true,
        ..german()
    };
    let found = service(&shop, &consumer("FI"));
    assert_eq!(
        (found.rate.hundredths(), found.country),
        (2550, country("FI"))
    );
}

#[test]
fn beyond_the_union_goods_are_exported_and_services_lie_outside() {
    for buyer in [business("US", None), consumer("CH")] {
        let found = goods(&german(), &buyer);
        assert_eq!(
            (found.category, found.reason),
            (Category::G, Some(Reason::Export))
        );
        let found = service(&german(), &buyer);
        assert_eq!(
            (found.category, found.reason),
            (Category::O, Some(Reason::OutsideScope))
        );
    }
}

#[test]
fn sellers_outside_the_union() {
    let swiss = Seller {
        country: country("CH"),
        vat_id: Some(VatId::parse("CHE-123.456.788 MWST").unwrap()),
        ..german()
    };
    assert_eq!(service(&swiss, &consumer("CH")).rate.hundredths(), 810);
    let abroad = service(&swiss, &business("DE", Some("DE123456788")));
    assert_eq!(abroad.category, Category::O);
    assert_eq!(Reason::OutsideScope.code(country("CH")), None);
    assert_eq!(service(&swiss, &consumer("DE")).category, Category::O);
    let shop = Seller {
        one_stop_shop: true,
        ..swiss
    };
    assert_eq!(service(&shop, &consumer("DE")).rate.hundredths(), 1900);
}

#[test]
fn a_small_enterprise_charges_none_at_home() {
    let small = Seller {
        small_enterprise: true,
        ..german()
    };
    for buyer in [consumer("DE"), consumer("FR"), business("DE", None)] {
        let found = service(&small, &buyer);
        assert_eq!(found.category, Category::E);
        assert_eq!(found.reason, Some(Reason::SmallEnterprise));
    }
    assert_eq!(
        service(&small, &business("AT", Some("ATU12345675"))).category,
        Category::AE
    );
    assert_eq!(
        Reason::SmallEnterprise.code(country("FR")),
        Some("VATEX-FR-FRANCHISE")
    );
}

#[test]
fn rates_are_chosen_checked_and_dated() {
    let home = |choice, day| treatment(&german(), &consumer("DE"), Nature::Services, choice, day);
    let seven = Rate::new(700).unwrap();
    assert_eq!(home(RateChoice::Reduced(seven), DAY).unwrap().rate, seven);
    assert_eq!(home(RateChoice::Zero, DAY).unwrap().category, Category::Z);
    let other = Rate::new(500).unwrap();
    assert_eq!(
        home(RateChoice::Reduced(other), DAY).unwrap_err().code,
        "rate-not-reduced"
    );
    let early = date(2020, 8, 1);
    assert_eq!(
        home(RateChoice::Standard, early).unwrap_err().code,
        "rate-unknown"
    );
    let sixteen = Rate::new(1600).unwrap();
    assert_eq!(
        home(RateChoice::Fixed(sixteen), early).unwrap().rate,
        sixteen
    );
}

#[test]
fn codes_round_trip() {
    for category in Category::ALL {
        assert_eq!(Category::parse(category.as_str()), Some(category));
    }
}
