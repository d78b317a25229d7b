//! Whose rows a person may see. Every store function on tenant data asks for one, so nobody can forget it.

/// The part of the tree of organisations that somebody works in.
///
/// The tree has three floors, and every tenant row carries both its reseller and its organisation; so a scope is at
/// most one equality on an indexed column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The operator: every reseller and every customer.
    Platform,
    /// One reseller and all its customers.
    Reseller(String),
    /// One customer of one reseller.
    Customer {
        /// The reseller above it.
        reseller: String,
        /// The customer itself.
        customer: String,
    },
}

impl Scope {
    /// Whether a row of `organisation` under `reseller` (`None` for the operator's own) lies inside.
    #[must_use]
    pub fn contains(&self, reseller: Option<&str>, organisation: &str) -> bool {
        match self {
            Self::Platform => true,
            Self::Reseller(own) => reseller == Some(own.as_str()),
            Self::Customer { customer, .. } => organisation == customer,
        }
    }

    /// The reseller a scope is bound to; `None` on the platform.
    #[must_use]
    pub fn reseller(&self) -> Option<&str> {
        match self {
            Self::Platform => None,
            Self::Reseller(reseller) | Self::Customer { reseller, .. } => Some(reseller),
        }
    }
}

/// Whose trade a person may look into: the books of a seller, or what one buyer was sold. Sellers are the operator and the
/// resellers; a reseller is also a buyer, of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Books {
    /// Everything that this organisation sells.
    Seller(String),
    /// Everything that this organisation was sold, by whomever.
    Buyer(String),
}

impl Books {
    /// The organisation whose books they are.
    #[must_use]
    pub fn organisation(&self) -> &str {
        match self {
            Self::Seller(organisation) | Self::Buyer(organisation) => organisation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn a_scope_holds_its_own_and_nothing_beside() {
        let reseller = Scope::Reseller("north".into());
        assert!(reseller.contains(Some("north"), "north"));
        assert!(reseller.contains(Some("north"), "a customer"));
        assert!(!reseller.contains(Some("lyre"), "lyre"));
        assert!(!reseller.contains(None, "operator"));
        let customer = Scope::Customer {
            reseller: "north".into(),
            customer: "harbour".into(),
        };
        assert!(customer.contains(Some("north"), "harbour"));
        assert!(!customer.contains(Some("north"), "north"));
        assert!(Scope::Platform.contains(None, "operator"));
    }
}
