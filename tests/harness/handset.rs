//! Phones as people have them: `muster-agent` as a process on a folder, and a client that is nothing but curl and openssl.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use muster_agent::state::State;
use muster_agent::state::credentials::{KeyFiles, TlsIdentity};
use muster_agent::state::folder::Folder;
use muster_agent::status::Status;
use muster_protocol::ids::SerialNumber;
use muster_protocol::keys::P256Signer;
use muster_protocol::target::{Leaf, TargetProof};

use crate::api::{Api, text};
use crate::installation::Installation;
use crate::programs::{program, run, succeed};

/// A sandbox phone, run by the program `muster-agent`.
#[derive(Clone)]
pub struct Handset {
    /// Its folder.
    pub folder: PathBuf,
    /// The server's record of it.
    pub device: String,
    /// Its serial number.
    pub serial: String,
}

impl Handset {
    /// Registers a phone and makes its folder's name; nothing is enrolled yet.
    pub async fn register(
        installation: &Installation,
        api: &Api,
        organisation: &str,
        serial: &str,
    ) -> Self {
        let device = text(&api.register(serial, organisation).await["id"]);
        let folder = installation.folder().join("phones").join(serial);
        std::fs::create_dir_all(&folder).expect("a folder for the phone");
        Self {
            folder,
            device,
            serial: serial.to_owned(),
        }
    }

    /// Registers and enrols one, pinned to the fleet.
    pub async fn enrol(
        installation: &Installation,
        api: &Api,
        organisation: &str,
        fingerprint: &str,
        serial: &str,
    ) -> Self {
        let phone = Self::register(installation, api, organisation, serial).await;
        let code = api.code(&phone.device).await;
        succeed(&mut phone.enrolment(installation, &code, fingerprint));
        phone
    }

    /// `muster-agent enrol`.
    #[must_use]
    pub fn enrolment(&self, installation: &Installation, code: &str, fingerprint: &str) -> Command {
        let mut command = self.agent(&[
            "enrol",
            "--server",
            &installation.device,
            "--serial",
            &self.serial,
        ]);
        command.args(["--code", code, "--fleet-fingerprint", fingerprint]);
        command
    }

    /// `muster-agent` with these arguments, on this phone.
    #[must_use]
    pub fn agent(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("muster-agent"));
        command
            .args(arguments)
            .arg("--state")
            .arg(&self.folder)
            .env("NO_COLOR", "1");
        command
    }

    /// One check-in that succeeds.
    #[track_caller]
    pub fn check_in(&self) -> String {
        succeed(&mut self.agent(&["run", "--once"]))
    }

    /// What `muster-agent status` reads.
    ///
    /// # Panics
    /// The folder cannot be read.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::read(&self.folder).expect("the folder reads")
    }

    /// What the phone remembers.
    ///
    /// # Panics
    /// The folder cannot be read.
    #[must_use]
    pub fn state(&self) -> State {
        Folder::new(&self.folder).load().expect("the state reads")
    }

    /// The phone has left its fleet and its keys are destroyed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state()
            .ended
            .is_some_and(|ended| ended.credentials_destroyed)
    }

    fn keys(&self) -> KeyFiles {
        Folder::new(&self.folder).keys(&self.state().enrolment)
    }

    /// The certificate and key it shows to servers.
    ///
    /// # Panics
    /// It has none any more.
    #[must_use]
    pub fn identity(&self) -> TlsIdentity {
        self.keys().tls().expect("the credentials read").current
    }

    /// The key that signs its receipts.
    ///
    /// # Panics
    /// It has none any more.
    #[must_use]
    pub fn device_key(&self) -> P256Signer {
        self.keys().device_key().expect("the credentials read")
    }

    /// Its leaf in a target tree.
    ///
    /// # Panics
    /// The serial number is none.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        let state = self.state();
        let serial = SerialNumber::parse(&self.serial).expect("a serial number");
        Leaf {
            device: state.device,
            enrolment: state.enrolment,
            serial,
        }
    }

    /// The proof that it is the one target of a command.
    #[must_use]
    pub fn only_target() -> TargetProof {
        TargetProof {
            index: 0,
            hashes: Vec::new(),
        }
    }

    /// How many files of the owner's there are.
    #[must_use]
    pub fn userdata(&self) -> usize {
        files(&self.folder.join("userdata"))
    }

    /// How many files of the fleet's service there are.
    #[must_use]
    pub fn service(&self) -> usize {
        files(&self.folder.join("service"))
    }
}

fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            if entry.path().is_dir() {
                files(&entry.path())
            } else {
                1
            }
        })
        .sum()
}

/// A plain EST client: keys and requests by openssl, HTTP by curl.
pub struct PlainClient {
    folder: PathBuf,
    ca: PathBuf,
    url: String,
    serial: String,
    /// The server's record of it.
    pub device: String,
    /// Its enrolment code.
    pub code: String,
}

const REQUEST: &str = r#"
openssl ecparam -name prime256v1 -genkey -noout -out "$NAME.key"
openssl req -new -key "$NAME.key" -subj "/CN=$SERIAL" -outform DER | openssl base64 >"$NAME.csr"
"#;
const CERTIFICATE: &str = r#"
openssl base64 -d -in "$NAME.p7" | openssl pkcs7 -inform DER -print_certs -out "$NAME.crt"
"#;

impl PlainClient {
    /// Registers a device and makes its first key.
    pub async fn register(
        installation: &Installation,
        api: &Api,
        organisation: &str,
        serial: &str,
    ) -> Self {
        let device = text(&api.register(serial, organisation).await["id"]);
        let code = api.code(&device).await;
        let folder = installation.folder().join("clients").join(serial);
        std::fs::create_dir_all(&folder).expect("a folder for the client");
        let (ca, url) = (installation.ca(), installation.device.clone());
        let client = Self {
            folder,
            ca,
            url,
            serial: serial.to_owned(),
            device,
            code,
        };
        client.new_key("first");
        client
    }

    /// Its serial number.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }

    fn bash(&self, name: &str, script: &str) -> Command {
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(&self.folder);
        command
            .env("NAME", name)
            .env("SERIAL", &self.serial)
            .env("URL", &self.url)
            .env("CA", &self.ca);
        command.env("CODE", &self.code);
        command
    }

    /// A key and a request for it under this name.
    pub fn new_key(&self, name: &str) {
        succeed(&mut self.bash(name, REQUEST));
    }

    /// simpleenroll with the request of this name; the certificate takes its name.
    #[must_use]
    pub fn enrol(&self, name: &str) -> Output {
        let ask = r#"curl -sS --fail --max-time 20 --cacert "$CA" --user "$SERIAL:$CODE" -H 'Content-Type: application/pkcs10' \
            --data-binary "@$NAME.csr" "$URL/.well-known/est/simpleenroll" >"$NAME.p7""#;
        run(&mut self.bash(name, &format!("{ask}\n{CERTIFICATE}")))
    }

    /// simplereenroll with the certificate `with` and the request of this name.
    #[must_use]
    pub fn renew(&self, with: &str, name: &str) -> Output {
        let ask = r#"curl -sS --fail --max-time 20 --cacert "$CA" --cert "$WITH.crt" --key "$WITH.key" \
            -H 'Content-Type: application/pkcs10' --data-binary "@$NAME.csr" "$URL/.well-known/est/simplereenroll" >"$NAME.p7""#;
        run(self
            .bash(name, &format!("{ask}\n{CERTIFICATE}"))
            .env("WITH", with))
    }

    /// The status that a check-in with this certificate is answered.
    #[must_use]
    pub fn check_in(&self, name: &str) -> String {
        let ask = r#"curl -sS --max-time 20 --cacert "$CA" --cert "$NAME.crt" --key "$NAME.key" -o answer -w '%{http_code}' \
            -H 'Content-Type: application/json' -d '{"v":1,"report":{"os_name":"curl","battery_percent":64}}' "$URL/v1/check-in""#;
        succeed(&mut self.bash(name, ask))
    }

    /// The serial number of the certificate of this name, lower hex.
    #[must_use]
    pub fn certificate_serial(&self, name: &str) -> String {
        let shown = succeed(&mut self.bash(name, r#"openssl x509 -in "$NAME.crt" -noout -serial"#));
        shown
            .trim()
            .trim_start_matches("serial=")
            .to_ascii_lowercase()
    }

    /// The serial numbers of the published list, as openssl shows them, lower hex.
    #[must_use]
    pub fn revoked(&self, portal: &str) -> String {
        let ask = r#"curl -sS --fail --max-time 20 "$PORTAL/v1/crl" | openssl crl -inform DER -noout -text"#;
        succeed(self.bash("first", ask).env("PORTAL", portal)).to_ascii_lowercase()
    }
}
