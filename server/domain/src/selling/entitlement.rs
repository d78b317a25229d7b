//! Whether a phone is to have service, from its subscriptions' lives and collections (B16). What is stored of it is
//! only what was last ordered from the phone.

use super::collection::Collection;
use super::life::Life;

/// Whether there is to be service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entitlement {
    /// Service is on.
    Full,
    /// Service is off, reversibly. Never more than that: lapsed does not mean wiped.
    Suspended,
}

impl Entitlement {
    /// Every state.
    pub const ALL: [Self; 2] = [Self::Full, Self::Suspended];

    /// The word that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Suspended => "suspended",
        }
    }

    /// The state of a stored or sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Who sells the subscription to whom. A device has at most one running subscription of each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The operator to a reseller.
    Wholesale,
    /// A reseller to its customer.
    Retail,
}

/// What one subscription says about its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Its side.
    pub side: Side,
    /// What it is.
    pub life: Life,
    /// Of a paused one: whether what was paid for is still served (`PausedTime::serves`). The others do not ask.
    pub in_term: bool,
    /// The stage it was brought to (`collection::Reached`).
    pub collection: Collection,
}

/// What one subscription entitles to; `None` of one that has not begun and so has no say.
#[must_use]
pub fn entitlement(claim: Claim) -> Option<Entitlement> {
    let life = match claim.life {
        Life::Pending => return None,
        Life::Trialing | Life::Active => Entitlement::Full,
        Life::Paused if claim.in_term => Entitlement::Full,
        Life::Paused | Life::Canceled | Life::Expired => Entitlement::Suspended,
    };
    let paid = match claim.collection {
        Collection::Current | Collection::PastDue | Collection::Grace => Entitlement::Full,
        Collection::Suspended | Collection::Terminated => Entitlement::Suspended,
    };
    Some(life.max(paid))
}

/// What all subscriptions of one device entitle to together: full needs every one of them to be full. One that has ended
/// has no say beside another of its side that runs. `None` where no subscription has a say: such a phone is nobody's
/// to suspend.
#[must_use]
pub fn combined(claims: &[Claim]) -> Option<Entitlement> {
    let runs = |side: Side| {
        claims.iter().any(|claim| {
            claim.side == side && !claim.life.has_ended() && claim.life != Life::Pending
        })
    };
    claims
        .iter()
        .filter(|claim| !claim.life.has_ended() || !runs(claim.side))
        .filter_map(|claim| entitlement(*claim))
        .max()
}

/// What is to be ordered from the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A signed `suspend`.
    Suspend,
    /// A signed `resume`.
    Resume,
}

/// The order that makes `ordered`, what was last ordered, into `wanted`. A device on legal hold is never touched, and
/// one that no subscription speaks for is left as it is.
#[must_use]
pub fn order(wanted: Option<Entitlement>, ordered: Entitlement, on_hold: bool) -> Option<Order> {
    match (wanted?, ordered) {
        _ if on_hold => None,
        (Entitlement::Suspended, Entitlement::Full) => Some(Order::Suspend),
        (Entitlement::Full, Entitlement::Suspended) => Some(Order::Resume),
        (Entitlement::Full, Entitlement::Full)
        | (Entitlement::Suspended, Entitlement::Suspended) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Entitlement, Order, Side, combined, entitlement, order};
    use crate::selling::collection::Collection;
    use crate::selling::life::Life;

    fn claim(side: Side, life: Life, collection: Collection) -> Claim {
        Claim {
            side,
            life,
            in_term: true,
            collection,
        }
    }

    #[test]
    fn life_and_collection_both_have_to_agree() {
        let of = |life, collection| entitlement(claim(Side::Retail, life, collection));
        assert_eq!(of(Life::Active, Collection::Grace), Some(Entitlement::Full));
        assert_eq!(
            of(Life::Active, Collection::Suspended),
            Some(Entitlement::Suspended)
        );
        assert_eq!(
            of(Life::Trialing, Collection::Current),
            Some(Entitlement::Full)
        );
        assert_eq!(of(Life::Pending, Collection::Terminated), None);
        assert_eq!(
            of(Life::Canceled, Collection::Current),
            Some(Entitlement::Suspended)
        );
        let paused = claim(Side::Retail, Life::Paused, Collection::Current);
        assert_eq!(entitlement(paused), Some(Entitlement::Full));
        let over = Claim {
            in_term: false,
            ..paused
        };
        assert_eq!(entitlement(over), Some(Entitlement::Suspended));
    }

    #[test]
    fn b16_only_the_device_that_is_not_paid_is_suspended() {
        let paid = [claim(Side::Retail, Life::Active, Collection::Current)];
        let unpaid = [claim(Side::Retail, Life::Active, Collection::Suspended)];
        assert_eq!(combined(&paid), Some(Entitlement::Full));
        assert_eq!(combined(&unpaid), Some(Entitlement::Suspended));
    }

    #[test]
    fn either_lapse_suspends_and_both_paid_resume() {
        let wholesale = |collection| claim(Side::Wholesale, Life::Active, collection);
        let retail = |collection| claim(Side::Retail, Life::Active, collection);
        let both = |one, other| combined(&[wholesale(one), retail(other)]);
        assert_eq!(
            both(Collection::Suspended, Collection::Current),
            Some(Entitlement::Suspended)
        );
        assert_eq!(
            both(Collection::Current, Collection::Suspended),
            Some(Entitlement::Suspended)
        );
        assert_eq!(
            both(Collection::Current, Collection::Current),
            Some(Entitlement::Full)
        );
    }

    #[test]
    fn an_old_subscription_does_not_haunt_its_successor() {
        let old = claim(Side::Retail, Life::Canceled, Collection::Terminated);
        let new = claim(Side::Retail, Life::Active, Collection::Current);
        let waiting = claim(Side::Retail, Life::Pending, Collection::Current);
        let other = claim(Side::Wholesale, Life::Active, Collection::Current);
        assert_eq!(combined(&[old, new]), Some(Entitlement::Full));
        assert_eq!(combined(&[old, waiting]), Some(Entitlement::Suspended));
        assert_eq!(combined(&[old, other]), Some(Entitlement::Suspended));
        assert_eq!(combined(&[waiting]), None);
        assert_eq!(combined(&[]), None);
    }

    #[test]
    fn a_device_on_hold_is_never_touched() {
        for wanted in [None, Some(Entitlement::Full), Some(Entitlement::Suspended)] {
            for ordered in Entitlement::ALL {
                assert_eq!(order(wanted, ordered, true), None);
            }
        }
        assert_eq!(
            order(Some(Entitlement::Suspended), Entitlement::Full, false),
            Some(Order::Suspend)
        );
        assert_eq!(
            order(Some(Entitlement::Full), Entitlement::Suspended, false),
            Some(Order::Resume)
        );
        assert_eq!(
            order(Some(Entitlement::Full), Entitlement::Full, false),
            None
        );
        assert_eq!(order(None, Entitlement::Suspended, false), None);
        for state in Entitlement::ALL {
            assert_eq!(Entitlement::parse(state.as_str()), Some(state));
        }
    }
}
