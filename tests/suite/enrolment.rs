//! How phones join: the agent, plain EST clients, and whoever should not.

use muster_agent::enrol::Trust;
use muster_agent::net::certificate::{Subject, request};
use muster_agent::net::est::basic;
use muster_pki::est;
use muster_pki::identity::DeviceCertificate;
use muster_protocol::ids::SerialNumber;
use muster_protocol::keys::P256Signer;
use muster_tests::api::text;
use muster_tests::line::{Reply, Way};
use muster_tests::programs::succeed;
use muster_tests::{TestApp, TestPhone, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    the_agent_enrols_and_is_on_the_record,
    a_phone_may_trust_on_first_use_and_says_so_for_ever,
    every_code_that_cannot_be_used_gets_the_same_answer,
    wrong_codes_are_limited_by_device_and_by_address,
    of_two_requests_with_one_code_one_wins,
    the_same_request_again_gets_the_same_certificate,
    bad_requests_do_not_spend_the_code,
    a_body_may_come_in_every_form_that_clients_in_the_field_send,
    a_plain_est_client_checks_in_and_can_be_sent_no_command,
    f1_re_enrolment_voids_what_waited,
    a_certificate_is_renewed_from_two_thirds_of_its_life,
    a_switched_off_phone_renews_after_its_certificate_expired,
    a_statement_is_taken_from_its_own_phone_only,
    a_second_live_enrolment_of_one_serial_is_an_alarm,
    the_crl_names_what_was_revoked,
];

/// A key and a well-formed request for it.
pub fn csr(seed: u8, serial: &str) -> (P256Signer, P256Signer, Vec<u8>) {
    let tls = P256Signer::from_bytes([seed; 32]).unwrap();
    let device = P256Signer::from_bytes([seed.wrapping_add(100); 32]).unwrap();
    let serial = SerialNumber::parse(serial).unwrap();
    let der = request(
        &tls,
        &device.verifying_key().enrolment_id(),
        &Subject::New(&serial),
    )
    .unwrap();
    (tls, device, der)
}

/// One request of an EST client.
pub async fn simple_enroll(t: &TestApp, user: &str, code: &str, der: &[u8]) -> Reply {
    let body = est::encode_lines(der);
    let authorization = basic(user, code);
    let headers = [
        ("content-type", "application/pkcs10"),
        ("authorization", authorization.as_str()),
    ];
    Way::to(t, None)
        .ask(
            "POST",
            "/.well-known/est/simpleenroll",
            &headers,
            body.as_bytes(),
        )
        .await
}

/// The one certificate of an EST answer.
pub fn issued(reply: &Reply) -> Vec<u8> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(
        reply
            .header("content-type")
            .starts_with("application/pkcs7-mime")
    );
    let certificates = est::certificates(&est::decode_base64(&reply.body).unwrap()).unwrap();
    assert_eq!(certificates.len(), 1);
    certificates[0].clone()
}

async fn registered(t: &mut TestApp, serial: &str) -> (String, String) {
    let world = t.world().await;
    let device = text(
        &world
            .northwind
            .api
            .register(serial, &world.northwind.id)
            .await["id"],
    );
    let code = world.northwind.api.code(&device).await;
    (device, code)
}

async fn the_agent_enrols_and_is_on_the_record(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;

    let shown = api.device(&phone.device).await;
    assert_eq!(shown["lifecycle"], "enrolled");
    assert_eq!(shown["epoch"], 1);
    assert_eq!(shown["contact"], "fresh");
    assert_eq!(shown["enrolment_id"], phone.status().enrolment_id);
    assert_eq!(shown["held"], false);
    assert!(shown["certificate"]["serial_number"].is_string());
    let status = phone.status();
    assert_eq!(status.pin.as_ref().unwrap().manner, "manual");
    assert_eq!(
        status.pin.unwrap().fingerprint,
        world.fleet.fingerprint.to_string()
    );
    assert!(
        phone.screen().contains(&status.enrolment_words),
        "the owner compares five words: {}",
        phone.screen()
    );
    let record = t.record().await;
    for kind in ["device.registered", "code.made", "device.enrolled"] {
        assert!(
            record.contains(&kind.to_owned()),
            "{kind} is not on the record: {record:?}"
        );
    }

    // The certificate is as DESIGN §5 lays it down.
    let certificate = DeviceCertificate::parse(&phone.identity().certificate).unwrap();
    assert_eq!(
        certificate.subject().enrolment_id(),
        Some(status.enrolment_id.as_str())
    );
    assert_eq!(certificate.subject().device_id(), phone.device);
}

async fn a_phone_may_trust_on_first_use_and_says_so_for_ever(t: &mut TestApp) {
    let world = t.world().await;
    let (device, code) = registered(t, "NW-000050").await;
    let mut phone = TestPhone::try_enrol(t, Trust::FirstUse, "NW-000050", &code)
        .await
        .unwrap();
    phone.check_in().await;
    assert_eq!(phone.device, device);
    let pin = phone.status().pin.unwrap();
    assert_eq!(
        (pin.manner, pin.fingerprint),
        ("tofu", world.fleet.fingerprint.to_string())
    );
}

async fn every_code_that_cannot_be_used_gets_the_same_answer(t: &mut TestApp) {
    let (device, _) = registered(t, "NW-000001").await;
    let world = t.world().await;
    let api = &world.northwind.api;
    let (other, others_code) = registered(t, "NW-000002").await;
    let (_, _, der) = csr(1, "NW-000001");

    let wrong = simple_enroll(t, "NW-000001", "00000-00000-00000-00000", &der).await;
    let senseless = simple_enroll(t, "NW-000001", "no code at all", &der).await;
    let of_another = simple_enroll(t, "NW-000001", &others_code, &der).await;
    let unknown_phone = simple_enroll(t, "NW-999999", &others_code, &der).await;
    let withdrawn = api.code(&device).await;
    let replacing = api.code(&device).await;
    let withdrawn = simple_enroll(t, "NW-000001", &withdrawn, &der).await;
    issued(&simple_enroll(t, "NW-000001", &replacing, &der).await);
    let (_, _, second) = csr(2, "NW-000001");
    let used = simple_enroll(t, "NW-000001", &replacing, &second).await;
    let expiring = api.code(&other).await;
    t.advance(std::time::Duration::from_secs(24 * 3600 + 1));
    let expired = simple_enroll(t, "NW-000002", &expiring, &der).await;

    for reply in [
        &senseless,
        &of_another,
        &unknown_phone,
        &withdrawn,
        &used,
        &expired,
    ] {
        reply.expect_problem(401, "code-refused");
        assert_eq!(reply.body, wrong.body, "the answer tells which it was");
        assert!(reply.header("www-authenticate").starts_with("Basic "));
    }
    assert_eq!(
        t.record()
            .await
            .iter()
            .filter(|kind| *kind == "enrolment.refused")
            .count(),
        7
    );
}

async fn wrong_codes_are_limited_by_device_and_by_address(t: &mut TestApp) {
    let (_, code) = registered(t, "NW-000001").await;
    let (_, other_code) = registered(t, "NW-000002").await;
    let (_, _, der) = csr(1, "NW-000001");
    for _ in 0..10 {
        simple_enroll(t, "NW-000001", "00000-00000-00000-00000", &der)
            .await
            .expect_problem(401, "code-refused");
    }
    // Now even the right one waits: whoever guesses learns nothing from the eleventh try.
    let reply = simple_enroll(t, "NW-000001", &code, &der).await;
    reply.expect_problem(429, "too-many");
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait));
    let (_, _, other) = csr(2, "NW-000002");
    issued(&simple_enroll(t, "NW-000002", &other_code, &other).await);
    t.advance(std::time::Duration::from_secs(wait));
    issued(&simple_enroll(t, "NW-000001", &code, &der).await);
    // One address that tries many names is stopped too.
    let mut stopped = false;
    for number in 0..40 {
        let reply = simple_enroll(
            t,
            &format!("NW-77{number:04}"),
            "00000-00000-00000-00000",
            &der,
        )
        .await;
        stopped |= reply.status == 429;
    }
    assert!(stopped, "one address may try as many names as it likes");
}

async fn of_two_requests_with_one_code_one_wins(t: &mut TestApp) {
    let world = t.world().await;
    for round in 0..5_u8 {
        let serial = format!("NW-00001{round}");
        let (device, code) = registered(t, &serial).await;
        let (_, _, one) = csr(10 + round, &serial);
        let (_, _, other) = csr(20 + round, &serial);
        let (first, second) = tokio::join!(
            simple_enroll(t, &serial, &code, &one),
            simple_enroll(t, &serial, &code, &other)
        );
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(
            statuses[0],
            200,
            "nobody won: {} {}",
            first.text(),
            second.text()
        );
        assert!(
            matches!(statuses[1], 401 | 409),
            "both won, or one fell over: {statuses:?}"
        );
        assert_eq!(world.northwind.api.device(&device).await["epoch"], 1);
    }
}

async fn the_same_request_again_gets_the_same_certificate(t: &mut TestApp) {
    let (_, code) = registered(t, "NW-000001").await;
    let (_, _, der) = csr(1, "NW-000001");
    let first = issued(&simple_enroll(t, "NW-000001", &code, &der).await);
    let again = issued(&simple_enroll(t, "NW-000001", &code, &der).await);
    assert_eq!(first, again);
    // At the same time, too: the answer to one of them may be lost on the way.
    let (_, code) = registered(t, "NW-000002").await;
    let (_, _, der) = csr(2, "NW-000002");
    let (one, other) = tokio::join!(
        simple_enroll(t, "NW-000002", &code, &der),
        simple_enroll(t, "NW-000002", &code, &der)
    );
    assert_eq!(issued(&one), issued(&other));
}

async fn bad_requests_do_not_spend_the_code(t: &mut TestApp) {
    let (_, code) = registered(t, "NW-000001").await;
    let (_, _, good) = csr(1, "NW-000001");
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let openssl = |name: &str, arguments: &[&str]| {
        let out = t.folder().join(format!("{name}.csr"));
        let mut command = std::process::Command::new("openssl");
        command
            .args([
                "req",
                "-new",
                "-nodes",
                "-subj",
                "/CN=NW-000001",
                "-outform",
                "DER",
            ])
            .args(arguments);
        command
            .arg("-keyout")
            .arg(t.folder().join("key.pem"))
            .arg("-out")
            .arg(&out);
        succeed(&mut command);
        std::fs::read(out).unwrap()
    };
    let bad = [
        ("nothing", Vec::new()),
        ("noise", b"not a certification request".to_vec()),
        ("cut off", good[..good.len() - 10].to_vec()),
        ("more after its end", [good.clone(), vec![0]].concat()),
        ("a signature by another key", forged),
        ("a weak key", openssl("weak", &["-newkey", "rsa:1024"])),
        (
            "a foreign key type",
            openssl("rsa", &["-newkey", "rsa:2048"]),
        ),
        (
            "a foreign curve",
            openssl(
                "p384",
                &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
            ),
        ),
        (
            "a curve of other uses",
            openssl(
                "k256",
                &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
            ),
        ),
    ];
    for (what, der) in &bad {
        let reply = simple_enroll(t, "NW-000001", &code, der).await;
        assert_eq!(reply.status, 422, "{what}: {}", reply.text());
        reply.expect_problem(422, "certificate-request");
    }
    let authorization = basic("NW-000001", &code);
    let way = Way::to(t, None);
    let path = "/.well-known/est/simpleenroll";
    let reply = way
        .ask(
            "POST",
            path,
            &[
                ("content-type", "text/html"),
                ("authorization", &authorization),
            ],
            b"x",
        )
        .await;
    reply.expect_problem(415, "wrong-type");
    let reply = way
        .ask(
            "POST",
            path,
            &[("authorization", &authorization)],
            b"\xff\xfe****",
        )
        .await;
    reply.expect_problem(422, "certificate-request");
    let reply = way
        .ask(
            "POST",
            path,
            &[("authorization", &authorization)],
            &vec![b'A'; 300_000],
        )
        .await;
    reply.expect_problem(413, "too-large");
    way.ask("POST", path, &[], b"x")
        .await
        .expect_problem(401, "code-missing");
    assert!(t.record().await.contains(&"enrolment.refused".to_owned()));
    issued(&simple_enroll(t, "NW-000001", &code, &good).await);
}

/// How a client in the field writes a request.
type Form = fn(&[u8]) -> Vec<u8>;

async fn a_body_may_come_in_every_form_that_clients_in_the_field_send(t: &mut TestApp) {
    let way = Way::to(t, None);
    let forms: [(&str, Form); 4] = [
        ("one line", |der| est::encode_one_line(der).into_bytes()),
        ("lines ended by CR LF", |der| {
            est::encode_lines(der).replace('\n', "\r\n").into_bytes()
        }),
        ("tabs and spaces", |der| {
            est::encode_lines(der)
                .replace('\n', " \t\r\n ")
                .into_bytes()
        }),
        ("76 columns", |der| {
            let text = est::encode_one_line(der);
            text.trim()
                .as_bytes()
                .chunks(76)
                .collect::<Vec<_>>()
                .join(&b'\n')
        }),
    ];
    for (number, (what, form)) in forms.into_iter().enumerate() {
        let serial = format!("NW-00000{number}");
        let (device, code) = registered(t, &serial).await;
        let (_, _, der) = csr(u8::try_from(number).unwrap() + 1, &serial);
        // The device id does as the user name, too.
        let authorization = basic(&device, &code);
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-transfer-encoding", "binary"),
        ];
        let reply = way
            .ask(
                "POST",
                "/.well-known/est/simpleenroll",
                &headers,
                &form(&der),
            )
            .await;
        assert_eq!(reply.status, 200, "{what}: {}", reply.text());
    }
    let (_, code) = registered(t, "NW-000009").await;
    let (_, _, der) = csr(9, "NW-000009");
    let authorization = basic("NW-000009", &code);
    let headers = [
        ("authorization", authorization.as_str()),
        ("transfer-encoding", "chunked"),
    ];
    let body = est::encode_lines(&der);
    let (one, other) = body.split_at(100);
    let chunked = format!(
        "{:x}\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\n\r\n",
        one.len(),
        other.len()
    );
    let reply = way
        .ask(
            "POST",
            "/.well-known/est/simpleenroll",
            &headers,
            chunked.as_bytes(),
        )
        .await;
    assert_eq!(reply.status, 200, "chunked: {}", reply.text());
}

async fn a_plain_est_client_checks_in_and_can_be_sent_no_command(t: &mut TestApp) {
    let world = t.world().await;
    let (device, code) = registered(t, "NW-000001").await;
    let way = Way::to(t, None);
    let cacerts = way.ask("GET", "/.well-known/est/cacerts", &[], b"").await;
    assert_eq!(cacerts.status, 200);
    assert_eq!(
        est::certificates(&est::decode_base64(&cacerts.body).unwrap())
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        way.ask("GET", "/.well-known/est/csrattrs", &[], b"")
            .await
            .status,
        200
    );

    let (key, csr_path) = (t.folder().join("plain.pem"), t.folder().join("plain.csr"));
    let mut command = std::process::Command::new("openssl");
    command.args([
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=plain",
    ]);
    command
        .args(["-outform", "DER"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&csr_path);
    succeed(&mut command);
    let certificate =
        issued(&simple_enroll(t, "NW-000001", &code, &std::fs::read(csr_path).unwrap()).await);
    let parsed = DeviceCertificate::parse(&certificate).unwrap();
    assert_eq!(
        (
            parsed.subject().device_id(),
            parsed.subject().enrolment_id()
        ),
        (device.as_str(), None)
    );

    let mut command = std::process::Command::new("openssl");
    let pkcs8 = succeed(
        command
            .args(["pkcs8", "-topk8", "-nocrypt", "-in"])
            .arg(&key),
    );
    assert!(pkcs8.contains("BEGIN PRIVATE KEY"));
    let way = Way::with_pem(t, &certificate, &pkcs8);
    let reply = way
        .post(
            "/v1/check-in",
            &json!({ "v": 1, "report": { "model": "Plain" } }),
        )
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["commands"], json!([]));
    let body = json!({ "kind": "lock", "device_ids": [device], "reason": "left in a taxi" });
    world
        .northwind
        .api
        .post("/api/v1/commands", &body)
        .await
        .expect_problem(409, "cannot-obey");
}

async fn f1_re_enrolment_voids_what_waited(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let old = phone.identity();
    let kill = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    api.approve(&kill, &world.fleet.ada).await.expect(201);
    t.log_settles().await;

    let code = api.code(&phone.device).await;
    phone.enrol_again(t, &world.fleet, &code).await.unwrap();
    let outcome = phone.check_in().await;
    assert!(
        outcome.commands.is_empty(),
        "a new enrolment starts an empty queue: {outcome:?}"
    );
    phone.assert_unharmed();
    assert_eq!(api.command_state(&kill).await["state"], "cancelled");
    let shown = api.device(&phone.device).await;
    assert_eq!(
        (&shown["epoch"], &shown["lifecycle"]),
        (&json!(2), &json!("enrolled"))
    );
    let reply = Way::to(t, Some(&old))
        .post("/v1/check-in", &json!({ "v": 1 }))
        .await;
    assert_eq!(
        reply.status, 403,
        "the certificate of the older enrolment is still let in"
    );
}

async fn a_certificate_is_renewed_from_two_thirds_of_its_life(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let first = phone.identity();
    t.advance_days(19);
    phone.check_in().await;
    assert_eq!(
        phone.identity().certificate,
        first.certificate,
        "renewed too early"
    );
    t.advance_days(2);
    phone.check_in().await;
    let second = phone.identity();
    assert_ne!(second.certificate, first.certificate, "not renewed");
    // The old one holds until the new one was used: an answer that was lost costs nothing.
    let with_old = Way::to(t, Some(&first));
    assert_eq!(
        with_old
            .post("/v1/check-in", &json!({ "v": 1 }))
            .await
            .status,
        200
    );
    phone.check_in().await;
    assert_eq!(
        with_old
            .post("/v1/check-in", &json!({ "v": 1 }))
            .await
            .status,
        403
    );
    let (before, after) = (
        DeviceCertificate::parse(&first.certificate).unwrap(),
        DeviceCertificate::parse(&second.certificate).unwrap(),
    );
    assert_eq!(before.subject().device_id(), after.subject().device_id());
    assert_eq!(
        before.subject().enrolment_id(),
        after.subject().enrolment_id()
    );
    assert_ne!(before.key_fingerprint(), after.key_fingerprint());
    assert!(t.record().await.contains(&"device.renewed".to_owned()));
}

async fn a_switched_off_phone_renews_after_its_certificate_expired(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let expired = phone.identity().certificate;
    t.advance_days(100);
    t.run_job("server-certificate").await;
    phone.check_in().await;
    phone.check_in().await;
    assert_ne!(phone.identity().certificate, expired);
    assert_eq!(
        world.northwind.api.device(&phone.device).await["contact"],
        "fresh"
    );
}

async fn a_statement_is_taken_from_its_own_phone_only(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let other = world.phone(t, "NW-000043").await;
    let own = t.read({
        let id = phone.status().enrolment_id;
        move |c| muster_store::enrolments::find(c, &id)
    });
    let statement = own.await.unwrap().statement.unwrap();
    let json = [("content-type", "application/json")];
    // The same again is fine; another phone's, a changed one and noise are not.
    let way = Way::to(t, Some(&phone.identity()));
    assert_eq!(
        way.ask("POST", "/v1/enrolment", &json, statement.as_bytes())
            .await
            .status,
        204
    );
    let stranger = Way::to(t, Some(&other.identity()));
    stranger
        .ask("POST", "/v1/enrolment", &json, statement.as_bytes())
        .await
        .expect_problem(422, "statement");
    way.ask("POST", "/v1/enrolment", &json, b"{}")
        .await
        .expect_problem(422, "statement");
    assert!(t.record().await.contains(&"enrolment.refused".to_owned()));
}

async fn a_second_live_enrolment_of_one_serial_is_an_alarm(t: &mut TestApp) {
    let world = t.world().await;
    world.phone(t, "NW-000042").await;
    assert!(
        !t.record()
            .await
            .contains(&"device.enrolment-doubled".to_owned())
    );
    world
        .phone_of(t, &world.lyre, &world.lyre_fleet, "NW-000042")
        .await;
    let alarms = t
        .events()
        .await
        .into_iter()
        .filter(|event| event.kind == "device.enrolment-doubled");
    let mut whose: Vec<_> = alarms.map(|event| event.organisation_id).collect();
    whose.sort();
    let mut both = vec![world.northwind.id.clone(), world.lyre.id.clone()];
    both.sort();
    assert_eq!(
        whose, both,
        "both resellers should know, and neither of the other"
    );
}

async fn the_crl_names_what_was_revoked(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let serial = DeviceCertificate::parse(&phone.identity().certificate)
        .unwrap()
        .serial()
        .to_hex();
    t.run_job("crl").await;
    let path = format!("/api/v1/devices/{}/revoke", phone.device);
    world
        .northwind
        .api
        .post(&path, &json!({ "reason": "stolen" }))
        .await
        .expect(204);
    t.run_job("crl").await;
    let crl = Way::to(t, None).ask("GET", "/v1/crl", &[], b"").await;
    let file = t.folder().join("crl.der");
    std::fs::write(&file, &crl.body).unwrap();
    let mut command = std::process::Command::new("openssl");
    let told = succeed(
        command
            .args(["crl", "-inform", "DER", "-noout", "-text", "-in"])
            .arg(&file),
    );
    assert!(
        told.to_lowercase().contains(&serial.to_lowercase()),
        "{serial} is not listed:\n{told}"
    );
    assert!(told.contains("X509v3 CRL Number") && told.contains("Next Update"));
    // The same list over plain HTTP, for whoever checks certificates and is no phone.
    let plain = t.anybody().get("/v1/crl").await;
    assert_eq!(plain.status, 200);
}
