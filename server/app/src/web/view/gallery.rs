//! Every page with sample data: what tests render, and what `cargo run --example preview` writes to a folder.

use askama::Template;

use super::{
    Frame,
    account::Account,
    add_device::AddDevice,
    approvals::Approvals,
    approving,
    code::Code,
    command::Command,
    commands::Commands,
    confirm::Confirm,
    device::Device,
    devices::Devices,
    events::Events,
    letters::{MailPage, Mails},
    organisations::Organisations,
    overview::Overview,
    password::SetPassword,
    people::People,
    problem::Problem,
    renewals::Parked,
    search::Search,
    send::Send,
    set_up::SetUp,
    sign_in::SignIn,
    tokens::Tokens,
};

/// A page's name and its markup.
pub type Sample = (String, Result<String, askama::Error>);

/// Renders every page's samples.
#[must_use]
pub fn all(frame: &Frame) -> Vec<Sample> {
    let mut pages = vec![
        page("sign-in", &SignIn::sample(frame)),
        page("sign-in-empty", &SignIn::empty(frame)),
        page("sign-in-passkey", &SignIn::passkey_refused(frame)),
        page("set-up", &SetUp::sample(frame)),
        page("password", &SetPassword::sample(frame)),
        page("confirm", &Confirm::sample(frame)),
        page("confirm-late", &Confirm::late(frame)),
        page("overview", &Overview::sample(frame)),
        page("overview-empty", &Overview::empty(frame)),
        page("devices", &Devices::sample(frame)),
        page("devices-empty", &Devices::empty(frame)),
        page("devices-nothing-found", &Devices::nothing_found(frame)),
        page("device", &Device::sample(frame)),
        page("device-empty", &Device::empty(frame)),
        page("add-device", &AddDevice::sample(frame)),
        page("add-device-empty", &AddDevice::empty(frame)),
        page("code", &Code::sample(frame)),
        page("code-enrolled", &Code::enrolled(frame)),
        page("send-choice", &Send::choice(frame)),
        page("send-wipe", &Send::sample(frame)),
        page("send-several", &Send::several(frame)),
        page("send-hold", &Send::hold(frame)),
        page("send-transfer", &Send::transfer(frame)),
        page("send-notice", &Send::notice(frame)),
        page("send-message", &Send::message(frame)),
        page("commands", &Commands::sample(frame)),
        page("commands-empty", &Commands::empty(frame)),
        page("approvals", &Approvals::sample(frame)),
        page("approvals-empty", &Approvals::empty(frame)),
        page("approving-new", &approving::NewPasskey::sample(frame)),
        page("approving-off", &approving::NewPasskey::not_set_up(frame)),
        page("approving-register", &approving::Register::sample(frame)),
        page("approving-trial", &approving::Trial::sample(frame)),
        page("approving-sign", &approving::Sign::sample(frame)),
        page("approving-sign-second", &approving::Sign::second(frame)),
        page("command", &Command::sample(frame)),
        page("command-ready", &Command::ready(frame)),
        page("command-many", &Command::many(frame)),
        page("command-done", &Command::done(frame)),
        page("events", &Events::sample(frame)),
        page("events-empty", &Events::empty(frame)),
        page("mail", &Mails::sample(frame)),
        page("mail-empty", &Mails::empty(frame)),
        page("mail-refused", &MailPage::sample(frame)),
        page("account", &Account::sample(frame)),
        page("account-by-address", &Account::by_address(frame)),
        page("tokens", &Tokens::sample(frame)),
        page("tokens-empty", &Tokens::empty(frame)),
        page("organisations", &Organisations::sample(frame)),
        page("organisations-operator", &Organisations::operator(frame)),
        page("organisations-empty", &Organisations::empty(frame)),
        page("people", &People::sample(frame)),
        page("people-empty", &People::empty(frame)),
        page("parked", &Parked::sample(frame)),
        page("parked-empty", &Parked::empty(frame)),
        page("search", &Search::sample(frame)),
        page("search-empty", &Search::empty(frame)),
    ];
    pages.extend(super::desk::samples(frame));
    pages.extend(super::payments::samples(frame));
    pages.extend(super::subscriptions::samples(frame));
    pages.extend(
        Problem::samples(frame)
            .iter()
            .enumerate()
            .map(|(i, problem)| {
                let (_, markup) = page("", problem);
                (format!("problem-{}-{i}", problem.status), markup)
            }),
    );
    pages
}

pub(super) fn page(name: &str, view: &impl Template) -> Sample {
    (name.to_owned(), view.render())
}
