//! Roles and what each may do. The one table of rights: pages, API and tests all read it.

use std::fmt;

use muster_protocol::command::Kind;

/// What a member is in one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Answers for the organisation; everything an admin may, and the people who are admins.
    Owner,
    /// Runs the organisation: people, tokens, devices, commands.
    Admin,
    /// Sales and provisioning: devices and commands, no people.
    Agent,
    /// Reads, to help a customer.
    Support,
    /// Reads all beneath, and the record; asks for legal holds and their release.
    Auditor,
}

impl Role {
    /// Every role, in the order a form offers them.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Admin,
        Self::Agent,
        Self::Support,
        Self::Auditor,
    ];

    /// The word that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::Support => "support",
            Self::Auditor => "auditor",
        }
    }

    /// The role of a stored or sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether members of this role may do `permission`.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::ReadFleet
            | Permission::ReadCommands
            | Permission::ReadRecord
            | Permission::ReadOrganisations
            | Permission::ReadBooks => true,
            Permission::ManageDevices
            | Permission::SendCommands
            | Permission::IssueCodes
            | Permission::Sell => {
                matches!(self, Self::Owner | Self::Admin | Self::Agent)
            }
            Permission::SetHolds => matches!(self, Self::Owner | Self::Admin | Self::Auditor),
            Permission::DraftCommands => !matches!(self, Self::Support),
            Permission::RevokeDevices
            | Permission::ReadPeople
            | Permission::ManagePeople
            | Permission::ManageTokens
            | Permission::ManageOrganisations
            | Permission::SetPrices
            | Permission::TakePayments => matches!(self, Self::Owner | Self::Admin),
            Permission::DeliverApprovals => !matches!(self, Self::Support),
            Permission::ManageTrust | Permission::GiveUpDebts => matches!(self, Self::Owner),
        }
    }

    /// Whether a member of this role may make or change members of `other`: nobody hands out more than they hold.
    #[must_use]
    pub fn may_appoint(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => other != Self::Owner,
            Self::Agent | Self::Support | Self::Auditor => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One right. It stands in the signature of the use case that needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See devices, their certificates and what they reported.
    ReadFleet,
    /// See commands, approvals and receipts.
    ReadCommands,
    /// See the record of events.
    ReadRecord,
    /// See organisations beneath one's own.
    ReadOrganisations,
    /// See who the members are.
    ReadPeople,
    /// Register and change devices.
    ManageDevices,
    /// Make enrolment codes.
    IssueCodes,
    /// Draft and cancel commands of some kinds: see [`Permission::to_draft`].
    DraftCommands,
    /// Draft and cancel commands, holds and releases apart. What a command may do on the phone is the keyring's matter, not a
    /// role's.
    SendCommands,
    /// Draft and cancel legal holds and releases. An auditor's signature makes them.
    SetHolds,
    /// Hand in an approver's signature. What it counts for is the keyring's matter; any role may carry the mail but
    /// support, which only reads.
    DeliverApprovals,
    /// Revoke a device's certificate.
    RevokeDevices,
    /// Add and remove members.
    ManagePeople,
    /// Make and revoke API tokens.
    ManageTokens,
    /// Add organisations beneath one's own.
    ManageOrganisations,
    /// Bring in keyrings signed by the fleet's root keys.
    ManageTrust,
    /// See what one's own organisation sells and is sold: plans, subscriptions, invoices, payments.
    ReadBooks,
    /// Start, pause, change and cancel subscriptions.
    Sell,
    /// Say how one's own organisation sells: its details on invoices, plans, prices, buyers and their terms.
    SetPrices,
    /// Enter payments, read in bank statements, credit invoices, pay back.
    TakePayments,
    /// Write off what will not be paid.
    GiveUpDebts,
}

impl Permission {
    /// Every right, for tables and tests.
    pub const ALL: [Self; 21] = [
        Self::ReadFleet,
        Self::ReadCommands,
        Self::ReadRecord,
        Self::ReadOrganisations,
        Self::ReadPeople,
        Self::ManageDevices,
        Self::IssueCodes,
        Self::DraftCommands,
        Self::SendCommands,
        Self::SetHolds,
        Self::DeliverApprovals,
        Self::RevokeDevices,
        Self::ManagePeople,
        Self::ManageTokens,
        Self::ManageOrganisations,
        Self::ManageTrust,
        Self::ReadBooks,
        Self::Sell,
        Self::SetPrices,
        Self::TakePayments,
        Self::GiveUpDebts,
    ];

    /// The right that it takes to draft and cancel commands of this kind.
    #[must_use]
    pub fn to_draft(kind: Kind) -> Self {
        match kind {
            Kind::Hold | Kind::Release => Self::SetHolds,
            Kind::Notice
            | Kind::Message
            | Kind::Refresh
            | Kind::RotateKey
            | Kind::Lock
            | Kind::LockFleet
            | Kind::Unlock
            | Kind::Suspend
            | Kind::Resume
            | Kind::Cancel
            | Kind::Kill
            | Kind::Transfer
            | Kind::Wipe => Self::SendCommands,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Permission, Role};

    #[test]
    fn readers_only_read() {
        for role in [Role::Support, Role::Auditor] {
            for permission in Permission::ALL {
                let reads = matches!(
                    permission,
                    Permission::ReadFleet
                        | Permission::ReadCommands
                        | Permission::ReadRecord
                        | Permission::ReadOrganisations
                        | Permission::ReadBooks
                ) || (role == Role::Auditor
                    && matches!(
                        permission,
                        Permission::DeliverApprovals
                            | Permission::DraftCommands
                            | Permission::SetHolds
                    ));
                assert_eq!(role.may(permission), reads, "{role} {permission:?}");
            }
        }
    }

    #[test]
    fn auditors_ask_for_holds_and_releases_and_for_nothing_else() {
        for kind in Kind::ALL {
            let may = |role: Role| role.may(Permission::to_draft(*kind));
            let is_hold = matches!(kind, Kind::Hold | Kind::Release);
            assert_eq!(may(Role::Auditor), is_hold, "{kind}");
            assert_eq!(may(Role::Agent), !is_hold, "{kind}");
            assert!(may(Role::Owner) && may(Role::Admin) && !may(Role::Support));
        }
        // Whoever may draft a kind may draft at all.
        for role in Role::ALL {
            let any = role.may(Permission::SendCommands) || role.may(Permission::SetHolds);
            assert_eq!(role.may(Permission::DraftCommands), any, "{role}");
        }
    }

    #[test]
    fn words_round_trip_and_nobody_appoints_above_themselves() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert!(!Role::Admin.may_appoint(Role::Owner));
        assert!(!Role::Agent.may_appoint(Role::Support));
        for owners in [Permission::ManageTrust, Permission::GiveUpDebts] {
            assert!(Role::Owner.may(owners) && !Role::Admin.may(owners));
        }
    }
}
