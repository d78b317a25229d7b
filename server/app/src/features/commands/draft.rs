//! Drafting: who is meant is frozen into a tree of targets, what is meant into a payload; what the server's own key may sign
//! goes out at once, the rest waits for approvers.

use std::sync::Arc;

use muster_domain::brake;
use muster_domain::permission::Permission;
use muster_domain::scope::Scope;
use muster_protocol::authority;
use muster_protocol::command::{Command, Kind};
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{CommandId, OrganisationId};
use muster_protocol::target::TargetTree;
use muster_protocol::text;
use muster_protocol::time::{DAY, UnixTime};
use muster_store::devices::Device;
use muster_store::targets::{Target, TargetLeaf};
use muster_store::{Conn, StoreError, StoreResult, commands, fleets};
use serde_json::json;

use super::arguments::Arguments;
use super::phones::{self, Phones};
use super::{seal, trees};
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::web::actor::{Allowed, DraftCommands};
use crate::web::problem::{Answer, Kind as ProblemKind, Problem};

/// How long a command waits for its phones when nothing was said, seconds.
const USUAL_LIFE: u64 = 7 * DAY;

/// A command as somebody wants it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What the phones shall do.
    pub kind: Kind,
    /// Which phones.
    pub phones: Phones,
    /// Why; shown to approvers and to the owner.
    pub reason: String,
    /// What the kind needs beside.
    pub arguments: Arguments,
    /// How long it waits for its phones, seconds; the usual when absent.
    pub expires_in: Option<u64>,
}

/// Drafts a command, and seals it at once if the server's own key may sign it. Answers its id.
///
/// # Errors
/// The role may not draft this kind, a phone is not there or cannot be sent commands, the reason or an argument does not fit, nobody could approve it, or the
/// organisation's brake holds.
pub async fn draft(
    app: &Arc<App>,
    allowed: &Allowed<DraftCommands>,
    wanted: Draft,
) -> Answer<String> {
    allowed.actor.must(Permission::to_draft(wanted.kind))?;
    let reason = wanted.reason.trim().to_owned();
    text::check(&reason, text::REASON_MAX).map_err(|_| {
        let detail = format!(
            "A reason of 1 to {} characters is needed, on one line. Say why in a few words.",
            text::REASON_MAX
        );
        Problem::invalid("reason", detail)
    })?;
    let wanted = Draft { reason, ..wanted };
    let (scope, by, app2) = (
        allowed.scope().clone(),
        By::actor(&allowed.actor),
        app.clone(),
    );
    let drafted_by = (allowed.actor.reference(), allowed.actor.name.clone());
    let drafted = app.store.write_or_refuse(move |tx| {
        draft_in(
            tx,
            &app2,
            &scope,
            &wanted,
            (&drafted_by.0, &drafted_by.1),
            &by,
        )
    });
    let drafted = drafted.await??;
    app.crash_point("command.drafted");
    if drafted.sealed {
        super::deliver::wake_sealed(app, &drafted.id).await?;
    }
    Ok(drafted.id)
}

/// What [`draft_in`] made.
#[derive(Debug, Clone)]
pub struct Drafted {
    /// The command.
    pub id: String,
    /// Whether the server's own key sealed it.
    pub sealed: bool,
}

/// [`draft`] inside the caller's transaction.
///
/// # Errors
/// The database refused; the inner error as [`draft`].
pub fn draft_in(
    tx: &mut Conn,
    app: &App,
    scope: &Scope,
    wanted: &Draft,
    drafted_by: (&str, &str),
    by: &By,
) -> StoreResult<Answer<Drafted>> {
    let phones = match phones::freeze(tx, scope, &wanted.phones)? {
        Ok(phones) => phones,
        Err(problem) => return Ok(Err(problem)),
    };
    let (Some(first), Some(fleet)) = (
        phones.first(),
        phones.first().map(|device| device.fleet_id.clone()),
    ) else {
        return Ok(Err(Problem::invalid(
            "devices",
            "No phone matches. Name at least one.",
        )));
    };
    if phones.iter().any(|device| device.fleet_id != fleet) {
        let detail = "These phones belong to several fleets, and a command is signed for one. Send one command for each reseller.";
        return Ok(Err(Problem::invalid("fleets", detail)));
    }
    let (Some(fleet), Some(held)) = (fleets::find(tx, &fleet)?, seal::newest_keyring(tx, &fleet)?)
    else {
        return Ok(Err(Problem::conflict(
            "fleet-not-adopted",
            "This fleet has no keyring yet. Bring it in with muster keyring publish.",
        )));
    };
    if let Err(problem) = check_brake(tx, app, wanted.kind, &first.reseller_id)? {
        return Ok(Err(problem));
    }
    let found = phones::look_up(tx, scope, wanted, &phones, app.now_micros())?;
    let now = UnixTime(u64::try_from(app.now().as_second()).unwrap_or(0));
    let args = match found.and_then(|found| wanted.arguments.resolve(wanted.kind, now, &found)) {
        Ok(args) => args,
        Err(problem) => return Ok(Err(problem)),
    };

    let damaged = |_| StoreError::Corrupt("the ids of a device do not read".to_owned());
    let leaves: Result<Vec<_>, _> = phones
        .iter()
        .map(|device| trees::leaf(&leaf_of(device)))
        .collect();
    let tree = match TargetTree::build(leaves.map_err(damaged)?) {
        Ok(tree) => tree,
        Err(error) => {
            return Ok(Err(Problem::invalid(
                "devices",
                format!("These phones make no list of targets: {error}."),
            )));
        }
    };
    let longest = wanted.kind.longest_life();
    let life = wanted
        .expires_in
        .unwrap_or_else(|| longest.map_or(USUAL_LIFE, |longest| longest.min(USUAL_LIFE)));
    let command = Command {
        id: CommandId::parse(&app.new_id())
            .map_err(|_| StoreError::Query("an id of ours does not read".to_owned()))?,
        fleet: held.keyring.fleet.clone(),
        organisation: OrganisationId::parse(&fleet.organisation_id).map_err(|_| {
            StoreError::Corrupt("the organisation of a fleet does not read".to_owned())
        })?,
        keyring: held.keyring.version,
        args,
        reason: wanted.reason.clone(),
        issued_at: now,
        not_before: None,
        expires_at: now.plus(life),
        targets: tree.targets(),
    };
    if let Err(error) = command.check() {
        let most = longest.map_or_else(String::new, |longest| {
            format!(" {} waits {} days at most.", wanted.kind, longest / DAY)
        });
        return Ok(Err(Problem::invalid(
            "command",
            format!("The command does not fit: {error}.{most}"),
        )));
    }
    let Some(needed) = authority::needed(
        &held.keyring,
        command.kind(),
        &command.organisation,
        tree.count(),
    ) else {
        let detail = format!(
            "Nobody could approve this: no grant of the fleet's keyring covers {} for {} phones. Its root signers can add one.",
            command.kind(),
            tree.count()
        );
        return Ok(Err(Problem::conflict("nobody-approves", detail)));
    };
    let online = needed.online && command.online_suffices();
    let row = row(app, &command, first, &phones, &needed, online, drafted_by);
    let targets: Vec<Target> = tree
        .leaves()
        .iter()
        .zip(0..)
        .map(|(leaf, position)| target(&row.id, leaf, position))
        .collect();
    commands::insert(tx, &row, &targets)?;
    let entry = Entry {
        kind: "command.drafted",
        weight: if brake::is_destructive(command.kind())
            || matches!(command.kind(), Kind::Hold | Kind::Release)
        {
            Weight::Major
        } else {
            Weight::Ordinary
        },
        place: seal::place(&row),
        device: (phones.len() == 1).then(|| (first.id.clone(), first.serial_number.clone())),
        command: Some(row.id.clone()),
        facts: json!({ "kind": row.kind, "count": row.target_count, "reason": row.reason }),
    };
    write::write(tx, app, by, &entry)?;
    let mut sealed = false;
    if online {
        let keys = app.fleet_keys.of(app, &fleet).map_err(StoreError::Query)?;
        let mut envelope = Envelope::unsigned(DocumentType::Command, command.encode());
        envelope
            .sign_plain(&keys.online)
            .map_err(|error| StoreError::Query(error.to_string()))?;
        if let Err(reason) =
            seal::seal_if_enough(tx, app, &held.keyring, &command, &row, &envelope, by)?
        {
            let detail = format!(
                "The fleet's keyring does not let the server's key sign {}: {}.",
                command.kind(),
                reason.as_str()
            );
            return Ok(Err(Problem::conflict("online-key", detail)));
        }
        sealed = true;
    } else {
        commands::request_approval(tx, &row.id)?;
    }
    Ok(Ok(Drafted { id: row.id, sealed }))
}

fn check_brake(tx: &mut Conn, app: &App, kind: Kind, reseller: &str) -> StoreResult<Answer<()>> {
    if !brake::is_destructive(kind) {
        return Ok(Ok(()));
    }
    let since = app.now_micros() - brake::WINDOW_SECONDS * 1_000_000;
    let scope = Scope::Reseller(reseller.to_owned());
    let kinds = brake::DESTRUCTIVE.map(Kind::as_str);
    let (drafted, _) = commands::drafted_since(tx, &scope, &kinds, since)?;
    if drafted < brake::AT_MOST {
        return Ok(Ok(()));
    }
    let detail = format!(
        "The brake holds: {drafted} kills, transfers and wipes were asked for in the last {} minutes, and {} are allowed. Wait, or \
         ask whoever drafted them whether they meant it.",
        brake::WINDOW_SECONDS / 60,
        brake::AT_MOST
    );
    let retry_after = u32::try_from(brake::WINDOW_SECONDS).ok();
    Ok(Err(Problem {
        retry_after,
        ..Problem::new(ProblemKind::TooMany, "brake", detail)
    }))
}

fn leaf_of(device: &Device) -> TargetLeaf {
    TargetLeaf {
        device_id: device.id.clone(),
        enrolment_id: device.enrolment_id.clone().unwrap_or_default(),
        serial_number: device.serial_number.clone(),
    }
}

fn target(command: &str, leaf: &muster_protocol::target::Leaf, position: i64) -> Target {
    Target {
        command_id: command.to_owned(),
        position,
        device_id: leaf.device.to_string(),
        enrolment_id: leaf.enrolment.to_string(),
        serial_number: leaf.serial.to_string(),
        state: "draft".to_owned(),
        code: None,
        late: false,
        delivered_at: None,
        accepted_at: None,
        ended_at: None,
    }
}

fn row(
    app: &App,
    command: &Command,
    first: &Device,
    phones: &[Device],
    needed: &authority::Needed,
    online: bool,
    drafted_by: (&str, &str),
) -> commands::Command {
    let micros = |time: UnixTime| {
        i64::try_from(time.0)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000)
    };
    let of_one_owner = phones
        .iter()
        .all(|device| device.organisation_id == first.organisation_id);
    commands::Command {
        id: command.id.to_string(),
        reseller_id: first.reseller_id.clone(),
        organisation_id: if of_one_owner {
            first.organisation_id.clone()
        } else {
            first.reseller_id.clone()
        },
        fleet_id: command.fleet.to_string(),
        kind: command.kind().to_string(),
        reason: command.reason.clone(),
        arguments: String::from_utf8_lossy(&command.args.value().encode()).into_owned(),
        payload: String::from_utf8_lossy(&command.encode()).into_owned(),
        digest: command.digest().to_hex(),
        keyring_version: i64::try_from(command.keyring).unwrap_or(i64::MAX),
        approvals_needed: if online { 0 } else { i64::from(needed.people) },
        independent_needed: if online {
            0
        } else {
            i64::from(needed.independent)
        },
        target_count: i64::from(command.targets.count),
        target_root: command.targets.root.to_hex(),
        envelope: None,
        envelope_digest: None,
        sealed_at: None,
        state: "draft".to_owned(),
        drafted_by: drafted_by.0.to_owned(),
        drafted_by_name: drafted_by.1.to_owned(),
        issued_at: micros(command.issued_at),
        expires_at: micros(command.expires_at),
        cancelled_at: None,
        cancelled_by_name: None,
        created_at: app.now_micros(),
        lapsed_at: None,
        cool_off_until: None,
    }
}
