//! What every page stands in: who looks, where they are, and the words and marks that all templates share.

use jiff::Timestamp;

use super::{
    parts,
    vocabulary::{CommandState, DeviceMark, Kind, OrganisationKind, Role},
};
use crate::web::{
    assets,
    text::{Html, Key, Texts},
    time_words,
};

pub use super::viewer::{May, Viewer};

/// The layout's context, a field of every page. Templates speak through it: `frame.t(key)`, `frame.ago(time)`.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The reader's language.
    pub t: Texts,
    /// The moment of this answer.
    pub now: Timestamp,
    /// Which entry of the navigation is current.
    pub here: Place,
    /// What the member chose in the account page.
    pub theme: Theme,
    /// The secret that every form carries back in its field `csrf`.
    pub csrf: String,
    /// What just happened, once.
    pub toast: Option<Toast>,
    /// Who is signed in; `None` on the pages before that.
    pub viewer: Option<Viewer>,
}

/// A small value as a template hands it over: itself, or by reference from a loop.
pub trait Given<T> {
    /// The value.
    fn given(self) -> T;
}

impl<T> Given<T> for T {
    fn given(self) -> T {
        self
    }
}

impl<T: Copy> Given<T> for &T {
    fn given(self) -> T {
        *self
    }
}

impl<T: Copy> Given<T> for &&T {
    fn given(self) -> T {
        **self
    }
}

/// An entry of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after its page")]
pub enum Place {
    Overview,
    Approvals,
    Devices,
    AddDevices,
    Commands,
    Events,
    Organisations,
    People,
    Account,
    Subscriptions,
    Invoices,
    Payments,
    Plans,
    Buyers,
    Forecast,
    Mail,
    Nowhere,
}

impl Place {
    fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Approvals => "approvals",
            Self::Devices => "devices",
            Self::AddDevices => "add-devices",
            Self::Commands => "commands",
            Self::Events => "events",
            Self::Organisations => "organisations",
            Self::People => "people",
            Self::Account => "account",
            Self::Subscriptions => "subscriptions",
            Self::Invoices => "invoices",
            Self::Payments => "payments",
            Self::Plans => "plans",
            Self::Buyers => "buyers",
            Self::Forecast => "forecast",
            Self::Mail => "mail",
            Self::Nowhere => "",
        }
    }
}

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says itself")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// As `data-theme` and the account form write it; empty for the system's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme that this text names; anything else is the system's.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// A passing word about what just happened. Never an error.
#[derive(Clone, Debug)]
pub struct Toast {
    /// What happened.
    pub words: Html,
    /// Its undo: address and word.
    pub undo: Option<(String, String)>,
}

impl Frame {
    /// A text.
    #[must_use]
    pub fn t(&self, key: &str) -> String {
        self.t.get(key)
    }

    /// A text that depends on a number.
    #[must_use]
    pub fn count(&self, key: &str, n: impl Given<u64>) -> String {
        self.t.count(key, n.given())
    }

    /// A text with one argument.
    #[must_use]
    pub fn put(&self, key: &str, name: &str, value: impl AsRef<str>) -> String {
        self.t.put(key, name, value.as_ref())
    }

    /// A word of the vocabulary.
    #[must_use]
    pub fn word(&self, key: impl Given<Key>) -> String {
        self.t.word(key.given())
    }

    /// A whole number.
    #[must_use]
    pub fn number(&self, n: impl Given<u64>) -> String {
        self.t.number(n.given())
    }

    /// The address of an asset.
    #[must_use]
    pub fn asset(&self, path: &str) -> String {
        assets::address(path)
    }

    /// An icon of the sprite, for the eye only.
    #[must_use]
    pub fn icon(&self, name: &str) -> Html {
        parts::icon(name)
    }

    /// “9 minutes ago”, kept true by the script.
    #[must_use]
    pub fn ago(&self, at: impl Given<Timestamp>) -> Html {
        let at = at.given();
        time_words::element(
            &self.t,
            at,
            &time_words::relative(&self.t, at, self.now),
            true,
        )
    }

    /// “14:06”, “23 Nov, 14:06”.
    #[must_use]
    pub fn moment(&self, at: impl Given<Timestamp>) -> Html {
        let at = at.given();
        time_words::element(
            &self.t,
            at,
            &time_words::moment(&self.t, at, self.now),
            false,
        )
    }

    /// “14:06”, under the head of its day.
    #[must_use]
    pub fn clock(&self, at: impl Given<Timestamp>) -> Html {
        let at = at.given();
        time_words::element(&self.t, at, &time_words::clock(at), false)
    }

    /// “2 June 2026”.
    #[must_use]
    pub fn date(&self, at: impl Given<Timestamp>) -> Html {
        let at = at.given();
        time_words::element(
            &self.t,
            at,
            &time_words::date(&self.t, time_words::utc_date(at)),
            false,
        )
    }

    /// “Today”, “Friday 20 November”.
    #[must_use]
    pub fn day_head(&self, at: impl Given<Timestamp>) -> String {
        let at = at.given();
        time_words::day_head(&self.t, at, self.now)
    }

    /// How long from now until then: “3 h 52 min”.
    #[must_use]
    pub fn left(&self, at: impl Given<Timestamp>) -> String {
        let at = at.given();
        time_words::span(
            &self.t,
            (at.as_second() - self.now.as_second())
                .max(0)
                .unsigned_abs(),
        )
    }

    /// A phone's mark: shape and word.
    #[must_use]
    pub fn device_mark(&self, mark: impl Given<DeviceMark>) -> Html {
        let mark = mark.given();
        let words = match mark {
            DeviceMark::Silent(days) => self.t.count(mark.name().0, days),
            DeviceMark::Active
            | DeviceMark::NotEnrolled
            | DeviceMark::NeverAnswered
            | DeviceMark::Locked
            | DeviceMark::Suspended
            | DeviceMark::Killed
            | DeviceMark::Wiped
            | DeviceMark::Retired
            | DeviceMark::OnHold => self.t.word(mark.name()),
        };
        let (shape, tone) = mark.mark();
        parts::state(shape, tone, &words)
    }

    /// A command's mark: shape and word.
    #[must_use]
    pub fn command_mark(&self, state: impl Given<CommandState>) -> Html {
        let state = state.given();
        let (shape, tone) = state.mark();
        parts::state(shape, tone, &self.t.word(state.name()))
    }

    /// A command's mark with what a phone gave as its reason: “Refused: this phone was not meant”.
    #[must_use]
    pub fn command_mark_because(
        &self,
        state: impl Given<CommandState>,
        code: &Option<String>,
    ) -> Html {
        let state = state.given();
        let Some(code) = code else {
            return self.command_mark(state);
        };
        let (shape, tone) = state.mark();
        parts::state(
            shape,
            tone,
            &format!("{}: {}", self.t.word(state.name()), self.code(code)),
        )
    }

    /// A phone's reason code in words (PROTOCOL §12); one this version does not know is shown as it is.
    #[must_use]
    pub fn code(&self, code: &str) -> String {
        let key = format!("refusal-{}", code.replace('_', "-"));
        if self.t.has(&key) {
            self.t.get(&key)
        } else {
            code.to_owned()
        }
    }

    /// The notches of a kind's reach.
    #[must_use]
    pub fn reach(&self, kind: impl Given<Kind>) -> Html {
        parts::reach(kind.given().reach())
    }

    /// The seal of a key, drawn from its fingerprint.
    #[must_use]
    pub fn seal(&self, fingerprint: &str, owner: &str) -> Html {
        parts::seal(fingerprint, &self.t.put("seal-of", "owner", owner), false)
    }

    /// The same seal, as tall as a line.
    #[must_use]
    pub fn small_seal(&self, fingerprint: &str, owner: &str) -> Html {
        parts::seal(fingerprint, &self.t.put("seal-of", "owner", owner), true)
    }

    /// A fingerprint's beginning in groups of four.
    #[must_use]
    pub fn short_fingerprint(&self, fingerprint: &str) -> String {
        parts::short_fingerprint(fingerprint)
    }

    /// The place of a signature that is still missing.
    #[must_use]
    pub fn open_seal(&self) -> Html {
        parts::open_seal(&self.t.get("seal-missing"))
    }

    /// `aria-current` of a navigation entry, named as [`Place::as_str`] does.
    #[must_use]
    pub fn current(&self, place: &str) -> Html {
        Html::trusted(if place == self.here.as_str() {
            " aria-current=\"page\"".to_owned()
        } else {
            String::new()
        })
    }
}

/// Frames for the samples of [`super::gallery`].
impl Frame {
    /// A signed-in admin of a reseller.
    #[must_use]
    pub fn sample(t: Texts, now: Timestamp) -> Self {
        Self {
            t,
            now,
            here: Place::Overview,
            theme: Theme::System,
            csrf: "c2FtcGxl".to_owned(),
            toast: None,
            viewer: Some(Viewer {
                name: "Dagny Krol".to_owned(),
                organisation: "Northwind Mobile".to_owned(),
                organisation_kind: OrganisationKind::Reseller,
                role: Role::Admin,
                may: May {
                    add_devices: true,
                    send_commands: true,
                    set_holds: true,
                    see_approvals: true,
                    see_organisations: true,
                    see_people: true,
                    manage_tokens: true,
                    sells: true,
                    sell: true,
                    set_prices: true,
                    take_payments: true,
                },
                approvals: 2,
            }),
        }
    }

    /// The same frame at another entry of the navigation.
    #[must_use]
    pub fn at(&self, here: Place) -> Self {
        Self {
            here,
            ..self.clone()
        }
    }

    /// The same frame before anybody signed in.
    #[must_use]
    pub fn signed_out(&self) -> Self {
        Self {
            viewer: None,
            here: Place::Nowhere,
            toast: None,
            ..self.clone()
        }
    }
}
