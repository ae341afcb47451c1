//! Uplines, depths and paths, worked out by walking up from each account.

use std::collections::BTreeMap;

use persistence::referral_tree::join_path;

/// Account to referrer, of all accounts with a live row.
pub type Forest = BTreeMap<String, Option<String>>;

/// What follows from the rows above an account.
#[derive(Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The nearest 15, nearest first.
    pub upline: Vec<String>,
    /// Whether it ends at a root, or has 15.
    pub complete: bool,
    /// None where no root is above.
    pub depth: Option<i32>,
    /// From the top down; None where no root is above.
    pub path: Option<String>,
}

const UPLINE: usize = 15;

/// The lineage of an account of `forest`.
pub fn lineage(forest: &Forest, account: &str) -> Lineage {
    let mut above: Vec<&str> = Vec::new();
    let mut at = account;
    // a walk longer than there are accounts goes in a circle
    let rooted = loop {
        match forest.get(at) {
            Some(None) => break true,
            Some(Some(referrer)) if above.len() <= forest.len().max(UPLINE) => {
                above.push(referrer);
                at = referrer;
            }
            _ => break false,
        }
    };
    let upline: Vec<String> = above.iter().take(UPLINE).map(|name| (*name).to_owned()).collect();
    Lineage {
        complete: upline.len() == UPLINE || (rooted && above.len() == upline.len()),
        upline,
        depth: rooted.then(|| i32::try_from(above.len()).unwrap()),
        path: rooted.then(|| join_path(above.iter().rev().copied())),
    }
}
