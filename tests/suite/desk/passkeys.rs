//! An independent passkey, made at the desk, taken into the keyring by the root signers, and used.

use muster::offline::registration::Registration;
use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Display;
use muster_protocol::keys::P256Signer;
use muster_tests::api::text;
use muster_tests::fleet::{Fleet, auth_data};
use muster_tests::{Answered, TestApp, TestDesk, on_both_databases, page};
use serde_json::Value;

on_both_databases![
    a_passkey_is_made_kept_and_used_where_it_was_made,
    a_registration_that_does_not_hold_is_not_kept,
    a_passkey_kills_a_phone_and_what_phones_would_refuse_never_leaves_the_desk,
];

/// An authenticator and the browser around it, as they answer a page on this origin.
pub struct Token {
    key: P256Signer,
    origin: String,
}

const RP_ID: &str = "approve.localhost";
/// A quarter of what the root signers gave.
const CHALLENGE: &str = "7c1e04b9d2a85f60";
const CREDENTIAL: &[u8] = b"the credential of a blue key";

impl Token {
    pub fn new(desk: &TestDesk) -> Self {
        Self {
            key: P256Signer::from_bytes([9; 32]).unwrap(),
            origin: desk.running.origin.clone(),
        }
    }

    /// Authenticator data of a new credential.
    fn made(&self, flags: u8) -> String {
        let key = self.key.verifying_key();
        let raw = key.raw();
        let length = u16::try_from(CREDENTIAL.len()).unwrap().to_be_bytes();
        let made = [
            auth_data(RP_ID, flags).as_slice(),
            &[0xaa; 16],
            &length,
            CREDENTIAL,
            &[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20],
            &raw[1..33],
            &[0x22, 0x58, 0x20],
            &raw[33..],
        ]
        .concat();
        base64::encode(&made)
    }

    /// What it answers to the options of a page: `auth`, `client`, `sig`.
    fn used(&self, options: &Value, flags: u8) -> [String; 3] {
        assert_eq!(options["rpId"], RP_ID);
        assert_eq!(options["userVerification"], "required");
        assert_eq!(
            options["allowCredentials"][0]["id"],
            base64::encode_url(CREDENTIAL)
        );
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{}","origin":"{}","crossOrigin":false}}"#,
            text(&options["challenge"]),
            self.origin
        );
        let auth = auth_data(RP_ID, flags);
        let hash = Digest::of(client.as_bytes());
        let sig = self.key.sign(&[auth.as_slice(), hash.as_bytes()].concat());
        [auth.as_slice(), client.as_bytes(), &sig].map(base64::encode)
    }
}

fn options(page: &str, tag: &str, name: &str) -> Value {
    let found = page::tags(page, tag).find_map(|tag| page::attribute(tag, name));
    serde_json::from_str(&found.expect("the page asks for a passkey")).unwrap()
}

/// Begins the ceremony; answers the address of its page, below the desk's base.
async fn begun(desk: &TestDesk, challenge: &str) -> String {
    let fields = [("label", "Blue key"), ("challenge", challenge)];
    let begun = desk.post("keys/new", &fields).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    let to = begun.header("location").to_owned();
    to.strip_prefix(&format!("{}/", desk.base))
        .unwrap()
        .to_owned()
}

/// Makes and tries a passkey; answers what became of it.
pub async fn registered(desk: &TestDesk, token: &Token, challenge: &str) -> Answered {
    let at = begun(desk, challenge).await;
    let asked = options(&desk.get(&at).await.text, "form", "data-passkey-create");
    assert_eq!(asked["rp"]["id"], RP_ID);
    assert_eq!(asked["pubKeyCredParams"][0]["alg"], -7);
    let made = desk.post(&at, &[("registration", &token.made(0x45))]).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let trial = options(&desk.get(&at).await.text, "button", "data-passkey");
    let [auth, client, sig] = token.used(&trial, 0x05);
    let fields = [("auth", auth.as_str()), ("client", &client), ("sig", &sig)];
    desk.post(&format!("{at}/trial"), &fields).await
}

/// The root signers take the registration into the next keyring, beside Ada.
async fn into_the_keyring(t: &mut TestApp, made: &Registration) -> Fleet {
    let mut world = t.world().await;
    let mut next = world.fleet.next();
    next.keys.push(made.claim.public_part().approver());
    let ada = world.fleet.ada.key_id();
    for grant in &mut next.grants {
        if grant.keys.contains(&ada) && grant.keys.len() > 1 {
            grant.keys.push(made.claim.key_id());
        }
    }
    next.check().expect("a sound keyring");
    world.fleet.publish(&world.northwind.api, next).await;
    world.fleet
}

pub fn file_of(desk: &TestDesk) -> Registration {
    let dir = std::fs::read_dir(&desk.settings.dir).unwrap();
    let mut files = dir.flatten().map(|entry| entry.path());
    let is_one = |path: &std::path::Path| path.to_string_lossy().contains("passkey-");
    Registration::read(&files.find(|path| is_one(path)).unwrap()).unwrap()
}

async fn a_passkey_is_made_kept_and_used_where_it_was_made(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let desk = TestDesk::bare(t, api, &world.fleet, "Dagny Krol").await;
    let token = Token::new(&desk);
    let challenge = Digest::of(b"chosen by the root signers");
    let done = registered(&desk, &token, &challenge.to_hex()).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let made = file_of(&desk);
    assert_eq!(made.trial.nonce, challenge);
    assert_eq!(
        (
            made.claim.display,
            made.claim.passkey.origin.as_str(),
            made.claim.name.as_str()
        ),
        (
            Display::Independent,
            desk.running.origin.as_str(),
            "Dagny Krol"
        )
    );
    let shown = desk.follow(&done).await.text;
    for part in [
        made.claim.words().as_str(),
        "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
        &challenge.to_hex(),
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let id = made.claim.key_id();
    let file = desk.get(&format!("keys/{id}/registration")).await;
    assert_eq!(Registration::decode(file.text.as_bytes()).unwrap(), made);

    let kill = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let before = desk.get(&format!("commands/{kill}")).await.text;
    assert!(before.contains("does not hold this key"), "{before}");
    into_the_keyring(t, &made).await;
    let here = desk.get(&format!("commands/{kill}")).await.text;
    assert!(here.contains("Sign with passkey Blue key"), "{here}");
    // The folder outlives the program, and a passkey signs on the port where it was made only.
    let desk = desk.again(t).await;
    let keys = desk.get("keys").await.text;
    assert!(keys.contains("Keyring 2 lets it approve:"), "{keys}");
    let elsewhere = desk.get(&format!("commands/{kill}")).await.text;
    let same_port = desk.running.origin == made.claim.passkey.origin;
    let offered = elsewhere.contains("Sign with passkey Blue key");
    assert_eq!(offered, same_port, "{elsewhere}");
    desk.running.stop().await;
}

async fn a_registration_that_does_not_hold_is_not_kept(t: &mut TestApp) {
    let world = t.world().await;
    let desk = TestDesk::bare(t, &world.northwind.api, &world.fleet, "Dagny Krol").await;
    let token = Token::new(&desk);
    // Without one of the ceremony's no keyring would ever hold it.
    for none in ["12ab", ""] {
        let fields = [("label", "Blue key"), ("challenge", none)];
        let wrong = desk.post("keys/new", &fields).await;
        assert_eq!(wrong.status, 422);
        let told = wrong.text.contains("This is no challenge");
        assert!(told, "{}", wrong.text);
    }
    let fields = [("label", " "), ("challenge", &CHALLENGE.repeat(4))];
    let nameless = desk.post("keys/new", &fields).await;
    assert_eq!(nameless.status, 422);
    let at = begun(&desk, &CHALLENGE.repeat(4)).await;
    // Without user verification.
    let weak = desk.post(&at, &[("registration", &token.made(0x41))]).await;
    assert_eq!(weak.status, 422, "{}", weak.text);
    assert!(
        weak.text.contains("did not verify its owner"),
        "{}",
        weak.text
    );
    let early = desk.post(&format!("{at}/trial"), &[]).await;
    assert_eq!(early.status, 303, "no trial before there is a key");
    desk.post(&at, &[("registration", &token.made(0x45))]).await;
    let trial = options(&desk.get(&at).await.text, "button", "data-passkey");
    let [auth, client, sig] = token.used(&trial, 0x01);
    let fields = [("auth", auth.as_str()), ("client", &client), ("sig", &sig)];
    let unverified = desk.post(&format!("{at}/trial"), &fields).await;
    assert_eq!(unverified.status, 422);
    assert!(unverified.text.contains("wa_flags"), "{}", unverified.text);
    let strange = Token {
        origin: "https://portal.example.org".to_owned(),
        ..token
    };
    let [auth, client, sig] = strange.used(&trial, 0x05);
    let fields = [("auth", auth.as_str()), ("client", &client), ("sig", &sig)];
    let elsewhere = desk.post(&format!("{at}/trial"), &fields).await;
    assert!(
        elsewhere.text.contains("wa_client_data"),
        "{}",
        elsewhere.text
    );
    let keys = desk.get("keys").await.text;
    assert!(keys.contains("No key yet"), "{keys}");
    // A ceremony ends by itself.
    t.advance(std::time::Duration::from_secs(16 * 60));
    assert_eq!(desk.get(&at).await.status, 404);
    desk.running.stop().await;
}

async fn a_passkey_kills_a_phone_and_what_phones_would_refuse_never_leaves_the_desk(
    t: &mut TestApp,
) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let kill = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let desk = TestDesk::bare(t, api, &world.fleet, "Dagny Krol").await;
    let token = Token::new(&desk);
    assert_eq!(
        registered(&desk, &token, &CHALLENGE.repeat(4)).await.status,
        303
    );
    let made = file_of(&desk);
    into_the_keyring(t, &made).await;
    let shown = desk.get(&format!("commands/{kill}")).await.text;
    let digest = page::input(&shown, "digest").unwrap();
    let asked = options(&shown, "button", "data-passkey");
    let key = made.claim.key_id().to_string();
    let path = format!("commands/{kill}/sign");
    let with = async |answer: [String; 3]| {
        let [auth, client, sig] = answer;
        let fields = [
            ("digest", digest.as_str()),
            ("typed", "NW-000042"),
            ("key", &key),
            ("auth", &auth),
            ("client", &client),
            ("sig", &sig),
        ];
        desk.post(&path, &fields).await
    };
    let mut other = asked.clone();
    other["challenge"] = base64::encode_url(&[7; 32]).into();
    let tries = [
        (token.used(&other, 0x05), "wa_client_data"),
        (token.used(&asked, 0x01), "wa_flags"),
        (token.used(&asked, 0x0d), "wa_flags"),
        (
            [String::new(), String::new(), String::new()],
            "did not sign",
        ),
    ];
    for (answer, code) in tries {
        let refused = with(answer).await;
        assert_eq!(refused.status, 422, "{code}");
        assert!(refused.text.contains(code), "{code}: {}", refused.text);
    }
    let record = t.record().await;
    assert!(
        !record.contains(&"command.approval-refused".to_owned()),
        "it was handed in"
    );
    // The honest one kills the phone: one independent person is enough.
    let signed = with(token.used(&asked, 0x05)).await;
    assert_eq!(signed.status, 303, "{}", signed.text);
    let page = desk.follow(&signed).await.text;
    assert!(page.contains("Enough people have agreed"), "{page}");
    t.log_settles().await;
    phone.check_in().await;
    assert!(phone.service_is_gone());
    assert_eq!(api.command_state(&kill).await["state"], "done");
    desk.running.stop().await;
}
