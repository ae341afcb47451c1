//! Identity 6: the sealed snapshots.

use persistence::verify::snapshots;
use persistence::{PgConnection, Result};
use rust_decimal::Decimal;

use super::Findings;

/// Looks at every snapshot.
pub async fn check(connection: &mut PgConnection, findings: &mut Findings) -> Result<()> {
    let finding = &mut findings.snapshots;
    for day in snapshots::days(connection).await? {
        let snapshot = snapshots::of_day(connection, day).await?;
        finding.checked(1);
        let (Some(total), Some(count)) = (snapshot.network_total, snapshot.account_count) else {
            finding.wrong(format!("{day}: {} lines without a header", snapshot.lines));
            continue;
        };
        let whole = if snapshot.lines == 0 { Decimal::ZERO } else { Decimal::ONE };
        let mut wrong = Vec::new();
        if snapshot.sum != total {
            wrong.push(format!("the lines sum to {}, the total is {total}", snapshot.sum));
        }
        if snapshot.lines != count {
            wrong.push(format!("there are {} lines, the header says {count}", snapshot.lines));
        }
        if snapshot.ratios != whole {
            wrong.push(format!("the ratios sum to {}", snapshot.ratios));
        }
        if snapshot.wrong_lines > 0 {
            wrong.push(format!("{} lines name another total or hold nothing", snapshot.wrong_lines));
        }
        if !wrong.is_empty() {
            finding.wrong(format!("{day}: {}", wrong.join("; ")));
        }
    }
    Ok(())
}
