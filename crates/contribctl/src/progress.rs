use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two lines where nobody watches.
const PAUSE: Duration = Duration::from_secs(3);

/// How far a long command has come, on stderr: a bar for a person, a line every few seconds for a log.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    last_line: Option<Mutex<Instant>>,
}

impl Progress {
    /// Of so many steps; `what` names them.
    pub fn of(total: u64, what: &'static str) -> Self {
        Self::new(
            ProgressBar::new(total).with_prefix(what),
            "{prefix} {wide_bar} {human_pos}/{human_len} {eta} {msg}",
        )
    }

    /// Without a known end.
    pub fn endless(what: &'static str) -> Self {
        let progress =
            Self::new(ProgressBar::new_spinner().with_prefix(what), "{spinner} {prefix} {elapsed} {msg}");
        if progress.last_line.is_none() {
            progress.bar.enable_steady_tick(Duration::from_millis(120));
        }
        progress
    }

    fn new(bar: ProgressBar, template: &str) -> Self {
        let watched = io::stderr().is_terminal();
        if !watched {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, last_line: (!watched).then(|| Mutex::new(Instant::now())) }
    }

    /// So many steps more are done.
    pub fn add(&self, steps: u64) {
        self.bar.inc(steps);
        self.line(|| {
            format!("{}: {} of {}", self.bar.prefix(), self.bar.position(), self.bar.length().unwrap_or(0))
        });
    }

    /// What is going on.
    pub fn say(&self, message: impl Into<String>) {
        let message = message.into();
        self.line(|| format!("{}: {message}", self.bar.prefix()));
        self.bar.set_message(message);
    }

    /// A line that must be read, above the bar.
    pub fn tell(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// Clears the bar.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: impl FnOnce() -> String) {
        let Some(last_line) = &self.last_line else { return };
        let Ok(mut last_line) = last_line.lock() else { return };
        if last_line.elapsed() >= PAUSE {
            *last_line = Instant::now();
            eprintln!("{}", text());
        }
    }
}
