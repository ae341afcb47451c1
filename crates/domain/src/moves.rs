//! In which order the moves of one pass are numbered (RULES section 3, "Moves").

use std::collections::{HashMap, HashSet};

use crate::account::AccountSequence;
use crate::walk::Upstream;

/// The accounts that move, ordered by how many of their upstream ancestors move in the same pass, fewest
/// first, then by `account_sequence`.
///
/// Ancestors at any distance count, each once; a missing referral row ends the line. Each account above a
/// mover is looked up once.
pub fn move_order(
    movers: impl IntoIterator<Item = AccountSequence>,
    upstream: impl Fn(&AccountSequence) -> Upstream,
) -> Vec<AccountSequence> {
    let movers: HashSet<AccountSequence> = movers.into_iter().collect();
    let mut moving_above = MovingAbove { movers: &movers, upstream, counts: HashMap::new() };
    let mut ordered: Vec<_> =
        movers.iter().map(|account| (moving_above.count(account), account.clone())).collect();
    ordered.sort_unstable();
    ordered.into_iter().map(|(_, account)| account).collect()
}

/// How many movers stand above an account, remembered for every account that was passed.
struct MovingAbove<'m, U> {
    movers: &'m HashSet<AccountSequence>,
    upstream: U,
    counts: HashMap<AccountSequence, usize>,
}

impl<U: Fn(&AccountSequence) -> Upstream> MovingAbove<'_, U> {
    fn count(&mut self, account: &AccountSequence) -> usize {
        let (mut path, top) = self.climb(account);
        let mut above = match top {
            Top::Root => 0,
            Top::Counted(account) => self.at_or_above(&account),
            Top::Cycle(start) => self.count_cycle(path.split_off(start)),
        };
        for account in path.into_iter().rev() {
            let at_or_above = above + self.moves(&account);
            self.counts.insert(account, above);
            above = at_or_above;
        }
        self.counts.get(account).copied().unwrap_or(0)
    }

    /// The accounts from `account` upward that have not been counted yet, and what ends the line.
    fn climb(&self, account: &AccountSequence) -> (Vec<AccountSequence>, Top) {
        let mut path = Vec::new();
        let mut places = HashMap::new();
        let mut next = account.clone();
        loop {
            if self.counts.contains_key(&next) {
                return (path, Top::Counted(next));
            }
            if let Some(&start) = places.get(&next) {
                return (path, Top::Cycle(start));
            }
            places.insert(next.clone(), path.len());
            let referrer = (self.upstream)(&next);
            path.push(next);
            match referrer {
                Upstream::Referrer(referrer) => next = referrer,
                Upstream::Root | Upstream::Missing => return (path, Top::Root),
            }
        }
    }

    /// Counts the accounts of a cycle, each of which has all others above it. Returns what that is for an
    /// account just below the cycle.
    fn count_cycle(&mut self, cycle: Vec<AccountSequence>) -> usize {
        let moving = cycle.iter().map(|account| self.moves(account)).sum();
        for account in cycle {
            let others = moving - self.moves(&account);
            self.counts.insert(account, others);
        }
        moving
    }

    fn at_or_above(&self, account: &AccountSequence) -> usize {
        self.counts.get(account).copied().unwrap_or(0) + self.moves(account)
    }

    fn moves(&self, account: &AccountSequence) -> usize {
        usize::from(self.movers.contains(account))
    }
}

/// What ends a climb.
enum Top {
    /// An account without a referrer.
    Root,
    /// An account that was counted before; a whole cycle, if it is in one.
    Counted(AccountSequence),
    /// The account at this place of the path, met again.
    Cycle(usize),
}
