//! Which log an act stands in. A fleet's log takes what concerns the fleet and its organisation; the installation's own log
//! takes the rest: acts and sign-ins of the operator, and of resellers that have no fleet yet (docs/adr/0006).

use muster_store::organisations::Organisation;
use muster_store::{Conn, StoreResult, fleets, organisations};
use zeroize::Zeroizing;

use crate::app::App;
use crate::features::trust::{keys, prepare};

/// The log of an act of `reseller`, or of the operator; `None` before there is an operator.
///
/// # Errors
/// The database refused.
pub fn log_of(tx: &mut Conn, app: &App, reseller: Option<&str>) -> StoreResult<Option<String>> {
    if let Some(reseller) = reseller
        && let Some(fleet) = fleets::find_by_organisation(tx, reseller)?
    {
        return Ok(Some(fleet.id));
    }
    let Some(operator) = organisations::operator(tx)? else {
        return Ok(None);
    };
    match fleets::find_by_organisation(tx, &operator.id)? {
        Some(own) => Ok(Some(own.id)),
        None => begin(tx, app, &operator).map(Some),
    }
}

/// Makes the installation's own log, at the first act there is. It stands among the fleets because it needs what they have: an
/// id, a key, leaves, checkpoints. No phone ever pins it, as it has no descriptor.
fn begin(tx: &mut Conn, app: &App, operator: &Organisation) -> StoreResult<String> {
    let id = hex::encode(app.random.bytes::<16>());
    let seal = |purpose| {
        let seed = Zeroizing::new(app.random.bytes::<32>());
        app.vault.seal(purpose, &*seed, &*app.random)
    };
    let own = fleets::Fleet {
        log_origin: format!("{}/log/{id}", prepare::host(&app.device_url)),
        id: id.clone(),
        organisation_id: operator.id.clone(),
        fingerprint: None,
        descriptor: None,
        log_key_sealed: seal(keys::LOG),
        online_key_sealed: seal(keys::ONLINE),
        next_online_key_sealed: None,
        next_log_key_sealed: None,
        next_log_origin: None,
        created_at: app.now_micros(),
    };
    fleets::insert(tx, &own)?;
    Ok(id)
}
