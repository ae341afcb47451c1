//! Captured messages, decoded.

use cdc_ingestor::decode::{Change, Code, Decoded, FromRow, Origin, decode};

use super::{Line, capture, format};

pub fn read<R: FromRow>(line: &Line) -> Result<Decoded<R>, Code> {
    let bytes = |text: &'_ Option<String>| text.clone().map(String::into_bytes);
    decode(bytes(&line.key).as_deref(), bytes(&line.value).as_deref(), &format().format)
        .map_err(|refusal| refusal.code)
}

pub fn change<R: FromRow>(line: &Line) -> Change<R> {
    match read(line) {
        Ok(Decoded::Change(change)) => change,
        Ok(_) => panic!("no row: {line:?}"),
        Err(code) => panic!("{code:?}: {line:?}"),
    }
}

pub fn label<R: FromRow>(line: &Line) -> String {
    match read::<R>(line) {
        Ok(Decoded::Change(change)) => match change.origin {
            Origin::Stream { .. } => change.op.as_str().to_owned(),
            Origin::FullSnapshot { last, .. } => {
                format!("{}{}", change.op.as_str(), if last { " last" } else { "" })
            }
            Origin::IncrementalSnapshot => format!("{} incremental", change.op.as_str()),
        },
        Ok(Decoded::Tombstone) => "tombstone".to_owned(),
        Ok(Decoded::Skip(skip)) => skip.as_str().to_owned(),
        Err(code) => code.as_str().to_owned(),
    }
}

/// A message of capture a with one thing about it broken.
pub fn broken(number: usize, from: &str, to: &str) -> Line {
    capture("a")[number - 1].with(from, to)
}
