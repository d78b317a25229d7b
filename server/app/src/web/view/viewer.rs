//! Who looks: their name, their organisation, and which pages and acts they have.

use super::vocabulary::{OrganisationKind, Role};

/// The signed-in member, as the shell shows them.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Full name.
    pub name: String,
    /// Name of their organisation.
    pub organisation: String,
    /// Its place in the tree.
    pub organisation_kind: OrganisationKind,
    /// Their role in it.
    pub role: Role,
    /// Which pages and acts they have.
    pub may: May,
    /// Commands that wait for an approval, in their scope.
    pub approvals: u64,
}

impl Viewer {
    /// One or two letters for the account button.
    #[must_use]
    pub fn initials(&self) -> String {
        let mut words = self
            .name
            .split_whitespace()
            .filter_map(|word| word.chars().next());
        let first = words.next();
        first
            .into_iter()
            .chain(words.next_back())
            .flat_map(char::to_uppercase)
            .collect()
    }
}

/// What the viewer may open or do. A page that a role cannot open is absent from its navigation.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one entry per right; a set type would say no more"
)]
pub struct May {
    /// Register devices and make enrolment codes.
    pub add_devices: bool,
    /// Send and cancel commands.
    pub send_commands: bool,
    /// Ask for legal holds and their release.
    pub set_holds: bool,
    /// See what waits for approval.
    pub see_approvals: bool,
    /// See and create the organisations below their own.
    pub see_organisations: bool,
    /// See the members.
    pub see_people: bool,
    /// Make and revoke API tokens.
    pub manage_tokens: bool,
    /// Theirs is an organisation that sells: the operator or a reseller. Customers only see what they were sold.
    pub sells: bool,
    /// Start and change subscriptions.
    pub sell: bool,
    /// Change plans, prices, buyers and how the organisation sells.
    pub set_prices: bool,
    /// Enter payments and credit invoices.
    pub take_payments: bool,
}
