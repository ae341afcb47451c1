//! The rules of contribution as pure functions.
//!
//! Nothing in this crate waits, reads a clock, draws a random number or rounds without saying so. The
//! workers around it load rows, call one of these functions and store what it returns.
//!
//! # The business, in reading order
//!
//! 1. **Words and numbers.** An [`account`] is a user. [`amount`]s, [`rate`]s and prices are integers that
//!    refuse what they cannot hold exactly.
//! 2. **The plan.** A [`plan`] says how an adoption is priced ([`pricing`]), how it is cut up, what an
//!    account has to do for its share ([`unlock`]) and how long a share lives ([`dates`]).
//! 3. **What upstream says.** An [`adoption`] counts when it is eligible and no anomaly, and its turn comes
//!    when the [`walk`](mod@walk) up its referrers is complete: [`readiness`]. What a later change of it does
//!    is [`change`](mod@change)'s to say.
//! 4. **The journal.** The [`sequencer`] numbers what happens, one [`entry`] after the other, and fixes in
//!    each all that its outcome depends on. It knows each account by its [`account_state`] alone, and
//!    numbers [`moves`] of referrals in an order of their own.
//! 5. **The ledger.** [`slots`] cuts an entry up into its [`line`](mod@line)s; [`line_id`](mod@line_id) names them.
//! 6. **The network.** [`apportion`](mod@apportion) cuts one whole into the accounts' ratios, and a [`merkle`]
//!    tree of sums lets anybody check one account's line of a snapshot with nothing but the snapshot's root.
//! 7. **What if.** [`simulation`] asks all of this what an adoption or another plan would do.
//!
//! # The first adoption there ever was
//!
//! R has no referrer, and A, whom R referred, adopts one tree. R's direct count becomes 1, which unlocks
//! five levels; its bonus tiers stay locked, because R has neither adopted nor a second direct referral.
//!
//! ```
//! use domain::{AccountSequence, Plan, SequencerState, SourceAdoption, SourcePrice, write_lines};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let adoption = SourceAdoption {
//!     id: "0b3e1c9e-5f0e-4b7e-9a44-5d6f0a3c2b11".parse()?,
//!     account: AccountSequence::parse("A")?,
//!     tree_count: 1,
//!     adoption_date: "2026-11-22".parse()?,
//!     status: None,
//!     price: SourcePrice::Unpriced,
//!     created_at: None,
//!     deleted: false,
//! };
//! let upline = [AccountSequence::parse("R")?];
//! let plan = Plan::seed().check()?;
//! let today = "2026-11-22".parse()?;
//! let entry = SequencerState::default().distribute(&adoption, &upline, None, &plan, today)?;
//!
//! let mut lines = Vec::new();
//! write_lines(&entry, &plan, &mut lines)?;
//! let amounts: Vec<String> = lines.iter().map(|line| line.amount.to_string()).collect();
//! assert_eq!(amounts[0], "15831.9000000000"); // A itself: 70 % of 22617
//! assert_eq!(amounts[4], "113.0850000000"); // R, level 1: 0.5 %
//! assert_eq!(amounts[22], "3279.4650000000"); // headquarters: 14 levels and 3 tiers
//! # Ok(())
//! # }
//! ```
//!
//! # What is absent
//!
//! No floating point, no tokio, no sqlx, no clock, no randomness. Time and identifiers come in as
//! arguments, and the same arguments always give the same answer: that is what lets the whole ledger be
//! computed again from the journal.

pub mod account;
pub mod account_state;
pub mod adoption;
pub mod amount;
pub mod apportion;
pub mod change;
pub mod dates;
pub mod entry;
mod fixed;
pub mod line;
pub mod line_id;
pub mod merkle;
pub mod merkle_proof;
pub mod moves;
pub mod plan;
pub mod plan_draft;
pub mod plans;
pub mod pricing;
pub mod rate;
pub mod readiness;
#[cfg(feature = "openapi")]
pub mod schema;
pub mod sequencer;
pub mod simulation;
pub mod slots;
pub mod system;
pub mod unlock;
pub mod walk;

pub use account::{AccountSequence, AccountSequenceError};
pub use account_state::{AccountState, Referrer};
pub use adoption::{Anomaly, Eligibility, SourceAdoption, SourcePrice, anomaly};
pub use amount::{Amount, AmountError};
pub use apportion::{ApportionError, Ratio, apportion};
pub use change::{Change, change, price_taken_away};
pub use dates::{DateError, effective_date, expire_date};
pub use entry::{Ancestor, Distribution, Effect, Entry, Fact};
pub use line::{Beneficiary, Line, Reason, SourceType, UnallocatedKind};
pub use line_id::{MAX_SEQ, first_id, id_range, line_id, seq_of, slot_of};
pub use merkle::{Hash, HashError, Leaf, Node, SumTree, TreeBlock};
pub use merkle_proof::{OpenBlock, Proof, StoredTree, Unproven};
pub use moves::move_order;
pub use plan::{Plan, PlanError, PlanVersion, Rates};
pub use plan_draft::PlanDraft;
pub use plans::{Plans, PlansError};
pub use pricing::{Price, PriceError, Pricing};
pub use rate::Rate;
pub use readiness::{Ruling, Standing, Waiting, standing};
pub use sequencer::{Prior, SequenceError, SequencerState};
pub use simulation::SimulationError;
pub use simulation::adoption::{AdoptionOutcome, SimulatedAdoption, simulate_adoption};
pub use simulation::comparison::JournalComparison;
pub use simulation::journal::JournalSimulation;
pub use slots::{DistributeError, write_lines};
pub use system::{SystemAccount, UnknownSystemAccount};
pub use unlock::UnlockTable;
pub use walk::{MissingReferral, Upstream, Walk, walk};

/// The farthest level of an upline (RULES section 1).
pub const MAX_LEVEL: u8 = 15;

/// The longest upline, in accounts.
pub const MAX_UPLINE: usize = MAX_LEVEL as usize;

/// The highest bonus tier (RULES section 4).
pub const MAX_TIER: u8 = 3;
