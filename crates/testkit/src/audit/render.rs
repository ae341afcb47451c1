//! The row that COPY ought to write for a line.

use std::fmt::{self, Write};

use super::accounts::Accounts;
use super::clock::Clock;
use super::copy_text::{NULL, escape, push_id};
use super::lines::{Holder, Line, Share, Sheet, Source};
use super::rows::SYSTEM_ID;

/// A row of `contribution_records`.
pub(crate) fn record(
    row: &mut String,
    sheet: &Sheet<'_>,
    line: &Line,
    accounts: &Accounts,
    clock: &Clock,
) -> fmt::Result {
    let Holder::Account { account, source } = line.holder else { return Ok(()) };
    let adopted = sheet.adopted;
    let source_type = match source {
        Source::Personal => "PERSONAL",
        Source::TeamLevel => "TEAM_LEVEL",
        Source::TeamBonus => "TEAM_BONUS",
    };
    line_id(row, sheet, line)?;
    escape(row, accounts.name(account));
    push(row, &["\t", source_type, "\t", &sheet.texts.adoption, "\t"]);
    escape(row, accounts.name(adopted.account));
    write!(row, "\t{}", adopted.trees)?;
    push(row, &["\t", &sheet.texts.price, "\t", rate_text(sheet, line)]);
    step(row, source == Source::TeamLevel, line.step)?;
    step(row, source == Source::TeamBonus, line.step)?;
    amount(row, sheet, line);
    dates(row, sheet, line);
    expired(row, sheet, line, clock);
    seq_and_slot(row, sheet, line)
}

/// A row of `system_contribution_records`.
pub(crate) fn system_record(
    row: &mut String,
    sheet: &Sheet<'_>,
    line: &Line,
    accounts: &Accounts,
    clock: &Clock,
) -> fmt::Result {
    let Holder::System(place) = line.holder else { return Ok(()) };
    line_id(row, sheet, line)?;
    write!(row, "{SYSTEM_ID}{}", place + 1)?;
    push(row, &["\t", &sheet.texts.adoption, "\t"]);
    escape(row, accounts.name(sheet.adopted.account));
    push(row, &["\t", rate_text(sheet, line)]);
    amount(row, sheet, line);
    dates(row, sheet, line);
    expired(row, sheet, line, clock);
    seq_and_slot(row, sheet, line)
}

/// A row of `unallocated_contributions`.
pub(crate) fn unallocated(
    row: &mut String,
    sheet: &Sheet<'_>,
    line: &Line,
    accounts: &Accounts,
) -> fmt::Result {
    let Holder::Unallocated { would_be, missed } = line.holder else { return Ok(()) };
    line_id(row, sheet, line)?;
    push(row, &[&sheet.texts.adoption, "\t"]);
    escape(row, accounts.name(sheet.adopted.account));
    match line.share {
        Share::Level => row.push_str("\tLEVEL_OVERFLOW\t"),
        Share::Bonus => write!(row, "\tBONUS_TIER_{}\t", line.step)?,
        _ => row.push_str("\tROUNDING\t"),
    }
    match would_be {
        Some(account) => escape(row, accounts.name(account)),
        None => row.push_str(NULL),
    }
    step(row, line.share == Share::Level, line.step)?;
    amount(row, sheet, line);
    row.push('\t');
    missed.write_reason(row, line.step)?;
    row.push_str(if sheet.passed_on().unwrap_or(true) { "\tt" } else { "\tf" });
    dates(row, sheet, line);
    seq_and_slot(row, sheet, line)
}

fn push(row: &mut String, texts: &[&str]) {
    for text in texts {
        row.push_str(text);
    }
}

fn line_id(row: &mut String, sheet: &Sheet<'_>, line: &Line) -> fmt::Result {
    push_id(row, &sheet.texts.id, line.slot)?;
    row.push('\t');
    Ok(())
}

fn rate_text<'s>(sheet: &'s Sheet<'_>, line: &Line) -> &'s str {
    line.share.rate(sheet.plan).map_or(&sheet.headquarters_rate.text, |rate| &rate.text)
}

fn step(row: &mut String, applies: bool, step: u8) -> fmt::Result {
    if applies {
        write!(row, "\t{step}")
    } else {
        row.push_str("\t\\N");
        Ok(())
    }
}

fn amount(row: &mut String, sheet: &Sheet<'_>, line: &Line) {
    push(row, &["\t", &sheet.amount_texts[line.share as usize]]);
}

fn dates(row: &mut String, sheet: &Sheet<'_>, line: &Line) {
    let texts = &sheet.texts;
    if sheet.dates(line).1.is_some() {
        push(row, &["\t", &texts.effective, "\t", &texts.expire]);
    } else {
        push(row, &["\t", &texts.effective_for_ever, "\t", NULL]);
    }
}

fn expired(row: &mut String, sheet: &Sheet<'_>, line: &Line, clock: &Clock) {
    let expired = clock.expired(sheet.booked, sheet.dates(line).1).unwrap_or(false);
    row.push_str(if expired { "\tt" } else { "\tf" });
}

fn seq_and_slot(row: &mut String, sheet: &Sheet<'_>, line: &Line) -> fmt::Result {
    writeln!(row, "\t{}\t{}", sheet.texts.seq, line.slot)
}
