//! `decoder`: captured messages decoded by one core, without schemas (about 700 bytes) and with them (about 3.7 kB).
//!
//! The floor reads the same bytes once as JSON and keeps nothing.

use std::hint::black_box;

use cdc_ingestor::decode::{AdoptionRow, Decoded, Format, UserRow, decode};
use futures::future::LocalBoxFuture;
use serde::de::IgnoredAny;

use super::Scale;
use crate::contest::{Contest, Floor, Run, measure};
use crate::cpu::CpuClock;
use crate::messages::{ADOPTIONS, Captured, USERS, WITH_SCHEMAS, WITHOUT_SCHEMAS};

/// How many messages are decoded in one run.
const MESSAGES: usize = 1_000_000;

const FLOORS: [Floor; 1] = [Floor::main("the same bytes read as JSON, nothing kept")];

pub(crate) struct Decoding {
    name: &'static str,
    capture: &'static str,
    scale: Scale,
    captured: Vec<Captured>,
    format: Format,
}

impl Decoding {
    pub(crate) fn without_schemas(scale: Scale) -> Self {
        Self::new("decoder", WITHOUT_SCHEMAS, scale)
    }

    pub(crate) fn with_schemas(scale: Scale) -> Self {
        Self::new("decoder.with_schemas", WITH_SCHEMAS, scale)
    }

    fn new(name: &'static str, capture: &'static str, scale: Scale) -> Self {
        let format = Format {
            columns: runtime::settings::ColumnMap::new(),
            price_scale: 10,
            keep_phones: true,
            max_bytes: 1 << 20,
        };
        Self { name, capture, scale, captured: Vec::new(), format }
    }

    /// Each message in turn, until there are enough; says how many.
    fn each(&self, mut read: impl FnMut(&Captured) -> anyhow::Result<()>) -> anyhow::Result<u64> {
        let messages = self.scale.of(MESSAGES);
        for message in self.captured.iter().cycle().take(messages) {
            read(message)?;
        }
        Ok(messages as u64)
    }

    fn decode(&self, message: &Captured) -> anyhow::Result<()> {
        let (key, value) = (Some(message.key.as_bytes()), Some(message.value.as_bytes()));
        let is_row = if message.topic == USERS {
            matches!(black_box(decode::<UserRow>(key, value, &self.format)?), Decoded::Change(_))
        } else {
            matches!(black_box(decode::<AdoptionRow>(key, value, &self.format)?), Decoded::Change(_))
        };
        anyhow::ensure!(is_row, "no row: {}", message.value);
        Ok(())
    }
}

impl Contest for Decoding {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unit(&self) -> &'static str {
        "messages/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            let all = Captured::all(self.capture)?;
            // what snapshots and streams are made of; the few with a text of many kilobytes measure something else
            self.captured = all
                .into_iter()
                .filter(|message| [USERS, ADOPTIONS].contains(&message.topic.as_str()))
                .take(60)
                .filter(|message| message.value.len() < 8_000)
                .collect();
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            measure(&CpuClock::without_server(), async { self.each(|message| self.decode(message)) }).await
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let read = |message: &Captured| {
                black_box(serde_json::from_str::<IgnoredAny>(black_box(&message.value))?);
                Ok(())
            };
            measure(&CpuClock::without_server(), async { self.each(read) }).await
        })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.captured.clear();
            Ok(())
        })
    }
}
