//! The organisations of a scope.

use muster_store::Page;
use muster_store::organisations::{self, Filter, Organisation};

use crate::app::App;
use crate::web::actor::{Allowed, ReadOrganisations};
use crate::web::fields::Fields;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// Which organisations, and which page of them.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Which.
    pub filter: Filter,
    /// Which page.
    pub page: PageRequest,
}

impl Query {
    /// Reads `kind`, `parent_id`, `q`, `cursor` and `limit`.
    ///
    /// # Errors
    /// `kind` is no kind of organisation; the page cannot be one.
    pub fn read(query: &Fields) -> Answer<Self> {
        let kind = query.some("kind").map(str::to_owned);
        if kind
            .as_deref()
            .is_some_and(|kind| !["operator", "reseller", "customer"].contains(&kind))
        {
            return Err(Problem::invalid(
                "kind",
                "kind must be operator, reseller or customer.",
            ));
        }
        let filter = Filter {
            kind,
            parent_id: query.some("parent_id").map(str::to_owned),
            q: query.some("q").map(|q| q.trim().to_owned()),
        };
        Ok(Self {
            filter,
            page: PageRequest::read(query)?,
        })
    }
}

/// A page of them, by name.
///
/// # Errors
/// The cursor is not one of this list's.
pub async fn list(
    app: &App,
    allowed: &Allowed<ReadOrganisations>,
    query: Query,
) -> Answer<Page<Organisation>> {
    let scope = allowed.scope().clone();
    let Query { filter, page } = query;
    Ok(app
        .store
        .read(move |c| organisations::list(c, &scope, &filter, page.cursor.as_deref(), page.limit))
        .await?)
}

/// One of them.
///
/// # Errors
/// There is no such organisation in the scope.
pub async fn find(
    app: &App,
    allowed: &Allowed<ReadOrganisations>,
    id: String,
) -> Answer<Organisation> {
    let scope = allowed.scope().clone();
    let found = app
        .store
        .read(move |c| organisations::find(c, &scope, &id))
        .await?;
    found.ok_or_else(|| Problem::not_found("organisation"))
}
