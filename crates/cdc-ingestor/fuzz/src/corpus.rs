//! Makes the corpus to begin with: every captured message that has a value, as `fuzz_targets/message.rs` takes it.

use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    key: Option<String>,
    value: Option<String>,
}

fn main() -> io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = fuzz.join("corpus/message");
    fs::create_dir_all(&corpus)?;
    for name in ["a", "b", "d"] {
        let captured = fs::read_to_string(fuzz.join(format!("../tests/captures/{name}.jsonl")))?;
        for (number, line) in captured.lines().enumerate() {
            let Line { key, value: Some(value) } = serde_json::from_str(line)? else { continue };
            let message = format!("{}\n{value}", key.unwrap_or_default());
            fs::write(corpus.join(format!("{name}-{}", number + 1)), message)?;
        }
    }
    Ok(())
}
