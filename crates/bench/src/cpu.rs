//! CPU time, of this process, or of clients beside it, and of all of PostgreSQL's, read from `/proc`: the server has to run
//! on this machine.

use anyhow::Context;
use sqlx::PgPool;

/// Linux reports process times in ticks of 10 ms (`sysconf(_SC_CLK_TCK)` is 100 on every architecture it runs on).
const TICKS_A_SECOND: f64 = 100.0;

/// Reads CPU times.
#[derive(Debug, Clone)]
pub(crate) struct CpuClock {
    clients: Vec<u32>,
    postmaster: Option<u32>,
}

/// CPU seconds used so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuTimes {
    pub(crate) client: f64,
    pub(crate) server: f64,
}

impl CpuClock {
    /// Of this process alone.
    pub(crate) fn without_server() -> Self {
        Self { clients: vec![std::process::id()], postmaster: None }
    }

    /// Of this process and of the server behind `pool`.
    pub(crate) async fn with_server(pool: &PgPool) -> anyhow::Result<Self> {
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await?;
        let stat = Stat::of(u32::try_from(backend)?).context("PostgreSQL does not run on this machine")?;
        Ok(Self { clients: vec![std::process::id()], postmaster: Some(stat.parent) })
    }

    /// With other processes as the client.
    pub(crate) fn of(self, clients: &[u32]) -> Self {
        Self { clients: clients.to_vec(), ..self }
    }

    pub(crate) fn read(&self) -> anyhow::Result<CpuTimes> {
        let own = |client: &u32| Stat::of(*client).map(|stat| stat.own);
        let client = self.clients.iter().map(own).sum::<Option<f64>>().context("a client has ended")?;
        let server = self.postmaster.map_or(Ok(0.0), server_seconds)?;
        Ok(CpuTimes { client, server })
    }
}

/// Backends that live, and those that have ended: the postmaster has waited for them.
fn server_seconds(postmaster: u32) -> anyhow::Result<f64> {
    let parent = Stat::of(postmaster).context("PostgreSQL has ended")?;
    let living: f64 = std::fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Stat::of)
        .filter(|stat| stat.parent == postmaster)
        .map(|stat| stat.own)
        .sum();
    Ok(parent.own + parent.waited_for + living)
}

/// What is used of `/proc/PID/stat` (proc(5)).
struct Stat {
    parent: u32,
    own: f64,
    waited_for: f64,
}

impl Stat {
    /// `None` when there is no such process (any more).
    fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // the command's name stands in parentheses and may hold anything
        let fields: Vec<&str> = text.get(text.rfind(')')? + 2..)?.split(' ').collect();
        let seconds = |field: usize| Some(fields.get(field)?.parse::<f64>().ok()? / TICKS_A_SECOND);
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: seconds(11)? + seconds(12)?,
            waited_for: seconds(13)? + seconds(14)?,
        })
    }
}
