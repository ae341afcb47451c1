//! Any key and any value, as a message of each table's topic: understood or put aside, never a panic.
//!
//! The input is the key, a line feed, and the value.
#![no_main]

use cdc_ingestor::batch::{Batch, BatchFormat, Message};
use cdc_ingestor::decode::{AdoptionRow, BeatRow, Format, FromRow, ReferralRow, UserRow};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n');
    let (key, value) = end.map_or((None, input), |end| (Some(&input[..end]), &input[end + 1..]));
    push::<UserRow>(key, value);
    push::<AdoptionRow>(key, value);
    push::<ReferralRow>(key, value);
    push::<BeatRow>(key, value);
});

fn push<R: FromRow>(key: Option<&[u8]>, value: &[u8]) {
    let format = BatchFormat {
        format: Format { columns: Default::default(), price_scale: 10, keep_phones: true, max_bytes: 1 << 20 },
        letter_max_bytes: 4096,
    };
    let message = Message { partition: 0, offset: 0, key, value: Some(value) };
    Batch::<R>::default().push("topic", message, 0, &format, || None);
}
