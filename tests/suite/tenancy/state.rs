//! What stands in the database about organisations, as lines that can be compared.

use std::collections::BTreeSet;

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use muster_store::{Conn, StoreResult};
use muster_tests::TestApp;

use super::tenants::Tenant;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Everything that stands in the database about organisations that are not `inside`, as lines.
pub async fn state_of(t: &TestApp, tenants: &[Tenant], inside: &[&str]) -> BTreeSet<String> {
    let outside: Vec<String> = tenants
        .iter()
        .map(|tenant| tenant.place.id.clone())
        .filter(|id| !inside.contains(&id.as_str()))
        .collect();
    t.read(move |c| {
        let mut state = BTreeSet::new();
        for organisation in &outside {
            state.extend(lines(c, organisation)?);
        }
        Ok(state)
    })
    .await
}

#[track_caller]
pub fn unchanged(before: &BTreeSet<String>, after: &BTreeSet<String>, who: &str) {
    let changes: Vec<_> = before.symmetric_difference(after).collect();
    assert!(
        changes.is_empty(),
        "{who} changed what is not theirs: {changes:#?}"
    );
}

fn lines(c: &mut Conn, organisation: &str) -> StoreResult<Vec<String>> {
    let own = format!("organisation_id = '{organisation}'");
    let of_devices = format!("device_id IN (SELECT id FROM devices WHERE {own})");
    let of_members = format!("member_id IN (SELECT id FROM members WHERE {own})");
    let of_commands = format!("command_id IN (SELECT id FROM commands WHERE {own})");
    let of_fleet = format!("fleet_id IN (SELECT id FROM fleets WHERE {own})");
    let queries = [
        format!(
            "SELECT 'organisation ' || id || name AS line FROM organisations WHERE parent_id = '{organisation}' OR id = '{organisation}'"
        ),
        format!(
            "SELECT 'device ' || id || lifecycle || COALESCE(enrolment_id, '') AS line FROM devices WHERE {own}"
        ),
        format!(
            "SELECT 'state ' || device_id || restrictions || COALESCE(report, '') AS line FROM device_state WHERE {own}"
        ),
        format!(
            "SELECT 'code ' || id || COALESCE(CAST(withdrawn_at AS TEXT), '') AS line FROM enrolment_codes WHERE {of_devices}"
        ),
        format!(
            "SELECT 'enrolment ' || id || COALESCE(ended_why, '') AS line FROM enrolments WHERE {of_devices}"
        ),
        format!(
            "SELECT 'certificate ' || serial_number || state AS line FROM certificates WHERE {of_devices}"
        ),
        format!(
            "SELECT 'command ' || id || state || COALESCE(cancelled_by_name, '') AS line FROM commands WHERE {own}"
        ),
        format!(
            "SELECT 'target ' || command_id || device_id || state AS line FROM command_targets WHERE {of_devices}"
        ),
        format!(
            "SELECT 'approval ' || command_id || key_id AS line FROM command_approvals WHERE {of_commands}"
        ),
        format!(
            "SELECT 'member ' || id || role || COALESCE(password_hash, '') || COALESCE(CAST(disabled_at AS TEXT), '') AS line FROM members WHERE {own}"
        ),
        format!(
            "SELECT 'session ' || id || COALESCE(CAST(ended_at AS TEXT), '') AS line FROM sessions WHERE {of_members}"
        ),
        format!(
            "SELECT 'link ' || id || COALESCE(CAST(used_at AS TEXT), '') AS line FROM one_time_links WHERE {of_members}"
        ),
        format!(
            "SELECT 'keyring ' || fleet_id || CAST(version AS TEXT) AS line FROM keyrings WHERE {of_fleet}"
        ),
        format!(
            "SELECT 'fleet ' || id || COALESCE(fingerprint, '') AS line FROM fleets WHERE {own}"
        ),
        format!(
            "SELECT 'seller ' || party_id || zone || invoice_series AS line FROM sellers WHERE {own}"
        ),
        format!(
            "SELECT 'account ' || id || party_id || zone || CAST(credit_limit AS TEXT) AS line FROM billing_accounts WHERE seller_id = '{organisation}'"
        ),
        format!(
            "SELECT 'plan ' || id || COALESCE(CAST(retired_at AS TEXT), '') AS line FROM plans WHERE seller_id = '{organisation}'"
        ),
        format!(
            "SELECT 'price ' || id || COALESCE(valid_until, '') AS line FROM prices WHERE plan_id IN (SELECT id FROM plans WHERE seller_id = '{organisation}')"
        ),
        // New ones of ours are there for the walk; what counts is that none was revoked.
        format!(
            "SELECT 'token ' || id AS line FROM api_tokens WHERE {own} AND revoked_at IS NOT NULL"
        ),
        format!(
            "SELECT 'event ' || id || kind AS line FROM events WHERE {own} AND kind <> 'token.made'"
        ),
    ];
    let mut found = Vec::new();
    for query in queries {
        let rows: Vec<Line> = match c {
            Conn::Sqlite(c) => diesel::sql_query(query).load(c)?,
            Conn::Postgres(c) => diesel::sql_query(query).load(c)?,
        };
        found.extend(rows.into_iter().map(|row| row.line));
    }
    Ok(found)
}
