//! Kill tests: the real programs on real servers, killed in the middle of their work and started again.
//!
//! A pipeline of its own takes a history from an upstream's first snapshot to the topic of events, and then changes that
//! come live, while one of its workers is killed again and again. Afterwards the books must be those of a run in which
//! nothing was killed, line for line, and nothing may be missing on the topic.
//!
//! | module | |
//! |---|---|
//! | [`pipeline`], [`processes`] | the whole service as processes, with an upstream and topics of its own |
//! | [`run`] | what all have in common: the history, the live load, the checks at the end |
//! | [`books`] | journal and ledger, and in what two of them differ |
//! | [`topic`] | what was published, against the accounts |
//! | [`ingestor`], [`distributor`], [`relay`], [`scheduler`] | one worker is killed |
//! | [`in_turn`] | all are, in a random order; `SEEDS=n` for more orders |

mod books;
mod distributor;
mod in_turn;
mod ingestor;
mod pipeline;
mod processes;
mod relay;
mod run;
mod scheduler;
mod topic;
