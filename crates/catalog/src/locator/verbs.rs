//! Finding and deleting locators.

use millrace_ledger::{Expr, Field, Query};
use uuid::Uuid;

use super::Locator;
use crate::catalog::read_error;
use crate::list::{self, Column, ListQuery, Page, column};
use crate::record::Record;
use crate::{Catalog, Result};

const COLUMNS: &[Column] = &[
    column("name", Field::Name, list::ALL, true),
    column("properties/created", Field::Created, list::ALL, true),
    column("properties/endTime", Field::Ends, list::ALL, true),
];

impl Catalog {
    /// A locator by name.
    pub async fn locator(&self, name: &str) -> Result<Locator> {
        Ok(self.found::<Locator>("", name).await?.1)
    }

    /// A page of the account's locators.
    pub async fn locators(&self, query: &ListQuery) -> Result<Page<Locator>> {
        self.page("", query, COLUMNS).await
    }

    /// The locators of an asset: at most [`super::MAX_LOCATORS`].
    pub async fn asset_locators(&self, asset: &str) -> Result<Vec<Locator>> {
        let asset = self.asset(asset).await?;
        self.locators_of(asset.id).await
    }

    pub(super) async fn locators_of(&self, asset: Uuid) -> Result<Vec<Locator>> {
        let query = Query::new(Locator::KIND, "").filter(Expr::eq(Field::Alt, asset.to_string()));
        let page = self.ledger().list(&query).await.map_err(read_error)?;
        page.items.iter().map(Locator::read).collect()
    }

    /// Deletes a locator; whether there was one. Its URLs answer nothing from this moment.
    pub async fn delete_locator(&self, name: &str) -> Result<bool> {
        self.remove::<Locator>("", name).await
    }

    /// Whether a locator names the policy: a walk over all of them, as deleting a policy is rare and locators know their policy only
    /// by name.
    pub(crate) async fn policy_in_use(&self, policy: &str) -> Result<bool> {
        let mut query = Query::new(Locator::KIND, "");
        loop {
            let page = self.ledger().list(&query).await.map_err(read_error)?;
            for stored in &page.items {
                if Locator::read(stored)?.policy.eq_ignore_ascii_case(policy) {
                    return Ok(true);
                }
            }
            match page.next {
                Some(next) => query = query.after(Some(next)),
                None => return Ok(false),
            }
        }
    }
}
