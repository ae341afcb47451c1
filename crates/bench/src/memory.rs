//! Memory of processes, read from `/proc`.

use anyhow::Context;

/// Resident memory in MiB.
pub(crate) fn resident_mib() -> anyhow::Result<u64> {
    mib("self", "VmRSS:")
}

/// Resident memory of another process, in MiB.
fn resident_mib_of(process: u32) -> anyhow::Result<u32> {
    Ok(u32::try_from(mib(&process.to_string(), "VmRSS:")?)?)
}

/// The most resident memory since [`forget_peak`], in MiB.
pub(crate) fn peak_mib() -> anyhow::Result<u64> {
    mib("self", "VmHWM:")
}

/// Begins the peak anew with what is resident now.
pub(crate) fn forget_peak() -> anyhow::Result<()> {
    std::fs::write("/proc/self/clear_refs", "5").context("/proc/self/clear_refs")
}

/// The most that a process was seen to hold, over the first tenth of its work and in all, in MiB.
#[derive(Debug, Default)]
pub(crate) struct Most {
    pub(crate) at_first: u32,
    pub(crate) in_all: u32,
}

impl Most {
    /// Looks once more, when so many units of all are done.
    pub(crate) fn look(&mut self, process: u32, done: u64, units: u64) -> anyhow::Result<()> {
        self.in_all = self.in_all.max(resident_mib_of(process)?);
        if self.at_first == 0 || done <= units / 10 {
            self.at_first = self.in_all;
        }
        Ok(())
    }
}

fn mib(process: &str, field: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.with_context(|| format!("no {field} in /proc"))?;
    Ok(kib.trim().trim_end_matches("kB").trim().parse::<u64>()? / 1024)
}
