//! Documents of a seller, or of a buyer.

use muster_domain::scope::Books;
use muster_store::Page;
use muster_store::selling::documents as store;
use muster_store::selling::invoices::{self, Filter, Invoice};

use crate::app::App;
use crate::features::selling::books;
use crate::web::actor::{Actor, Allowed, ReadBooks};
use crate::web::fields::Fields;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// Which documents, and which page of them.
#[derive(Debug, Clone)]
pub struct Query {
    /// Whose.
    pub books: Books,
    /// Which.
    pub filter: Filter,
    /// Which page.
    pub page: PageRequest,
}

/// A document in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The document.
    pub invoice: Invoice,
    /// What is still owed on it.
    pub open: i64,
    /// The other side's legal name, as it stands on the document.
    pub other: String,
}

impl Query {
    /// Reads `side`, `kind`, `buyer` (a billing account), `open`, `cursor` and `limit`.
    ///
    /// # Errors
    /// A filter or the page cannot be one.
    pub fn read(actor: &Actor, query: &Fields) -> Answer<Self> {
        let kind = query.some("kind").map(str::to_owned);
        if kind
            .as_deref()
            .is_some_and(|kind| !["invoice", "credit-note"].contains(&kind))
        {
            return Err(Problem::invalid(
                "kind",
                "kind must be invoice or credit-note.",
            ));
        }
        let open = match query.some("open") {
            None => false,
            Some("true") => true,
            Some(_) => {
                return Err(Problem::invalid(
                    "open",
                    "open must be true, or be left out.",
                ));
            }
        };
        Ok(Self {
            books: books::asked(actor, query)?,
            filter: Filter {
                kind,
                account_id: query.some("buyer").map(str::to_owned),
                open,
            },
            page: PageRequest::read(query)?,
        })
    }

    /// Whether they were sold, and not bought.
    #[must_use]
    pub fn is_sold(&self) -> bool {
        matches!(self.books, Books::Seller(_))
    }
}

/// A page of them: the newest first, or of the open ones what is due first.
///
/// # Errors
/// The cursor is not one of this list's.
pub async fn list(app: &App, _: &Allowed<ReadBooks>, query: Query) -> Answer<Page<Listed>> {
    let is_sold = query.is_sold();
    let Query {
        books,
        filter,
        page,
    } = query;
    let found = app.store.read(move |c| {
        let cursor = page.cursor.as_deref();
        let found = if filter.open {
            store::open_page(c, &books, &filter, cursor, page.limit)?
        } else {
            invoices::list(c, &books, &filter, cursor, page.limit)?
        };
        let party = |invoice: &Invoice| {
            if is_sold {
                invoice.buyer_party_id.clone()
            } else {
                invoice.seller_party_id.clone()
            }
        };
        let wanted: Vec<String> = found.items.iter().map(|(row, _)| party(row)).collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let names = store::party_names(c, &wanted)?;
        Ok(found.map(|(invoice, open)| Listed {
            other: names.get(&party(&invoice)).cloned().unwrap_or_default(),
            invoice,
            open,
        }))
    });
    Ok(found.await?)
}
