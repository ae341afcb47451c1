//! What would happen, computed with the functions by which it does happen: one adoption on the books as they are
//! ([`adoption`]), or another plan on everything the journal holds ([`journal`], which answers with a [`comparison`]).
//!
//! Nothing here is written anywhere. The answers are plain structs that serialise as the API shows them.

pub mod adoption;
pub mod comparison;
pub mod journal;

use thiserror::Error;

use crate::amount::AmountError;
use crate::dates::DateError;
use crate::plan::PlanVersion;
use crate::pricing::PriceError;
use crate::sequencer::SequenceError;
use crate::slots::DistributeError;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SimulationError {
    /// An entry's plan is not among those given.
    #[error("entry {seq}: there is no plan {version}")]
    NoPlan {
        /// The entry.
        seq: i64,
        /// Its plan.
        version: PlanVersion,
    },
    /// The bonus tiers that an entry fixed cannot follow from its plan.
    #[error("entry {0}: the referrer's bonus tiers do not follow from its plan")]
    Tiers(i64),
    /// The simulated plan has no price for an adoption: it could not be distributed.
    #[error("entry {seq}: no price after {network_trees} trees of the network: {error}")]
    Price {
        /// The entry.
        seq: i64,
        /// Trees of the network before the adoption.
        network_trees: i64,
        /// Why.
        error: PriceError,
    },
    /// An entry cannot be cut up.
    #[error("entry {seq}: {error}")]
    Distribute {
        /// The entry.
        seq: i64,
        /// Why.
        error: DistributeError,
    },
    /// The adoption cannot be numbered.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// A date leaves the calendar.
    #[error(transparent)]
    Date(#[from] DateError),
    /// A sum does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
}
