//! A phone of a vendor's own executables: A109, and hooks that somebody else could have put there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use muster_agent::enrol::{EnrolOptions, Trust, enrol};
use muster_agent::phones::PhoneKind;
use muster_agent::state::folder::Folder;
use muster_agent::{Agent, AgentError, Options};
use muster_protocol::bundle::Bundle;
use muster_protocol::command::{Args, Command};
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_protocol::target::Leaf;
use muster_protocol::time::DAY;
use muster_tests::api::text;
use muster_tests::phone::{enrolment, system};
use muster_tests::{Hacked, TestApp, on_both_databases};
use serde_json::{Value, json};
use tempfile::TempDir;

on_both_databases![
    a109_text_aimed_at_a_hooks_command_line,
    own_hooks_that_somebody_else_could_have_written,
];

const VERBS: [(&str, &str); 10] = [
    ("inventory", "{}"),
    ("lock-state", r#"{"owner":false,"fleet":false}"#),
    ("lock", ""),
    ("unlock-fleet", ""),
    ("service-state", r#"{"on":true}"#),
    ("service-off", ""),
    ("service-on", ""),
    ("erase-user-data", ""),
    ("erase-service-data", ""),
    ("show", ""),
];

/// A phone whose hooks write down how they were called, one file for each verb: arguments, environment, standard input.
struct Vendors {
    agent: Agent,
    folder: PathBuf,
    leaf: Leaf,
    _own: TempDir,
}

impl Vendors {
    async fn enrol(t: &mut TestApp, a: &Hacked, serial: &str) -> Self {
        let own = tempfile::tempdir().unwrap();
        let folder = own.path().join("phone");
        std::fs::create_dir_all(folder.join("userdata")).unwrap();
        std::fs::create_dir_all(folder.join("seen")).unwrap();
        std::fs::write(folder.join("userdata/notes.txt"), "mine").unwrap();
        let mut hooks = serde_json::Map::new();
        for (verb, answer) in VERBS {
            let seen = folder.join("seen").join(verb);
            let erase = if verb == "erase-user-data" {
                format!("/bin/rm -r {}\n", folder.join("userdata").display())
            } else {
                String::new()
            };
            let script = format!(
                "#!/bin/sh\n{{ echo \"arguments: $# $*\"; /usr/bin/env; echo input; /bin/cat; echo; }} >> {}\n{erase}echo '{answer}'\n",
                seen.display()
            );
            let path = folder.join(format!("hook-{verb}"));
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            hooks.insert(verb.to_owned(), Value::from(path.to_str().unwrap()));
        }
        let configuration = folder.join("hooks.json");
        std::fs::write(&configuration, json!({ "hooks": hooks }).to_string()).unwrap();
        std::fs::set_permissions(&configuration, std::fs::Permissions::from_mode(0o644)).unwrap();
        let world = t.world().await;
        let api = &world.northwind.api;
        let device = text(&api.register(serial, &world.northwind.id).await["id"]);
        let code = api.code(&device).await;
        let system = system(t, serial).0;
        let trust = Trust::Fingerprint(a.fleet.fingerprint);
        enrol(&EnrolOptions {
            phone: PhoneKind::Hooks,
            ..enrolment(t, &folder, serial, &code, trust, system.clone())
        })
        .await
        .unwrap();
        let options = Options {
            system,
            crash: None,
        };
        let agent = Agent::open(&folder, options).unwrap();
        let state = Folder::new(&folder).load().unwrap();
        Self {
            agent,
            leaf: Leaf {
                device: state.device,
                enrolment: state.enrolment,
                serial: state.serial,
            },
            folder,
            _own: own,
        }
    }

    /// What the hook of this verb saw so far.
    fn seen(&self, verb: &str) -> String {
        std::fs::read_to_string(self.folder.join("seen").join(verb)).unwrap_or_default()
    }

    fn bundle(&self, a: &Hacked, command: &Command) -> Vec<u8> {
        let envelope = a.signed(command, &[&a.fleet.ada]).encode();
        Bundle {
            commands: vec![Hacked::item(envelope)],
            ..Bundle::default()
        }
        .encode()
    }

    #[track_caller]
    fn assert_untouched(&self) {
        let notes = std::fs::read(self.folder.join("userdata/notes.txt")).unwrap();
        assert_eq!(notes, b"mine", "the owner's data were touched");
        assert_eq!(self.seen("erase-user-data"), "", "it was told to erase");
        assert_eq!(self.seen("lock"), "", "it was told to lock");
    }
}

fn lines(seen: &str) -> impl Iterator<Item = Value> + '_ {
    seen.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
}

async fn a109_text_aimed_at_a_hooks_command_line(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let mut phone = Vendors::enrol(t, &a, "NW-000077").await;
    let marker = phone.folder.join("marker");
    let marker = marker.display();
    // People signed these in good faith: the server proposed the words.
    let texts = [
        format!("$(touch {marker})"),
        format!("`touch {marker}`"),
        format!("\"; touch {marker}; echo \""),
        format!("'; touch {marker} #"),
        format!("|| touch {marker} &"),
        "--help -rf /".to_owned(),
        "\"}]}{\"lines\":[\"".to_owned(),
        "PATH=/tmp LD_PRELOAD=/tmp/x %s %n {0} \\".to_owned(),
    ];
    for words in &texts {
        let leaf = phone.leaf.clone();
        let message = a.command_for(
            vec![leaf.clone()],
            Args::Message {
                text: words.clone(),
            },
        );
        let bundle = phone.bundle(&a, &message);
        let outcome = phone.agent.apply(&bundle).await.unwrap();
        assert_eq!(
            outcome.commands[0].state,
            Some(ReceiptState::Done),
            "{words}"
        );
        // And as the reason of something that the owner is shown.
        let suspend = Command {
            reason: words.clone(),
            ..a.command_for(
                vec![leaf],
                Args::Suspend {
                    until: a.now.plus(DAY),
                },
            )
        };
        let bundle = phone.bundle(&a, &suspend);
        let outcome = phone.agent.apply(&bundle).await.unwrap();
        assert_eq!(outcome.commands.len(), 1, "{words}");
    }
    assert!(!phone.folder.join("marker").exists(), "a text was run");
    let shown = phone.seen("show");
    for words in &texts {
        let whole = lines(&shown).any(|input| {
            let lines = input["lines"].as_array().cloned().unwrap_or_default();
            let mut lines = lines.iter().filter_map(Value::as_str);
            lines.any(|line| line.contains(words.as_str()))
        });
        assert!(whole, "not delivered as data: {words}");
    }
    for (verb, _) in VERBS {
        let seen = phone.seen(verb);
        for line in seen.lines().filter(|line| line.starts_with("arguments:")) {
            assert_eq!(line, "arguments: 0 ", "{verb} got arguments");
        }
        // The environment is what a shell makes by itself, and no word of anybody.
        let named = [
            "arguments:",
            "input",
            "{",
            "PWD=",
            "OLDPWD=",
            "SHLVL=",
            "_=",
        ];
        for line in seen.lines().filter(|line| !line.is_empty()) {
            assert!(
                named.iter().any(|name| line.starts_with(name)),
                "{verb}: {line}"
            );
        }
    }
    phone.assert_untouched();
    a.phone.assert_unharmed();
}

async fn own_hooks_that_somebody_else_could_have_written(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let mut phone = Vendors::enrol(t, &a, "NW-000078").await;
    let message = a.command_for(
        vec![phone.leaf.clone()],
        Args::Message {
            text: "come by".to_owned(),
        },
    );
    let bundle = phone.bundle(&a, &message);
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let places = [
        ("hooks.json", 0o666, 0o644),
        ("hooks.json", 0o664, 0o644),
        ("hook-show", 0o777, 0o755),
        ("", 0o777, 0o755),
        ("agent", 0o777, 0o700),
    ];
    let before = phone.seen("show");
    for (place, open, usual) in places {
        let place = phone.folder.join(place);
        mode(&place, open);
        let refused = phone.agent.apply(&bundle).await;
        assert!(
            matches!(refused, Err(AgentError::Phone(_) | AgentError::Folder(_))),
            "{}: {refused:?}",
            place.display()
        );
        let sentence = refused.unwrap_err().to_string();
        assert!(sentence.contains("chmod"), "{sentence}");
        mode(&place, usual);
    }
    assert_eq!(
        phone.seen("show"),
        before,
        "a hook ran that anybody could have written"
    );
    phone.assert_untouched();
    // What the agent keeps may not even be read by others: it takes that right away by itself.
    mode(&phone.folder.join("agent"), 0o755);
    let outcome = phone.agent.apply(&bundle).await.unwrap();
    assert_eq!(outcome.commands[0].reason, None::<Reason>);
    let closed = std::fs::metadata(phone.folder.join("agent")).unwrap();
    assert_eq!(closed.permissions().mode() & 0o777, 0o700);
    a.phone.assert_unharmed();
}
