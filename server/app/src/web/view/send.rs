//! Send a command: choose what, read what it will do, say why.

use askama::Template;

use super::{Choice, DeviceMark, Frame, Input, Kind, Place, parts};
use crate::web::text::{Html, Part};

/// `GET /commands/new?kind=&device=` and its refused `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "commands/send.html")]
pub struct Send {
    /// The layout's context.
    pub frame: Frame,
    /// What was chosen; `None` shows the choice.
    pub kind: Option<Kind>,
    /// What the viewer may send to these phones, mildest first.
    pub kinds: Vec<Kind>,
    /// The phones it is for.
    pub targets: Vec<Target>,
    /// Phones that were asked for and cannot be meant: serial number and why, in a sentence.
    pub left_out: Vec<(String, String)>,
    /// Why; shown to approvers and to the phone's owner.
    pub reason: Input,
    /// `message`: its text.
    pub text: Input,
    /// `notice`: which of the agent's sentences.
    pub template: Input,
    /// The agent's sentences: what the command carries, and what the phone will show.
    pub templates: Vec<Choice>,
    /// `suspend`, `lock-fleet` and `hold`: for how many days at most.
    pub days: Input,
    /// `hold`: the case it belongs to.
    pub case: Input,
    /// `transfer`: the fingerprint of the fleet that takes the phones over.
    pub fingerprint: Input,
    /// How many of the phones report a legal hold.
    pub held: u64,
    /// `lock-fleet`, `kill`, `transfer`, `wipe`: the serial number, typed in; of several phones, their number.
    pub typed: Input,
    /// Who has to sign by the fleet's keyring: people in all, and of them with an independent key; nought and nought
    /// where the server's own key is enough.
    pub needed: (u64, u64),
    /// Why it cannot be sent at all, in a sentence with the next step.
    pub fault: Option<String>,
}

/// A phone that a command is for.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its id.
    pub id: String,
    /// Its serial number.
    pub serial_number: String,
    /// Whose it is.
    pub organisation: String,
    /// Its model.
    pub model: String,
    /// Its state.
    pub marks: Vec<DeviceMark>,
}

impl Send {
    fn errors(&self) -> Vec<(&'static str, String)> {
        parts::errors(&[
            ("text", &self.text),
            ("template", &self.template),
            ("days", &self.days),
            ("case", &self.case),
            ("fingerprint", &self.fingerprint),
            ("reason", &self.reason),
            ("typed", &self.typed),
        ])
    }

    /// That phones will refuse this because of a legal hold, where one stands.
    fn hold_words(&self, kind: Kind) -> Option<String> {
        (kind.is_stopped_by_hold() && self.held > 0)
            .then(|| self.frame.t.count("send-held", self.held))
    }

    fn phones(&self) -> u64 {
        self.targets.len().try_into().unwrap_or(u64::MAX)
    }

    /// What has to be typed in: the serial number of one phone, the number of several.
    fn to_type(&self) -> String {
        match self.targets.as_slice() {
            [one] => one.serial_number.clone(),
            many => many.len().to_string(),
        }
    }

    fn title(&self) -> String {
        let t = &self.frame.t;
        self.kind.map_or_else(
            || t.get("send-title"),
            |kind| {
                t.with(
                    "send-title-kind",
                    &[
                        ("kind", t.word(kind.name()).into()),
                        ("n", self.phones().into()),
                    ],
                )
            },
        )
    }

    fn link(&self, kind: Kind) -> String {
        let devices: String = self
            .targets
            .iter()
            .map(|target| format!("&device={}", target.id))
            .collect();
        format!("/commands/new?kind={}{devices}", kind.as_str())
    }

    /// How many of which people have to sign.
    fn agreement(&self, kind: Kind) -> String {
        match self.needed {
            // It is not any approver who signs these.
            _ if matches!(kind, Kind::Hold | Kind::Release) => self.frame.t.word(kind.agree()),
            (0, _) => self.frame.t.word(kind.agree()),
            (people, independent) => self.frame.t.with(
                "send-agreement",
                &[
                    ("people", people.into()),
                    ("independent", independent.into()),
                ],
            ),
        }
    }

    /// A wipe of one phone whose serial number was mistyped.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let kinds = Kind::ALL
            .into_iter()
            .filter(|kind| *kind != Kind::Cancel)
            .collect();
        Self {
            frame: frame.at(Place::Commands),
            kind: Some(Kind::Wipe),
            kinds,
            targets: vec![Target {
                id: "0197c0de-0000-7000-8000-00000000000a".to_owned(),
                serial_number: "HX7-30418-K2".to_owned(),
                organisation: "Tern Harbour Press".to_owned(),
                model: "Hardline X7".to_owned(),
                marks: vec![DeviceMark::Locked],
            }],
            left_out: Vec::new(),
            reason: Input::filled("Stolen from a car, police report 26-11873"),
            text: Input::default(),
            template: Input::default(),
            templates: vec![Choice {
                value: "contact-reseller".to_owned(),
                label: "Contact your reseller.".to_owned(),
            }],
            days: Input::filled("30"),
            case: Input::default(),
            fingerprint: Input::default(),
            held: 1,
            typed: Input::wrong(
                "HX7-30418",
                &frame.put("error-typed-serial", "serial", "HX7-30418-K2"),
            ),
            needed: (2, 1),
            fault: None,
        }
    }

    /// The choice of what to send.
    #[must_use]
    pub fn choice(frame: &Frame) -> Self {
        Self {
            kind: None,
            ..Self::sample(frame)
        }
    }

    /// A kill of several phones, one of which cannot be meant.
    #[must_use]
    pub fn several(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.kind = Some(Kind::Suspend);
        for n in 1..4 {
            let mut more = page.targets[0].clone();
            more.serial_number = format!("HX7-3042{n}-L{n}");
            page.targets.push(more);
        }
        page.left_out = vec![("HX7-31078-E6".to_owned(), frame.t("left-out-not-enrolled"))];
        page.needed = (0, 0);
        page
    }

    /// A legal hold, and its case.
    #[must_use]
    pub fn hold(frame: &Frame) -> Self {
        Self {
            kind: Some(Kind::Hold),
            needed: (1, 0),
            days: Input::filled("400"),
            case: Input::wrong("2026 / 114", &frame.t("error-case")),
            typed: Input::default(),
            ..Self::sample(frame)
        }
    }

    /// A transfer of one phone.
    #[must_use]
    pub fn transfer(frame: &Frame) -> Self {
        Self {
            kind: Some(Kind::Transfer),
            held: 0,
            fingerprint: Input::wrong("ab12", &frame.t("error-fingerprint")),
            typed: Input::default(),
            ..Self::sample(frame)
        }
    }

    /// A notice.
    #[must_use]
    pub fn notice(frame: &Frame) -> Self {
        Self {
            kind: Some(Kind::Notice),
            needed: (0, 0),
            ..Self::sample(frame)
        }
    }

    /// A message without its text.
    #[must_use]
    pub fn message(frame: &Frame) -> Self {
        Self {
            kind: Some(Kind::Message),
            needed: (1, 0),
            text: Input::wrong("", &frame.t("error-message-empty")),
            typed: Input::default(),
            reason: Input::wrong("", &frame.t("error-reason-empty")),
            ..Self::sample(frame)
        }
    }

    fn sentence(&self, kind: Kind) -> Html {
        let shown: Vec<String> = self
            .targets
            .iter()
            .take(3)
            .map(|target| Html::serial(&target.serial_number).to_string())
            .collect();
        let phones = Html::trusted(shown.join(", "));
        self.frame.t.rich(
            kind.sign().0,
            &[
                ("phones", Part::Markup(&phones)),
                ("n", Part::Number(self.phones())),
            ],
        )
    }
}
