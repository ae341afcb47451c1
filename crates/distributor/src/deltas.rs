//! What a chunk does to accounts and system accounts, summed: amounts are deltas and commute, so chunks may be
//! carried out in any order.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{AccountSequence, Amount, AmountError, Beneficiary, Effect, Line, Plan, SystemAccount};
use persistence::accounts::{AccountDelta, Unlock};
use persistence::system_accounts::SystemDelta;

/// The sums of one chunk, booked on one day.
#[derive(Debug)]
pub struct Deltas {
    day: NaiveDate,
    accounts: HashMap<AccountSequence, Sums>,
    system: HashMap<SystemAccount, (Amount, Amount)>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    personal: Amount,
    team_level: Amount,
    team_bonus: Amount,
    effective: Amount,
    unlock: Option<Unlock>,
}

impl Deltas {
    /// Nothing yet, booked on `day`.
    pub fn new(day: NaiveDate) -> Self {
        Self { day, accounts: HashMap::new(), system: HashMap::new() }
    }

    /// Adds a line of the ledger.
    pub fn add_line(&mut self, line: &Line<'_>) -> Result<(), AmountError> {
        let effective = if line.live_on(self.day) { line.amount } else { Amount::ZERO };
        match line.beneficiary {
            Beneficiary::Personal(account) => self.add(account, line, effective, |sums| &mut sums.personal),
            Beneficiary::TeamLevel { account, .. } => {
                self.add(account, line, effective, |sums| &mut sums.team_level)
            }
            Beneficiary::TeamBonus { account, .. } => {
                self.add(account, line, effective, |sums| &mut sums.team_bonus)
            }
            Beneficiary::System(account) => {
                let (balance, in_effect) = self.system.entry(account).or_default();
                *balance = balance.checked_add(line.amount)?;
                *in_effect = in_effect.checked_add(effective)?;
                Ok(())
            }
            Beneficiary::Unallocated { .. } => Ok(()), // slot 23 carries it on
        }
    }

    /// Notes the counts of an account after entry `seq`; entries come in the order of their numbers.
    pub fn add_effect(&mut self, seq: i64, effect: &Effect, plan_of_the_day: &Plan) {
        let has_adopted = effect.live > 0;
        let unlock = Unlock {
            seq,
            has_adopted,
            directs: i32::try_from(effect.directs).unwrap_or(i32::MAX),
            depth: i32::from(plan_of_the_day.unlock.level_depth(effect.directs)),
            tiers: i32::from(plan_of_the_day.unlock.bonus_tiers(has_adopted, effect.directs)),
        };
        self.accounts.entry(effect.account.clone()).or_default().unlock = Some(unlock);
    }

    /// The sums by account, in byte order.
    pub fn accounts(&self) -> Vec<AccountDelta> {
        let mut deltas: Vec<AccountDelta> = self
            .accounts
            .iter()
            .map(|(account, sums)| AccountDelta {
                account: account.as_str().to_owned(),
                personal: sums.personal,
                team_level: sums.team_level,
                team_bonus: sums.team_bonus,
                effective: sums.effective,
                unlock: sums.unlock,
            })
            .collect();
        deltas.sort_unstable_by(|a, b| a.account.cmp(&b.account));
        deltas
    }

    /// The sums by system account.
    pub fn system(&self) -> Vec<SystemDelta> {
        self.system
            .iter()
            .map(|(&account, &(balance, effective))| SystemDelta { account, balance, effective })
            .collect()
    }

    fn add(
        &mut self,
        account: &AccountSequence,
        line: &Line<'_>,
        effective: Amount,
        column: impl FnOnce(&mut Sums) -> &mut Amount,
    ) -> Result<(), AmountError> {
        if !self.accounts.contains_key(account) {
            self.accounts.insert(account.clone(), Sums::default());
        }
        if let Some(sums) = self.accounts.get_mut(account) {
            let column = column(sums);
            *column = column.checked_add(line.amount)?;
            sums.effective = sums.effective.checked_add(effective)?;
        }
        Ok(())
    }
}
