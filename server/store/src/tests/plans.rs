//! The queries that must stay cheap however large the fleet and its history: what SQLite says it would do.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Integer, Text};
use muster_domain::scope::Scope;

use crate::connection::MultiBackend;
use crate::device_filter::{DeviceFilter, matching};
use crate::device_search::Row;
use crate::schema::selling::subscriptions;
use crate::schema::{device_state, devices};
use crate::selling::{collection, service};
use crate::targets::pending_query;
use crate::testing::{customer, migrated, reseller};
use crate::{Conn, StoreResult};

/// `EXPLAIN QUERY PLAN` of a statement with its bound values, as it is really run.
struct Explained<Q>(Q);

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("EXPLAIN QUERY PLAN ");
        self.0.walk_ast(out.reborrow())
    }
}

impl<Q> QueryId for Explained<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explained<Q> {
    type SqlType = (Integer, Integer, Integer, Text);
}

impl<Q> RunQueryDsl<Conn> for Explained<Q> {}

fn plan(c: &mut Conn, query: impl QueryFragment<MultiBackend>) -> StoreResult<String> {
    let steps: Vec<(i32, i32, i32, String)> = Explained(query).load(c)?;
    Ok(steps
        .into_iter()
        .map(|step| step.3)
        .collect::<Vec<_>>()
        .join("; "))
}

#[test]
fn collection_walks_the_few_that_owe_and_not_the_fleet() {
    let fresh = migrated("collection").swap_remove(0);
    for (words, index) in [
        (collection::BEHIND, "subscriptions_behind"),
        (service::TO_SUSPEND, "subscriptions_to_suspend"),
        (service::SUSPENDED, "subscriptions_suspended"),
    ] {
        let query = subscriptions::table
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(words))
            .filter(subscriptions::id.gt("a"))
            .order(subscriptions::id)
            .limit(200)
            .select(subscriptions::id);
        let plan = fresh.store.read_blocking(|c| plan(c, query)).unwrap();
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[test]
fn f8_a_check_in_walks_the_hot_index_alone() {
    let fresh = migrated("hot_index").swap_remove(0);
    let plan = fresh
        .store
        .read_blocking(|c| plan(c, pending_query("enr", 32)))
        .unwrap();
    assert!(
        plan.contains("USING INDEX command_targets_pending (enrolment_id=?)"),
        "{plan}"
    );
    assert!(
        !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
        "{plan}"
    );
}

#[test]
fn jobs_and_pages_look_at_what_they_need_and_at_nothing_else() {
    let fresh = migrated("plans").swap_remove(0);
    for (sql, index) in [
        (
            "id FROM mail_outbox WHERE state = 'waiting' AND next_attempt_at <= 5 ORDER BY next_attempt_at, id",
            "mail_outbox_due",
        ),
        (
            "id FROM commands WHERE lapsed_at IS NULL AND expires_at <= 5 ORDER BY expires_at, id",
            "commands_lapsing",
        ),
        (
            "id FROM log_leaves WHERE fleet_id = 'f' AND leaf_index IS NULL ORDER BY id",
            "log_leaves_waiting",
        ),
        (
            "serial_number FROM certificates WHERE fingerprint = 'x'",
            "sqlite_autoindex_certificates",
        ),
        (
            "id FROM devices WHERE reseller_id = 'r' AND serial_number >= 'N' AND serial_number < 'O' ORDER BY serial_number, id",
            "devices_reseller",
        ),
    ] {
        let plan = fresh
            .store
            .read_blocking(|c| plan(c, diesel::sql_query(format!("SELECT {sql}"))))
            .unwrap();
        assert!(
            plan.contains(index) && !plan.contains("TEMP B-TREE"),
            "{plan}"
        );
    }
}

#[test]
fn pages_of_devices_walk_along_an_index() {
    let fresh = migrated("device_pages").swap_remove(0);
    for scope in [Scope::Platform, reseller("north"), customer("quay")] {
        for q in [None, Some("NW-1")] {
            let filter = DeviceFilter {
                q: q.map(str::to_owned),
                ..DeviceFilter::default()
            };
            fresh
                .store
                .read_blocking(|c| {
                    let by_serial = matching(c, &scope, &filter)?
                        .order((devices::serial_number, devices::id))
                        .limit(51)
                        .select(Row::as_select());
                    let steps = plan(c, by_serial)?;
                    assert!(!steps.contains("TEMP B-TREE"), "{scope:?} {q:?}: {steps}");
                    // Across all resellers the order of contact is sorted on the spot: another index would cost every check-in.
                    if q.is_none() && scope != Scope::Platform {
                        let seen = matching(c, &scope, &filter)?
                            .filter(device_state::last_check_in_at.is_not_null());
                        let seen =
                            seen.order((device_state::last_check_in_at, device_state::device_id));
                        let never = matching(c, &scope, &filter)?
                            .filter(device_state::last_check_in_at.is_null());
                        for query in [seen, never.order(device_state::device_id)] {
                            let steps = plan(c, query.limit(51).select(Row::as_select()))?;
                            assert!(!steps.contains("TEMP B-TREE"), "{scope:?}: {steps}");
                        }
                    }
                    Ok(())
                })
                .unwrap();
        }
    }
}
