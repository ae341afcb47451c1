//! Plans as files, made from that of plan 1.

use std::io::Write;

use tempfile::NamedTempFile;

/// The file that `contribctl plan --help` shows.
pub(crate) const PLAN_1: &str = include_str!("../../src/commands/plan/plan-1.toml");

/// A file of its own.
pub(crate) struct PlanFile(NamedTempFile);

impl PlanFile {
    /// Plan 1 with texts replaced, each of which must be there.
    pub(crate) fn with(replaced: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut text = PLAN_1.to_owned();
        for (from, to) in replaced {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let mut file = NamedTempFile::new()?;
        file.write_all(text.as_bytes())?;
        Ok(Self(file))
    }

    /// Plan 1 from `date` on, with another split between adopter and levels and a steeper price.
    pub(crate) fn from(date: &str) -> anyhow::Result<Self> {
        let applies_from = format!("applies_from = \"{date}\"");
        Self::with(&[
            ("# applies_from = \"2027-01-01\"", &applies_from),
            ("personal = \"0.70\"", "personal = \"0.55\""),
            ("level_per = \"0.005\"", "level_per = \"0.015\""),
            ("base_contribution = \"22617\"", "base_contribution = \"30000\""),
            ("\"CITY\", \"HEADQUARTERS\"", "\"CITY\""),
        ])
    }

    /// As an argument.
    pub(crate) fn path(&self) -> &str {
        self.0.path().to_str().unwrap_or_default()
    }
}
