//! What an account has to do for its share of the team's adoptions (RULES section 5).

use serde::{Deserialize, Serialize};

/// Which levels and tiers so many direct referrals that have adopted unlock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UnlockTable {
    /// Direct referrals from which the depth at the same place in `level_depths` is unlocked; rising.
    pub level_directs: Vec<i32>,
    /// Unlocked depths, 0 to 15; not falling.
    pub level_depths: Vec<i32>,
    /// Direct referrals from which one more bonus tier is unlocked, beside the one for having adopted;
    /// not falling, at most two.
    pub tier_directs: Vec<i32>,
}

impl UnlockTable {
    /// How many levels an account with so many direct referrals that have adopted shares in, 0 to 15.
    pub fn level_depth(&self, directs: u32) -> u8 {
        let reached = self.level_directs.iter().filter(|&&from| reaches(directs, from)).count();
        let depth = reached.checked_sub(1).and_then(|last| self.level_depths.get(last));
        depth.and_then(|&depth| u8::try_from(depth).ok()).unwrap_or(0)
    }

    /// How many bonus tiers an account has unlocked, 0 to 3: one for having adopted itself, one for each
    /// number of direct referrals it has reached.
    pub fn bonus_tiers(&self, has_adopted: bool, directs: u32) -> u8 {
        let reached = self.tier_directs.iter().filter(|&&from| reaches(directs, from)).count();
        u8::from(has_adopted).saturating_add(u8::try_from(reached).unwrap_or(u8::MAX))
    }
}

fn reaches(directs: u32, from: i32) -> bool {
    i64::from(directs) >= i64::from(from)
}
