//! What is to be done about one adoption, from its locked row, the journal and the referral rows of the pass.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{
    AccountSequence, Anomaly, Change, MAX_UPLINE, Prior, SequencerState, Standing, Upstream, Waiting, change,
    dates, price_taken_away, standing, walk,
};
use persistence::adoptions::{LockedAdoption, Mark};
use persistence::backlog::{Item, State};
use persistence::referrals::UpstreamTree;
use uuid::Uuid;

use super::Rules;
use crate::error::DistributorError;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is distributed as it stands upstream.
    Settled,
    /// It is distributed, but otherwise than it stands upstream now.
    Changed(Change),
    /// It is not distributed, and stands so.
    Standing(Standing),
}

/// What all judgements of one transaction go by.
#[derive(Debug)]
pub(super) struct Grounds<'a> {
    pub rules: &'a Rules,
    pub tree: &'a UpstreamTree,
    pub priors: &'a HashMap<Uuid, Prior>,
    pub day: NaiveDate,
}

impl Grounds<'_> {
    /// The entry by which the adoption is distributed now, if it is.
    pub(super) fn live<'s>(&'s self, adoption: &LockedAdoption) -> Option<&'s Prior> {
        self.priors.get(&adoption.source.id).filter(|prior| adoption.entry_seq == Some(prior.seq))
    }

    /// What is to be done about `adoption`, as the journal stands.
    pub(super) fn judge(
        &self,
        adoption: &LockedAdoption,
        state: &SequencerState,
    ) -> Result<Verdict, DistributorError> {
        if let Some(prior) = self.live(adoption) {
            return Ok(match change(&prior.latest, &adoption.source, &self.rules.ruling.eligibility) {
                Change::None => Verdict::Settled,
                changed => Verdict::Changed(changed),
            });
        }
        Ok(Verdict::Standing(self.standing(adoption, state)?))
    }

    /// Where `adoption` stands as one that is not distributed.
    pub(super) fn standing(
        &self,
        adoption: &LockedAdoption,
        state: &SequencerState,
    ) -> Result<Standing, DistributorError> {
        let latest_date = dates::latest_ready_date(self.day, self.rules.ruling.max_future_days)?;
        let walk = |account: &_| {
            walk(
                account,
                |account| self.tree.upstream(account),
                |account| state.referrer(account),
                self.rules.ruling.missing_referral,
            )
        };
        Ok(standing(&adoption.source, &self.rules.ruling.eligibility, latest_date, walk))
    }

    /// The accounts whose referral rows a walk from `adopter` looks at.
    fn passed(&self, adopter: &AccountSequence) -> Vec<String> {
        let mut passed = vec![adopter.clone()];
        while passed.len() < MAX_UPLINE
            && let Some(Upstream::Referrer(referrer)) = passed.last().map(|last| self.tree.upstream(last))
            && !passed.contains(&referrer)
        {
            passed.push(referrer);
        }
        passed.iter().map(|account| account.as_str().to_owned()).collect()
    }

    /// What to look into although it blocks nothing.
    pub(super) fn warning(&self, adoption: &LockedAdoption) -> Option<String> {
        let prior = self.priors.get(&adoption.source.id)?;
        price_taken_away(&prior.latest, &adoption.source)
            .then(|| format!("PRICE_TAKEN_AWAY: {} stands", prior.latest.price.amount()))
    }
}

/// How a standing is shown: state, reason, whom it waits for, and whether it depends on the accounts that its walk passed.
struct Shown {
    state: State,
    reason: Option<String>,
    waiting_for: Option<String>,
    on_the_walk: bool,
}

fn shown(adoption: &LockedAdoption, standing: &Standing) -> Shown {
    let plain = |state, reason| Shown { state, reason, waiting_for: None, on_the_walk: false };
    match standing {
        Standing::Ready(_) => plain(State::Ready, None),
        Standing::Ineligible if adoption.source.deleted => {
            plain(State::Ineligible, Some("DELETED".to_owned()))
        }
        Standing::Ineligible => {
            let status = adoption.source.status.as_deref().unwrap_or_default();
            plain(State::Ineligible, Some(format!("STATUS: {status}")))
        }
        Standing::Anomaly(anomaly) => Shown {
            on_the_walk: matches!(anomaly, Anomaly::Cycle(_)),
            ..plain(State::Anomaly, Some(anomaly.to_string()))
        },
        Standing::Waiting(waiting) => Shown {
            waiting_for: match waiting {
                Waiting::MissingReferral(account) | Waiting::Move(account) => {
                    Some(account.as_str().to_owned())
                }
                Waiting::Date(_) => None,
            },
            on_the_walk: !matches!(waiting, Waiting::Date(_)),
            ..plain(State::Waiting, Some(waiting.to_string()))
        },
    }
}

/// The backlog's item of an adoption that is not distributed.
pub(super) fn item(grounds: &Grounds<'_>, adoption: &LockedAdoption, standing: &Standing) -> Item {
    let shown = shown(adoption, standing);
    // one that has a DISTRIBUTE is numbered with the changes, before those that have none (RULES section 3)
    let state = match shown.state {
        State::Ready if adoption.entry_seq.is_some() => State::Changed,
        state => state,
    };
    Item {
        id: adoption.source.id,
        state,
        account: adoption.source.account.as_str().to_owned(),
        adoption_date: adoption.source.adoption_date,
        created_at: adoption.source.created_at,
        waiting_for: shown.waiting_for,
        passed: if shown.on_the_walk { grounds.passed(&adoption.source.account) } else { Vec::new() },
        reason: shown.reason,
    }
}

/// The backlog's item of an adoption that changed after it was distributed.
pub(super) fn changed_item(adoption: &LockedAdoption) -> Item {
    Item {
        id: adoption.source.id,
        state: State::Changed,
        account: adoption.source.account.as_str().to_owned(),
        adoption_date: adoption.source.adoption_date,
        created_at: adoption.source.created_at,
        waiting_for: None,
        passed: Vec::new(),
        reason: None,
    }
}

/// The mark of an adoption that is not distributed. One that was reversed and is not coming back shows that.
pub(super) fn mark(adoption: &LockedAdoption, standing: &Standing, warning: Option<String>) -> Mark {
    let shown = shown(adoption, standing);
    let state = match shown.state {
        State::Anomaly | State::Ineligible if adoption.entry_seq.is_some() => "reversed",
        other => other.as_str(),
    };
    Mark {
        id: adoption.source.id,
        state,
        reason: shown.reason,
        warning,
        entry_seq: adoption.entry_seq,
        reversed: false,
    }
}

/// The mark of an adoption that stays as it is but for its warning.
pub(super) fn mark_warning(adoption: &LockedAdoption, warning: Option<String>) -> Mark {
    let state = if adoption.state == "distributed" { "distributed" } else { "sequenced" };
    Mark {
        id: adoption.source.id,
        state,
        reason: adoption.reason.clone(),
        warning,
        entry_seq: adoption.entry_seq,
        reversed: false,
    }
}

/// Whether the row shows already what the mark says.
pub(super) fn is_shown(adoption: &LockedAdoption, mark: &Mark) -> bool {
    adoption.state == mark.state
        && adoption.reason == mark.reason
        && adoption.warning == mark.warning
        && adoption.entry_seq == mark.entry_seq
        && !mark.reversed
}

/// The trace that an entry belongs to: an adoption is one trace, a move one of its own.
pub(super) fn traceparent(trace: Uuid, seq: i64) -> String {
    format!("00-{}-{seq:016x}-01", trace.simple())
}
