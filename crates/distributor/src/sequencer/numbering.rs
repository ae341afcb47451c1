//! The pure part of a pass: nothing here waits.

use std::collections::HashMap;

use domain::{
    AccountSequence, Change, Plans, Prior, Referrer, SequenceError, SequencerState, Standing, Upstream,
    line_id, move_order,
};
use persistence::adoptions::LockedAdoption;
use persistence::referrals::UpstreamTree;
use uuid::Uuid;

use super::agenda::{Due, Place};
use super::outcome::Outcome;
use super::verdict::{Grounds, Verdict};
use crate::error::DistributorError;

/// Numbers what is due.
pub(super) struct Numbering<'a> {
    pub grounds: Grounds<'a>,
    pub plans: &'a Plans,
    pub state: &'a mut SequencerState,
    pub outcome: Outcome,
}

impl Numbering<'_> {
    /// Moves come first. One that would close a cycle in the journaled tree stays for the next pass; a referral row
    /// that is gone is no move.
    pub(super) fn number_moves(
        &mut self,
        movers: &[AccountSequence],
        tree: &UpstreamTree,
    ) -> Result<(), DistributorError> {
        for account in move_order(movers.iter().cloned(), |account| tree.upstream(account)) {
            let after = match tree.upstream(&account) {
                Upstream::Missing => {
                    self.outcome.forget_move(account.as_str());
                    continue;
                }
                Upstream::Root => None,
                Upstream::Referrer(referrer) => Some(referrer),
            };
            if let Some(entry) = self.state.refer_move(&account, after.as_ref(), self.grounds.day)? {
                let trace = line_id(entry.seq, 0);
                self.outcome.append(entry, None, trace);
                self.outcome.note_moved(account.as_str());
            } else if !self.is_move_due(&account, after.as_ref()) {
                self.outcome.forget_move(account.as_str());
            }
        }
        Ok(())
    }

    fn is_move_due(&self, account: &AccountSequence, after: Option<&AccountSequence>) -> bool {
        let journaled = self.state.referrer(account);
        journaled != Referrer::Unknown && journaled.account() != after
    }

    /// Changes, then what is ready, each judged again: an entry before it may have changed where it stands.
    pub(super) fn number_adoptions(
        &mut self,
        due: &Due,
        locked: &HashMap<Uuid, LockedAdoption>,
    ) -> Result<(), DistributorError> {
        for id in &due.changed {
            match locked.get(id) {
                Some(adoption) => self.number_change(adoption)?,
                None => self.outcome.drop(*id),
            }
        }
        for place in &due.ready {
            match locked.get(&place.id) {
                Some(adoption) => self.number_ready(adoption, place)?,
                None => self.outcome.drop(place.id),
            }
        }
        Ok(())
    }

    /// A change to an adoption that has a DISTRIBUTE: what was distributed goes back, or what went back comes again.
    fn number_change(&mut self, adoption: &LockedAdoption) -> Result<(), DistributorError> {
        match (self.grounds.judge(adoption, self.state)?, self.grounds.live(adoption).cloned()) {
            (Verdict::Changed(change), Some(prior)) => self.take_back(adoption, change, &prior),
            (Verdict::Standing(Standing::Ready(upline)), None) => {
                self.distribute(adoption, &upline, self.grounds.priors.get(&adoption.source.id))
            }
            (verdict, _) => {
                self.outcome.leave(&self.grounds, adoption, verdict);
                Ok(())
            }
        }
    }

    /// A REVERSE, and a DISTRIBUTE right behind it where the new values can be distributed.
    fn take_back(
        &mut self,
        adoption: &LockedAdoption,
        change: Change,
        prior: &Prior,
    ) -> Result<(), DistributorError> {
        let entry = self.state.reverse(prior, self.grounds.day)?;
        let mut reversed = adoption.clone();
        reversed.entry_seq = Some(entry.seq);
        self.outcome.append(entry, Some(adoption), adoption.source.id);
        let standing = self.grounds.standing(adoption, self.state)?;
        match standing {
            Standing::Ready(upline) if change == Change::Replace => {
                self.distribute(&reversed, &upline, Some(prior))?;
            }
            standing => self.outcome.take_back(&self.grounds, &reversed, &standing),
        }
        self.outcome.note_reversed(adoption.source.id);
        Ok(())
    }

    fn number_ready(&mut self, adoption: &LockedAdoption, place: &Place) -> Result<(), DistributorError> {
        match self.grounds.judge(adoption, self.state)? {
            Verdict::Standing(Standing::Ready(upline)) if Place::of(adoption) == *place => {
                self.distribute(adoption, &upline, self.grounds.priors.get(&adoption.source.id))
            }
            verdict => {
                self.outcome.leave(&self.grounds, adoption, verdict);
                Ok(())
            }
        }
    }

    /// Numbers a DISTRIBUTE, unless the network as it is now makes an anomaly of it.
    fn distribute(
        &mut self,
        adoption: &LockedAdoption,
        upline: &[AccountSequence],
        prior: Option<&Prior>,
    ) -> Result<(), DistributorError> {
        let plan = self.plans.for_date(adoption.source.adoption_date);
        match self.state.distribute(&adoption.source, upline, prior, plan, self.grounds.day) {
            Ok(entry) => {
                self.outcome.distribute(entry, adoption, self.grounds.warning(adoption));
                Ok(())
            }
            Err(SequenceError::Anomaly(anomaly)) => {
                let standing = Verdict::Standing(Standing::Anomaly(anomaly));
                self.outcome.leave(&self.grounds, adoption, standing);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}
