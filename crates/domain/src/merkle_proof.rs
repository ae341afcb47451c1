//! That an account's line is part of a sealed snapshot, for whoever knows the snapshot's root and nothing else.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::amount::{Amount, AmountError};
use crate::apportion::Ratio;
use crate::merkle::{BLOCK_LEAVES, Hash, Leaf, Node, root};

/// A line, and the nodes beside its path to the root (`docs/snapshot-tree.md`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// Of the snapshot.
    pub snapshot_date: NaiveDate,
    /// What the proof leads to; who checks it compares it with the root that was published.
    pub merkle_root: Hash,
    /// Lines of the snapshot.
    pub account_count: u64,
    /// Σ of their amounts.
    pub network_total_contribution: Amount,
    /// The line's place among them in byte order of the account, from 0.
    pub index: u64,
    /// Whose line it is; system accounts as `SYS-…`.
    pub account_sequence: String,
    /// The account's effective contribution on that day.
    pub effective_contribution: Amount,
    /// Its share of the total.
    pub contribution_ratio: Ratio,
    /// From the leaf's neighbour up; none on levels where the node is the odd one.
    pub siblings: Vec<Node>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unproven {
    /// It is of another snapshot, or of one that somebody made up.
    #[error("it is about the root {found}")]
    AnotherRoot {
        /// The one it names.
        found: Hash,
    },
    /// The place is behind the last line.
    #[error("line {index} of {account_count} cannot be")]
    Index {
        /// The place, from 0.
        index: u64,
        /// How many lines there are said to be.
        account_count: u64,
    },
    /// Every line has an amount above zero, so every sum is.
    #[error("an amount or sum is not above zero")]
    NotPositive,
    /// Too many nodes for a tree of so many lines, or too few.
    #[error("{found} siblings do not lead from line {index} of {account_count} to the top")]
    Path {
        /// How many there are.
        found: usize,
        /// The place, from 0.
        index: u64,
        /// How many lines there are said to be.
        account_count: u64,
    },
    /// The sums lead to another total.
    #[error("the sums lead to a network total of {found}")]
    Total {
        /// Which.
        found: Amount,
    },
    /// Something was changed: an account, an amount, a ratio, a sum, a hash, a date or a place.
    #[error("the line and its siblings lead to another root, {found}")]
    Root {
        /// Which.
        found: Hash,
    },
    /// A sum that no snapshot can have.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// What is stored of a snapshot's tree.
#[derive(Debug, Clone, Copy)]
pub struct StoredTree<'a> {
    /// The snapshot's date.
    pub date: NaiveDate,
    /// Its number of lines.
    pub leaves: u64,
    /// The nodes of all its blocks.
    pub blocks: &'a [Node],
}

/// One block of a snapshot, with all that its lines' proofs need.
#[derive(Debug)]
pub struct OpenBlock<'a> {
    date: NaiveDate,
    leaves: u64,
    block: usize,
    lines: &'a [Leaf<'a>],
    within: Levels,
    among: Levels,
}

/// All nodes over some neighbours, level by level from the lowest up.
#[derive(Debug)]
struct Levels(Vec<Vec<Node>>);

impl StoredTree<'_> {
    /// Opens the block number `block`, whose lines these are.
    pub fn open<'a>(&self, block: usize, lines: &'a [Leaf<'a>]) -> Result<OpenBlock<'a>, AmountError> {
        let within = Levels::over(lines.iter().map(Leaf::node).collect())?;
        let among = Levels::over(self.blocks.to_vec())?;
        Ok(OpenBlock { date: self.date, leaves: self.leaves, block, lines, within, among })
    }
}

impl OpenBlock<'_> {
    /// The proof of the line at `place`, from 0; none where there is no such line.
    pub fn prove(&self, place: usize) -> Option<Proof> {
        let line = self.lines.get(place)?;
        let top = self.among.top()?;
        Some(Proof {
            snapshot_date: self.date,
            merkle_root: root(self.date, self.leaves, Some(top)),
            account_count: self.leaves,
            network_total_contribution: top.sum,
            index: (self.block * BLOCK_LEAVES + place) as u64,
            account_sequence: line.account.to_owned(),
            effective_contribution: line.amount,
            contribution_ratio: line.ratio,
            siblings: self.within.beside(place).chain(self.among.beside(self.block)).copied().collect(),
        })
    }
}

impl Levels {
    fn over(nodes: Vec<Node>) -> Result<Self, AmountError> {
        let mut levels = vec![nodes];
        while let Some(lower) = levels.last().filter(|lower| lower.len() > 1) {
            let upper = lower.chunks(2).map(|pair| match pair {
                [left, right] => Node::parent(left, right),
                odd => Ok(odd[0]),
            });
            let upper = upper.collect::<Result<_, _>>()?;
            levels.push(upper);
        }
        Ok(Self(levels))
    }

    fn top(&self) -> Option<&Node> {
        self.0.last()?.first()
    }

    /// The siblings on the way up from `place`.
    fn beside(&self, place: usize) -> impl Iterator<Item = &Node> {
        self.0.iter().enumerate().filter_map(move |(height, level)| level.get(place >> height ^ 1))
    }
}

impl Proof {
    /// Checks that the snapshot with this root holds the line, at this place of this date, among so many lines of this
    /// total. The root alone is trusted; every sum is computed again.
    pub fn verify(&self, expected: &Hash) -> Result<(), Unproven> {
        if self.merkle_root != *expected {
            return Err(Unproven::AnotherRoot { found: self.merkle_root });
        }
        let leaf = Leaf {
            account: &self.account_sequence,
            amount: self.effective_contribution,
            ratio: self.contribution_ratio,
        };
        let top = self.climb(leaf.node())?;
        if top.sum != self.network_total_contribution {
            return Err(Unproven::Total { found: top.sum });
        }
        let found = root(self.snapshot_date, self.account_count, Some(&top));
        if found == *expected { Ok(()) } else { Err(Unproven::Root { found }) }
    }

    /// From the leaf to the topmost node. The place and the number of lines say on which side each sibling stands, and
    /// where there is none.
    fn climb(&self, leaf: Node) -> Result<Node, Unproven> {
        let (index, account_count) = (self.index, self.account_count);
        if index >= account_count {
            return Err(Unproven::Index { index, account_count });
        }
        let wrong_path = || Unproven::Path { found: self.siblings.len(), index, account_count };
        let mut siblings = self.siblings.iter();
        let (mut node, mut place, mut last) = (positive(leaf)?, index, account_count - 1);
        while last > 0 {
            if place % 2 == 1 {
                node = Node::parent(&positive(*siblings.next().ok_or_else(wrong_path)?)?, &node)?;
            } else if place < last {
                node = Node::parent(&node, &positive(*siblings.next().ok_or_else(wrong_path)?)?)?;
            }
            (place, last) = (place / 2, last / 2);
        }
        if siblings.next().is_some() { Err(wrong_path()) } else { Ok(node) }
    }
}

fn positive(node: Node) -> Result<Node, Unproven> {
    if node.sum > Amount::ZERO { Ok(node) } else { Err(Unproven::NotPositive) }
}
