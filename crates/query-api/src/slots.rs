//! The 24 slots of an entry as they are shown: from the journal row, or from the stored lines.

use chrono::NaiveDate;
use domain::{Amount, Beneficiary, Distribution, Entry, Line, Plans, Rate, line_id, write_lines};
use persistence::Error;
use persistence::views::explanation::StoredLine;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Slots of an entry.
const SLOTS: u8 = 24;

/// One slot: to whom, or why to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Slot {
    #[serde(rename = "slot")]
    number: u8,
    /// `PERSONAL`, `OPERATION`, …, `LEVEL_7`, `BONUS_TIER_2`, `ROUNDING`, `HEADQUARTERS`.
    share: String,
    to: To,
    account_sequence: Option<String>,
    system_account: Option<String>,
    would_be_account_sequence: Option<String>,
    /// Why nobody received it.
    reason: Option<String>,
    rate: Option<Rate>,
    amount: Amount,
    effective_date: Option<NaiveDate>,
    /// Null where it never expires.
    expire_date: Option<NaiveDate>,
    /// Its line in the ledger, once it is there.
    line_id: Option<Uuid>,
}

/// Where a slot goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum To {
    Account,
    System,
    Unallocated,
    /// There is no line: nothing was left over, or nothing unallocated.
    Nothing,
}

impl Slot {
    fn nothing(number: u8) -> Self {
        Self {
            number,
            share: share(number),
            to: To::Nothing,
            account_sequence: None,
            system_account: None,
            would_be_account_sequence: None,
            reason: None,
            rate: None,
            amount: Amount::ZERO,
            effective_date: None,
            expire_date: None,
            line_id: None,
        }
    }

    fn computed(line: &Line<'_>) -> Self {
        let bare = Self {
            rate: Some(line.rate),
            amount: line.amount,
            effective_date: Some(line.effective_date),
            expire_date: line.expire_date,
            ..Self::nothing(line.slot)
        };
        match &line.beneficiary {
            Beneficiary::Personal(account)
            | Beneficiary::TeamLevel { account, .. }
            | Beneficiary::TeamBonus { account, .. } => {
                Self { to: To::Account, account_sequence: Some(account.to_string()), ..bare }
            }
            Beneficiary::System(account) => {
                Self { to: To::System, system_account: Some(account.to_string()), ..bare }
            }
            Beneficiary::Unallocated { would_be, reason, .. } => Self {
                to: To::Unallocated,
                would_be_account_sequence: would_be.map(ToString::to_string),
                reason: Some(reason.to_string()),
                ..bare
            },
        }
    }

    fn stored(line: StoredLine) -> Result<Self, Error> {
        let number = u8::try_from(line.slot).ok().filter(|number| *number < SLOTS);
        let number =
            number.ok_or_else(|| Error::corrupt(format!("line {} is in slot {}", line.id, line.slot)))?;
        let to = match (&line.account, &line.system_account) {
            (Some(_), _) => To::Account,
            (None, Some(_)) => To::System,
            (None, None) => To::Unallocated,
        };
        Ok(Self {
            number,
            share: share(number),
            to,
            account_sequence: line.account,
            system_account: line.system_account,
            would_be_account_sequence: line.would_be,
            reason: line.reason,
            rate: line.rate,
            amount: line.amount,
            effective_date: Some(line.effective_date),
            expire_date: line.expire_date,
            line_id: Some(line.id),
        })
    }
}

/// All slots as they follow from the entry and its plan.
pub(crate) fn computed(entry: &Entry, facts: &Distribution, plans: &Plans) -> Result<Vec<Slot>, Error> {
    let plan = plans.version(facts.plan_version);
    let plan = plan.ok_or_else(|| Error::corrupt(format!("no plan {}", facts.plan_version)))?;
    let mut lines = Vec::with_capacity(usize::from(SLOTS));
    write_lines(entry, plan, &mut lines).map_err(Error::corrupt)?;
    Ok(filled(lines.iter().map(Slot::computed)))
}

/// All slots as they are stored. A rate that is not stored (of what nobody received) is that of `computed`.
pub(crate) fn stored(lines: Vec<StoredLine>, computed: &[Slot]) -> Result<Vec<Slot>, Error> {
    let slots = lines.into_iter().map(Slot::stored).collect::<Result<Vec<_>, _>>()?;
    let mut slots = filled(slots.into_iter());
    for (slot, computed) in slots.iter_mut().zip(computed) {
        if slot.to == To::Unallocated {
            slot.rate = computed.rate;
        }
    }
    Ok(slots)
}

/// Whether the stored slots are the computed ones, under the ids that their (seq, slot) makes.
pub(crate) fn agree(seq: i64, stored: &[Slot], computed: &[Slot]) -> bool {
    let expected = |slot: &Slot| {
        let id = (slot.to != To::Nothing).then(|| line_id(seq, slot.number));
        Slot { line_id: id, ..slot.clone() }
    };
    stored.len() == computed.len()
        && stored.iter().zip(computed).all(|(stored, computed)| *stored == expected(computed))
}

/// One slot for each number; those without a line carry nothing.
fn filled(slots: impl Iterator<Item = Slot>) -> Vec<Slot> {
    let mut all: Vec<Slot> = (0..SLOTS).map(Slot::nothing).collect();
    for slot in slots {
        let number = usize::from(slot.number);
        all[number] = slot;
    }
    all
}

fn share(number: u8) -> String {
    match number {
        0 => "PERSONAL".to_owned(),
        1 => "OPERATION".to_owned(),
        2 => "PROVINCE".to_owned(),
        3 => "CITY".to_owned(),
        4..=18 => format!("LEVEL_{}", number - 3),
        19..=21 => format!("BONUS_TIER_{}", number - 18),
        22 => "ROUNDING".to_owned(),
        _ => "HEADQUARTERS".to_owned(),
    }
}
