//! The order inside a pass (RULES section 3): moves, changes of numbered adoptions, first-time adoptions.

use std::collections::HashSet;

use chrono::NaiveDate;
use sqlx::types::Uuid;

use super::accounts::{Accounts, Id};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Phase {
    #[default]
    Moves,
    Changes,
    First,
}

/// Where the pass stands that is being replayed.
#[derive(Debug, Default)]
struct Pass {
    phase: Phase,
    change: Option<Change>,
    first: Option<(NaiveDate, i64, Uuid)>,
    moved: HashSet<Id>,
    moved_below: HashSet<Id>,
    last_move: Option<(Id, Option<Id>)>,
}

#[derive(Debug, Clone, Copy)]
struct Change {
    adoption: Uuid,
    reversal: bool,
}

/// The passes so far.
#[derive(Debug, Default)]
pub(crate) struct Order {
    at: Option<i64>,
    seen: HashSet<i64>,
    pass: Pass,
}

impl Order {
    /// An entry of the pass numbered at `at` follows.
    pub(crate) fn enter(&mut self, at: i64) -> Result<(), String> {
        if self.at == Some(at) {
            return Ok(());
        }
        self.at = Some(at);
        self.pass = Pass::default();
        if self.seen.insert(at) { Ok(()) } else { Err("its pass had ended before".to_owned()) }
    }

    /// A move of `account` to `after`. How many upstream ancestors moved in the same pass is known for certain where
    /// the new referrer moved too, or where two moves have the same new referrer; the rest is not judged.
    pub(crate) fn a_move(
        &mut self,
        account: Id,
        after: Option<Id>,
        accounts: &Accounts,
    ) -> Result<(), String> {
        let pass = &mut self.pass;
        pass.advance(Phase::Moves)?;
        let last = pass.last_move.replace((account, after));
        if !pass.moved.insert(account) {
            return Err("the account moves twice in a pass".to_owned());
        }
        pass.moved_below.extend(after);
        if pass.moved_below.contains(&account) {
            return Err("an account that moves below this one went first".to_owned());
        }
        match last {
            Some((before, same)) if same == after && accounts.name(before) > accounts.name(account) => {
                Err("moves below one referrer go by account".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// A REVERSE or a new DISTRIBUTE of an adoption that had a DISTRIBUTE before.
    pub(crate) fn change(&mut self, adoption: Uuid, reversal: bool) -> Result<(), String> {
        let pass = &mut self.pass;
        pass.advance(Phase::Changes)?;
        let last = pass.change.replace(Change { adoption, reversal });
        let in_order = last.is_none_or(|last| {
            last.adoption < adoption || (last.adoption == adoption && last.reversal && !reversal)
        });
        if in_order { Ok(()) } else { Err("changes go by original_adoption_id".to_owned()) }
    }

    /// The first DISTRIBUTE of an adoption, by its place in the order.
    pub(crate) fn first(&mut self, place: (NaiveDate, i64, Uuid)) -> Result<(), String> {
        let pass = &mut self.pass;
        pass.advance(Phase::First)?;
        let last = pass.first.replace(place);
        if last.is_none_or(|last| last < place) {
            Ok(())
        } else {
            Err("first-time adoptions go by adoption_date, source_created_at, original_adoption_id"
                .to_owned())
        }
    }
}

impl Pass {
    fn advance(&mut self, phase: Phase) -> Result<(), String> {
        if phase < self.phase {
            return Err(format!("{phase:?} after {:?} in one pass", self.phase));
        }
        self.phase = phase;
        Ok(())
    }
}
