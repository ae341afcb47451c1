//! The report: a table for people, JSON for what compares one day with the next.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::contest::Run;

/// What came of a contest. Values in `unit`, CPU in milliseconds for each unit of work.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    name: String,
    /// Median of the product's runs.
    value: f64,
    unit: &'static str,
    /// What the floor does.
    floor: &'static str,
    /// Median of the floor's runs.
    floor_value: f64,
    /// Median of the ratios of neighbouring runs.
    ratio: f64,
    /// How many runs of each side.
    runs: usize,
    /// (greatest - least) / median of the product's runs.
    spread: f64,
    values: Vec<f64>,
    floor_values: Vec<f64>,
    cpu_ms: f64,
    floor_cpu_ms: f64,
}

impl Outcome {
    pub(crate) fn new(
        name: String,
        unit: &'static str,
        floor: &'static str,
        products: &[Run],
        floors: &[Run],
    ) -> Self {
        let values_of = |runs: &[Run]| runs.iter().map(|run| run.value).collect::<Vec<_>>();
        let (values, floor_values) = (values_of(products), values_of(floors));
        let ratios: Vec<f64> = values.iter().zip(&floor_values).map(|(value, floor)| value / floor).collect();
        let value = median(&values);
        let greatest = values.iter().copied().fold(f64::MIN, f64::max);
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        let cpu_ms = |runs: &[Run]| median(&runs.iter().map(Run::cpu_ms).collect::<Vec<_>>());
        Self {
            name,
            value,
            unit,
            floor,
            floor_value: median(&floor_values),
            ratio: median(&ratios),
            runs: values.len(),
            spread: (greatest - least) / value,
            cpu_ms: cpu_ms(products),
            floor_cpu_ms: cpu_ms(floors),
            values,
            floor_values,
        }
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

pub(crate) fn print(outcomes: &[Outcome]) {
    println!(
        "{:<44} {:>12} {:>12} {:>7} {:>7} {:>9} {:>9}  unit; floor",
        "name", "value", "floor", "ratio", "spread", "CPU ms", "floor's"
    );
    for outcome in outcomes {
        println!(
            "{:<44} {:>12.0} {:>12.0} {:>7.2} {:>6.0}% {:>9.4} {:>9.4}  {}; {}",
            outcome.name,
            outcome.value,
            outcome.floor_value,
            outcome.ratio,
            outcome.spread * 100.0,
            outcome.cpu_ms,
            outcome.floor_cpu_ms,
            outcome.unit,
            outcome.floor
        );
    }
}

pub(crate) fn write(outcomes: &[Outcome], path: &Path) -> anyhow::Result<()> {
    let place = || format!("writing {}", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(place)?;
    }
    fs::write(path, serde_json::to_string_pretty(outcomes)? + "\n").with_context(place)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    #[allow(clippy::float_cmp, reason = "no arithmetic but a mean of whole numbers")]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
