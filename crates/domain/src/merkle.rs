//! The Merkle sum tree of a daily snapshot (RULES section 7): who knows its 32 bytes of root knows the snapshot's date,
//! the number of its lines, the network total, and can check any line against them ([`Proof`](crate::Proof)).
//!
//! Leaves are the lines in byte order of the account. A node holds the hash over its two children and the sum of their
//! amounts, and that sum is part of the hash: a line that were left out, shown twice or shown smaller would be missing
//! in the total that everybody's proof ends with. On each level nodes are paired from the left, and an odd one goes up
//! unchanged. Every byte is described in `docs/snapshot-tree.md`.
//!
//! [`BLOCK_LEAVES`] leaves make a block: its node is all that is stored of the tree. Because a block is a whole subtree,
//! the path of a leaf is its path within its block, then the block's path among the blocks.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::amount::{Amount, AmountError};
use crate::apportion::Ratio;
use crate::fixed;

/// Leaves of a block; a power of two, so that a block is a subtree.
pub const BLOCK_LEAVES: usize = 1024;

/// The first byte of what is hashed says what it is, so that none can be taken for another.
const LEAF_TAG: [u8; 1] = [0];
const NODE_TAG: [u8; 1] = [1];
const ROOT_TAG: [u8; 1] = [2];

/// 32 bytes of SHA-256; as text 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

/// A text or a run of bytes that is no hash.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a hash is 32 bytes, as text 64 hexadecimal digits")]
pub struct HashError;

/// A node of the tree: a leaf's, a block's or any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    /// Over the leaf, or over both children with their sums.
    pub hash: Hash,
    /// Of the amounts of all leaves below.
    pub sum: Amount,
}

/// A line of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Whose; system accounts as `SYS-…`.
    pub account: &'a str,
    /// Its effective contribution, above zero.
    pub amount: Amount,
    /// Its share of the network total.
    pub ratio: Ratio,
}

/// A whole subtree of [`BLOCK_LEAVES`] leaves; the last one may have fewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeBlock {
    /// The account of its first leaf.
    pub first_account: String,
    /// Its top.
    pub node: Node,
}

/// A tree that grows leaf by leaf; keeps the blocks and the open edge only.
#[derive(Debug, Default)]
pub struct SumTree {
    edge: Edge,
    edge_leaves: usize,
    first_account: String,
    blocks: Vec<TreeBlock>,
    leaves: u64,
}

/// The tops of complete subtrees from left to right, each of more leaves than the next.
#[derive(Debug, Default)]
struct Edge(Vec<(u64, Node)>);

impl Hash {
    /// In the place of the topmost node's where there is no leaf.
    pub(crate) const NOTHING: Self = Self([0; 32]);

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From stored bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HashError> {
        bytes.try_into().map(Self).map_err(|_| HashError)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(HashError);
        }
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).map_err(|_| HashError)?;
        }
        Ok(Self(bytes))
    }

    /// Over the parts, one behind the other.
    fn over(parts: &[&[u8]]) -> Self {
        Self(Sha256::digest(parts.concat()).into())
    }
}

impl Leaf<'_> {
    /// The leaf as a node.
    pub fn node(&self) -> Node {
        let length = (self.account.len() as u64).to_be_bytes();
        let amount = self.amount.units().to_be_bytes();
        let ratio = self.ratio.units().to_be_bytes();
        let hash = Hash::over(&[&LEAF_TAG, &length, self.account.as_bytes(), &amount, &ratio]);
        Node { hash, sum: self.amount }
    }
}

impl Node {
    /// The parent of two neighbours. Errs where the sum does not fit.
    pub(crate) fn parent(left: &Self, right: &Self) -> Result<Self, AmountError> {
        let sum = left.sum.checked_add(right.sum)?;
        let (left_sum, right_sum) = (left.sum.units().to_be_bytes(), right.sum.units().to_be_bytes());
        let hash = Hash::over(&[&NODE_TAG, &left.hash.0, &left_sum, &right.hash.0, &right_sum]);
        Ok(Self { hash, sum })
    }
}

/// The root of the snapshot of `date`, with so many leaves below `top`.
pub(crate) fn root(date: NaiveDate, leaves: u64, top: Option<&Node>) -> Hash {
    let day = i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day());
    let total = top.map_or(Amount::ZERO, |top| top.sum);
    let hash = top.map_or(Hash::NOTHING, |top| top.hash);
    let (day, leaves, total) = (day.to_be_bytes(), leaves.to_be_bytes(), total.units().to_be_bytes());
    Hash::over(&[&ROOT_TAG, &day, &leaves, &total, hash.as_bytes()])
}

impl SumTree {
    /// Adds a leaf; they come in byte order of the account. Errs where the sum does not fit.
    pub fn push(&mut self, leaf: &Leaf<'_>) -> Result<(), AmountError> {
        if self.edge_leaves == BLOCK_LEAVES {
            self.close_block()?;
        }
        if self.edge_leaves == 0 {
            leaf.account.clone_into(&mut self.first_account);
        }
        self.edge.push(leaf.node())?;
        self.edge_leaves += 1;
        self.leaves += 1;
        Ok(())
    }

    /// The root of the snapshot of `date`, and the blocks in their order. Without a leaf there is no block, and a root
    /// all the same.
    pub fn finish(mut self, date: NaiveDate) -> Result<(Hash, Vec<TreeBlock>), AmountError> {
        self.close_block()?;
        let mut edge = Edge::default();
        for block in &self.blocks {
            edge.push(block.node)?;
        }
        Ok((root(date, self.leaves, edge.top()?.as_ref()), self.blocks))
    }

    fn close_block(&mut self) -> Result<(), AmountError> {
        if let Some(node) = std::mem::take(&mut self.edge).top()? {
            self.blocks.push(TreeBlock { first_account: std::mem::take(&mut self.first_account), node });
        }
        self.edge_leaves = 0;
        Ok(())
    }
}

impl Edge {
    fn push(&mut self, node: Node) -> Result<(), AmountError> {
        let (mut leaves, mut node) = (1, node);
        while let Some((_, left)) = self.0.pop_if(|(of_left, _)| *of_left == leaves) {
            node = Node::parent(&left, &node)?;
            leaves *= 2;
        }
        self.0.push((leaves, node));
        Ok(())
    }

    /// What is incomplete goes up until it meets its left neighbour.
    fn top(self) -> Result<Option<Node>, AmountError> {
        let mut from_the_right = self.0.into_iter().rev().map(|(_, node)| node);
        let Some(last) = from_the_right.next() else { return Ok(None) };
        from_the_right.try_fold(last, |right, left| Node::parent(&left, &right)).map(Some)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fixed::as_text!(Hash);
