//! Job leases: of all nodes, one runs a job at a time. No scopes: jobs are the installation's.

use diesel::prelude::*;

use crate::schema::job_leases;
use crate::{Conn, StoreResult};

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = job_leases, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct JobLease {
    pub name: String,
    pub holder: Option<String>,
    pub held_until: i64,
    pub fence: i64,
    pub last_started_at: Option<i64>,
    pub last_finished_at: Option<i64>,
    pub last_error: Option<String>,
}

/// Takes the lease of a job until `until` if nobody holds it; answers its fence, which rises at each claim.
pub fn claim(
    c: &mut Conn,
    name: &str,
    holder: &str,
    until: i64,
    now: i64,
) -> StoreResult<Option<i64>> {
    let unknown = JobLease {
        name: name.to_owned(),
        holder: None,
        held_until: 0,
        fence: 0,
        last_started_at: None,
        last_finished_at: None,
        last_error: None,
    };
    on_both!(c, c => diesel::insert_into(job_leases::table).values(&unknown).on_conflict_do_nothing().execute(c))?;
    let free = job_leases::table.find(name).filter(
        job_leases::holder
            .is_null()
            .or(job_leases::held_until.le(now)),
    );
    Ok(diesel::update(free)
        .set((
            job_leases::holder.eq(holder),
            job_leases::held_until.eq(until),
            job_leases::fence.eq(job_leases::fence + 1),
            job_leases::last_started_at.eq(now),
        ))
        .returning(job_leases::fence)
        .get_result(c)
        .optional()?)
}

/// Whether a claim still holds: asked in the write that a job's result goes into, so that a late one is refused.
pub fn holds(c: &mut Conn, name: &str, fence: i64) -> StoreResult<bool> {
    let held = job_leases::table
        .find(name)
        .filter(job_leases::fence.eq(fence))
        .filter(job_leases::holder.is_not_null());
    Ok(held.count().get_result::<i64>(c)? == 1)
}

/// Keeps a lease until `until`; `false` when somebody else has it by now.
pub fn renew(c: &mut Conn, name: &str, fence: i64, until: i64) -> StoreResult<bool> {
    let held = job_leases::table
        .find(name)
        .filter(job_leases::fence.eq(fence))
        .filter(job_leases::holder.is_not_null());
    Ok(diesel::update(held)
        .set(job_leases::held_until.eq(until))
        .execute(c)?
        == 1)
}

/// Takes every lease back; answers how many were held. For the one node of an embedded database, at its start.
pub fn release_all(c: &mut Conn) -> StoreResult<usize> {
    let held = job_leases::table.filter(job_leases::holder.is_not_null());
    Ok(diesel::update(held)
        .set((
            job_leases::holder.eq(None::<String>),
            job_leases::held_until.eq(0),
        ))
        .execute(c)?)
}

/// Gives the lease back and notes how the job ended; `false` when somebody else has it by now.
pub fn finish(
    c: &mut Conn,
    name: &str,
    fence: i64,
    error: Option<&str>,
    now: i64,
) -> StoreResult<bool> {
    let held = job_leases::table
        .find(name)
        .filter(job_leases::fence.eq(fence));
    Ok(diesel::update(held)
        .set((
            job_leases::holder.eq(None::<String>),
            job_leases::held_until.eq(0),
            job_leases::last_finished_at.eq(now),
            job_leases::last_error.eq(error),
        ))
        .execute(c)?
        == 1)
}

/// How one job stands; `None` before it ran for the first time.
pub fn find(c: &mut Conn, name: &str) -> StoreResult<Option<JobLease>> {
    let query = job_leases::table.find(name).select(JobLease::as_select());
    Ok(query.first(c).optional()?)
}

/// Every job that ever ran, by name: for the page that shows how they do.
pub fn list(c: &mut Conn) -> StoreResult<Vec<JobLease>> {
    Ok(job_leases::table
        .order(job_leases::name)
        .select(JobLease::as_select())
        .load(c)?)
}
