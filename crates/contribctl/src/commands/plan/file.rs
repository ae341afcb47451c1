//! A file with a plan as an operator writes it.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use domain::{Plan, PlanDraft, Plans};

use crate::{Error, Result};

/// What a file holds, and where that was.
#[derive(Debug)]
pub(in crate::commands) struct PlanFile {
    path: PathBuf,
    draft: PlanDraft,
}

impl PlanFile {
    /// Reads a file.
    pub(in crate::commands) fn read(path: &Path) -> Result<Self> {
        let refused = |reason: String| Error::File { path: path.to_owned(), reason };
        let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        let draft = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        Ok(Self { path: path.to_owned(), draft })
    }

    /// The plan as the version after those there are, if it may be one; `day` is the business day.
    pub(in crate::commands) fn into_next(self, plans: &Plans, day: NaiveDate) -> Result<Plan> {
        let Self { path, draft } = self;
        draft.into_next(plans, day).map_err(|reason| Error::File { path, reason })
    }
}
