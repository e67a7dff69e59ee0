//! What clients do to jobs once they exist.

use millrace_ledger::{Commit, Expect, Field, Query};

use super::{Job, JobState};
use crate::catalog::contend;
use crate::list::{self, Column, ListQuery, Page, column};
use crate::record::Record;
use crate::transform::{Priority, Transform};
use crate::{Catalog, Error, Kind, Result, name};

/// The two things of a job that can change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobPatch {
    /// `None` leaves it.
    pub description: Option<String>,
    /// `None` leaves it. Concerns the order in which waiting jobs begin: one that is queued already keeps its place.
    pub priority: Option<Priority>,
}

const COLUMNS: &[Column] = &[
    column("name", Field::Name, list::EQ, true),
    Column {
        property: "properties/state",
        field: Field::State,
        cmps: list::EQ_NE,
        order: true,
        canonical: |text| JobState::from_name(text).map(|state| state.as_str().to_owned()),
    },
    column("properties/created", Field::Created, list::ALL, true),
    column("properties/lastModified", Field::Modified, list::ALL, true),
];

impl Catalog {
    /// A job by name.
    pub async fn job(&self, transform: &str, name: &str) -> Result<Job> {
        let scope = self.transform(transform).await?.id.to_string();
        Ok(self.found::<Job>(&scope, name).await?.1)
    }

    /// A page of a transform's jobs.
    pub async fn jobs(&self, transform: &str, query: &ListQuery) -> Result<Page<Job>> {
        let scope = self.transform(transform).await?.id.to_string();
        self.page(&scope, query, COLUMNS).await
    }

    /// Changes description and priority.
    pub async fn patch_job(&self, transform: &str, name: &str, patch: &JobPatch) -> Result<Job> {
        name::check_text("description", patch.description.as_deref())?;
        let scope = self.transform(transform).await?.id.to_string();
        contend!(Kind::Job, name, async {
            let (stored, mut job) = self.found::<Job>(&scope, name).await?;
            job.description = patch.description.clone().or(job.description);
            job.priority = patch.priority.unwrap_or(job.priority);
            let done = self.attempt(Commit::new().put(job.replace(&stored)?)).await?;
            Ok(done.map(|receipt| {
                job.modified = receipt.at;
                job
            }))
        })
    }

    /// Deletes a job that is in a final state, and answers whether there was one. What it made stays.
    pub async fn delete_job(&self, transform: &str, name: &str) -> Result<bool> {
        let Some(found) = self.stored::<Transform>("", transform).await? else { return Ok(false) };
        contend!(Kind::Job, name, async {
            let Some(stored) = self.stored::<Job>(&found.id, name).await? else { return Ok(Some(false)) };
            let job = Job::read(&stored)?;
            if !job.state.is_final() {
                let why = "only a job in a final state can be deleted; cancel it first";
                return Err(Error::WrongState {
                    kind: Kind::Job,
                    name: job.name,
                    state: job.state.as_str(),
                    why,
                });
            }
            let commit = Commit::new().delete(Job::KIND, &found.id, name, Expect::Version(stored.version));
            Ok(self.attempt(commit).await?.map(|_| true))
        })
    }

    /// Whether a job of the transform is not in a final state.
    pub(crate) async fn has_open_jobs(&self, transform_id: &str) -> Result<bool> {
        use millrace_ledger::{Cmp, Expr};
        let open = [JobState::Finished, JobState::Error, JobState::Canceled];
        let open = open.map(|state| Expr::is(Field::State, Cmp::Ne, state.as_str()));
        let query = Query::new(Job::KIND, transform_id).filter(Expr::And(open.into()));
        Ok(self.ledger().count(&query).await.map_err(crate::catalog::read_error)? > 0)
    }
}
